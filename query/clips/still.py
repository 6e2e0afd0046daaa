"""Writes a picture of a moment as PNG, with the facts of where it comes from in its text chunks."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

from PIL.PngImagePlugin import PngInfo

from framescout.media.footage import Footage
from framescout.media.frames import picture_at
from query.answer import Moment
from query.clips.captions import recorded
from query.clips.clip import Clip


def write_still(clip: Clip, target: Path) -> None:
    """The picture at the peak of the clip's moment, upright and unscaled.

    Raises:
        MediaError: no picture can be decoded there.
    """
    moment = clip.moment
    said = origin_of(moment, moment.peak, clip.footage) | {"Source SHA-256": clip.source_sha256}
    target.write_bytes(still(moment.video, moment.peak, said))


def origin_of(moment: Moment, at: float, facts: Footage | None) -> dict[str, str]:
    """Where the picture that is shown at `at` seconds comes from, by the names of its text chunks."""
    said = {
        "Source": moment.video,
        "Seconds": f"{at:.6f}",
        "Camera": moment.camera or "",
        "Recorded": recorded(moment, at),
    }
    if facts:
        said["Stream"] = str(facts.video_index)
        said["Frame"] = str(facts.count.frames(at))
        said["Timecode"] = facts.timecode_at(at) if facts.timecode else ""
    return said


def still(path: str, at: float, said: Mapping[str, str]) -> bytes:
    """A PNG of the whole picture that is shown at `at` seconds, with what is `said` of it.

    Raises:
        MediaError: no picture can be decoded there.
    """
    chunks, out = PngInfo(), io.BytesIO()
    for name, text in said.items():
        if text:
            chunks.add_itxt(name, text.encode("utf-8", "replace").decode())
    picture_at(path, at).save(out, "PNG", pnginfo=chunks)
    return out.getvalue()
