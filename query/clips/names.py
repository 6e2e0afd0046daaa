"""Makes a file name from a video's path and a time; every usual file system takes it.

A name is one plain path component of at most 150 bytes, valid on Linux, macOS and Windows. Two names of one export
differ even where the file system ignores case and accents.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from pathlib import PurePath

from framescout.timeline import format_clock

MANIFEST_JSON = "manifest.json"
MANIFEST_CSV = "manifest.csv"
REEL = "reel.mp4"
EDL = "timeline.edl"
OTIO = "timeline.otio"
MLT = "timeline.mlt"
SHEET = "sheet.jpg"
RESERVED = (MANIFEST_JSON, MANIFEST_CSV, REEL, EDL, OTIO, MLT, SHEET)

_STEM_BYTES = 110
_NO_LETTER = re.compile("[\ud800-\udfff]")
_REFUSED = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"/\\|?*\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]')
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])", re.IGNORECASE)


def plain(text: str, *, at_most: int = _STEM_BYTES) -> str:
    """Text made fit for the start of a file name; 'clip' where nothing of it is left."""
    name = _REFUSED.sub("_", unicodedata.normalize("NFC", readable(text)))
    name = name.encode()[:at_most].decode("utf-8", "ignore")
    name = name.lstrip(" .-~").rstrip(" .")  # hidden files, options, and what Windows drops
    if _DEVICES.fullmatch(name.split(".")[0].strip()):
        name = f"_{name}"
    return name or "clip"


def readable(text: str) -> str:
    """A path's text with a sign in place of the bytes that are no UTF-8."""
    return _NO_LETTER.sub("\ufffd", text)


def clip_name(video: str, start: float, ending: str, taken: set[str]) -> str:
    """The name of a clip of `video` that begins at `start` seconds, like 'cam01_0-01-15.500.mp4'.

    `taken` holds what `key` gives for the names that are gone; the new one is added.
    """
    stem = f"{plain(PurePath(video).stem)}_{format_clock(start, decimals=3).replace(':', '-')}"
    name, number = stem + ending, 1
    while key(name) in taken:
        number += 1
        name = f"{stem}_{number}{ending}"
    taken.add(key(name))
    return name


def named_by_time(video: str, at: float, recorded: datetime | None, ending: str) -> str:
    """The name of what is shown at `at` seconds: by when that was recorded, or where that isn't known by its place."""
    if recorded is None:
        return clip_name(video, at, ending, set())
    shown = recorded + timedelta(seconds=at)
    return f"{plain(PurePath(video).stem)}_{shown:%Y-%m-%d_%H-%M-%S}.{shown.microsecond // 1000:03d}{ending}"


def still_name(clip: str) -> str:
    """The name of the picture that goes with a clip."""
    return f"{clip}.png"


def key(name: str) -> str:
    """What two names share that a file system may take for the same."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
