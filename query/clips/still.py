"""Writes the picture at a moment's peak as PNG, with the facts of where it comes from in its text chunks."""

from __future__ import annotations

from pathlib import Path

from PIL.PngImagePlugin import PngInfo

from framescout.media.frames import picture_at
from query.clips.captions import recorded
from query.clips.clip import Clip


def write_still(clip: Clip, target: Path) -> None:
    """The picture of the clip's moment, upright and unscaled.

    Raises:
        MediaError: no picture can be decoded there.
    """
    moment, facts = clip.moment, clip.footage
    said = {
        "Source": moment.video,
        "Source SHA-256": clip.source_sha256,
        "Seconds": f"{moment.peak:.6f}",
        "Camera": moment.camera or "",
        "Recorded": recorded(moment, moment.peak),
    }
    if facts:
        said["Stream"] = str(facts.video_index)
        said["Frame"] = str(facts.count.frames(moment.peak))
        said["Timecode"] = facts.timecode_at(moment.peak) if facts.timecode else ""
    chunks = PngInfo()
    for name, text in said.items():
        if text:
            chunks.add_itxt(name, text.encode("utf-8", "replace").decode())
    picture_at(moment.video, moment.peak).save(target, "PNG", pnginfo=chunks)
