"""Writes clips as an edit decision list (CMX 3600), for editing programs that conform the original videos.

Source timecode is the recorder's, or counts from 00:00:00:00 where the video has none; the record side counts from
01:00:00:00. One list has one rate, that of the first clip's video; at 29.97 and 59.94 the record side drops.
OpenTimelineIO's own writer of this format (otio-cmx3600-adapter 1.0) writes no FCM line, begins the record side at 0
and cuts reel names so that two videos share one; it reads what is written here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from fractions import Fraction
from pathlib import PurePath

from framescout.media.footage import Footage
from framescout.timecode import Timecode
from query.clips.clip import Clip
from query.clips.cut import Cut
from query.clips.names import readable

_REEL_LETTERS = 8


def as_edl(clips: Iterable[tuple[Cut, Clip]], *, title: str) -> str:
    """The text of the list, an event a clip in the order given."""
    pairs = list(clips)
    record = Timecode.at(pairs[0][0].footage.rate if pairs else Fraction(25))
    reels = reel_names(clip.moment.video for _, clip in pairs)
    lines = [f"TITLE: {_line(title) or 'framescout'}", _mode(record.is_drop)]
    at, is_drop = record.hour(1), record.is_drop
    for number, (cut, clip) in enumerate(pairs, 1):
        facts = cut.footage
        source = _source_count(facts, record)
        start, length = _source(facts, clip, source)
        times = [source.text(start), source.text(start + length), record.text(at), record.text(at + length)]
        lines.append("")
        if source.is_drop != is_drop:
            is_drop = source.is_drop
            lines.append(_mode(is_drop))
        channels = "B" if facts.audio_indexes else "V"
        lines.append(f"{number:03d}  {reels[clip.moment.video]:<8} {channels:<5} C        {' '.join(times)}")
        lines.append(f"* FROM CLIP NAME: {_line(PurePath(clip.moment.video).name)}")
        lines.append(f"* SOURCE FILE: {_line(clip.moment.video)}")
        if facts.count.rate != record.rate:
            lines.append(f"* SOURCE RATE: {float(facts.rate):.6g}, COUNTED HERE AT {float(record.rate):.6g}")
        at += length
    return "\r\n".join(lines) + "\r\n"


def mixed_rates(footage: Iterable[Footage]) -> str | None:
    """A sentence where videos of several rates stand in one list; None where they don't."""
    rates = list(dict.fromkeys(f"{float(facts.count.rate):.6g}" for facts in footage))
    if len(rates) < 2:
        return None
    return f"the list counts {rates[0]} frames a second; videos of {', '.join(rates[1:])} are counted so too"


def _source_count(facts: Footage, record: Timecode) -> Timecode:
    """How the source side of an event is counted: as the video is, if its rate is the list's."""
    return facts.count if facts.timecode and facts.count.rate == record.rate else record


def _source(facts: Footage, clip: Clip, count: Timecode) -> tuple[int, int]:
    """The first frame and how many, in the count of the list."""
    first, last = (count.frames(max(0.0, seconds - facts.first_time)) for seconds in (clip.start, clip.end))
    zero = 0
    if facts.timecode:
        began = Fraction(facts.frame_at(clip.start)) / facts.count.rate
        zero = round(began * count.rate) - first
    return zero + first, max(1, last - first)


def _mode(is_drop: bool) -> str:
    return f"FCM: {'DROP FRAME' if is_drop else 'NON-DROP FRAME'}"


def reel_names(videos: Iterable[str]) -> dict[str, str]:
    """A reel name for each video: eight capital letters and digits, all different."""
    reels: dict[str, str] = {}
    taken = {"BL", "AX"}  # black and auxiliary source
    for video in dict.fromkeys(videos):
        plain = unicodedata.normalize("NFKD", PurePath(video).stem).encode("ascii", "ignore").decode()
        base = re.sub("[^A-Z0-9]", "", plain.upper()) or "REEL"
        name, number = base[:_REEL_LETTERS], 1
        while name in taken:
            number += 1
            name = base[: _REEL_LETTERS - len(str(number))] + str(number)
        taken.add(name)
        reels[video] = name
    return reels


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in readable(text)).split())
