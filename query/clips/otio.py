"""Writes clips as an OpenTimelineIO timeline, for editing programs that read it.

The JSON is written as the OpenTimelineIO file format describes it (Timeline.1, Clip.2), so that the library itself
is not needed. Each source range counts frames at its own video's rate.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from query.clips.clip import Clip
from query.clips.cut import Cut
from query.clips.names import readable


def as_otio(clips: Iterable[tuple[Cut, Clip]], *, title: str) -> str:
    """The text of the timeline: one track of pictures, and one of sound where any clip has it."""
    pairs = list(clips)
    tracks = [_track("Video", [_clip(cut, clip) for cut, clip in pairs])]
    if any(cut.footage.audio_index is not None for cut, _ in pairs):
        tracks.append(_track("Audio", [_sound(cut, clip) for cut, clip in pairs]))
    stack = _item("Stack.1", "tracks") | {"children": tracks}
    timeline: dict[str, Any] = {
        "OTIO_SCHEMA": "Timeline.1",
        "metadata": {},
        "name": title,
        "global_start_time": None,
        "tracks": stack,
    }
    return json.dumps(timeline, indent=2) + "\n"


def _item(schema: str, name: str) -> dict[str, Any]:
    common: dict[str, Any] = {"source_range": None, "effects": [], "markers": [], "enabled": True}
    return {"OTIO_SCHEMA": schema, "metadata": {}, "name": name, **common}


def _track(kind: str, children: list[dict[str, Any]]) -> dict[str, Any]:
    return _item("Track.1", kind) | {"kind": kind, "children": children}


def _clip(cut: Cut, clip: Clip) -> dict[str, Any]:
    """The stretch of the original video; what the search said of it goes along as metadata."""
    rate = cut.footage.rate
    media = {
        "OTIO_SCHEMA": "ExternalReference.1",
        "metadata": {},
        "name": "",
        "target_url": _url(clip.moment.video),
        "available_range": _range(0.0, cut.footage.duration or clip.end, rate),
        "available_image_bounds": None,
    }
    known = {"clip": clip.file, "score": clip.moment.score, "confidence": clip.moment.confidence}
    return _item("Clip.2", readable(Path(clip.moment.video).name)) | {
        "metadata": {"framescout": known},
        "source_range": _range(clip.start, clip.end, rate),
        "media_references": {"DEFAULT_MEDIA": media},
        "active_media_reference_key": "DEFAULT_MEDIA",
    }


def _sound(cut: Cut, clip: Clip) -> dict[str, Any]:
    if cut.footage.audio_index is not None:
        return _clip(cut, clip)
    return _item("Gap.1", "") | {"source_range": _range(0.0, clip.end - clip.start, cut.footage.rate)}


def _range(start: float, end: float, rate: Fraction) -> dict[str, Any]:
    first = round(start * rate)
    length = max(1, round(end * rate) - first)
    return {
        "OTIO_SCHEMA": "TimeRange.1",
        "start_time": _time(first, rate),
        "duration": _time(length, rate),
    }


def _time(frames: int, rate: Fraction) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "rate": float(rate), "value": float(frames)}


def _url(path: str) -> str:
    try:
        return Path(path).as_uri()
    except UnicodeEncodeError:
        return readable(path)
