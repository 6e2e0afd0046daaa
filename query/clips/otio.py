"""Writes clips as an OpenTimelineIO timeline, for editing programs that read it, with the library itself.

Ranges count frames at the video's own rate, from its recorder's timecode on where it has one; else the first is 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, TimeRange

from framescout.media.footage import Footage
from query.clips.clip import Clip
from query.clips.cut import Cut
from query.clips.edl import reel_names
from query.clips.names import readable


def as_otio(clips: Iterable[tuple[Cut, Clip]], *, title: str) -> str:
    """The text of the timeline: one track of pictures, and one of sound where any clip has it."""
    return str(otio.adapters.write_to_string(timeline(clips, title=title), "otio_json")) + "\n"


def timeline(clips: Iterable[tuple[Cut, Clip]], *, title: str) -> Any:
    """The same as an opentimelineio Timeline."""
    pairs = list(clips)
    reels = reel_names(clip.moment.video for _, clip in pairs)
    built = otio.schema.Timeline(readable(title))
    pictures = otio.schema.Track("Video", kind=otio.schema.TrackKind.Video)
    pictures.extend(_clip(cut.footage, clip, reels) for cut, clip in pairs)
    built.tracks.append(pictures)
    if any(cut.footage.audio_indexes for cut, _ in pairs):
        sounds = otio.schema.Track("Audio", kind=otio.schema.TrackKind.Audio)
        sounds.extend(_sound(cut.footage, clip, reels) for cut, clip in pairs)
        built.tracks.append(sounds)
    return built


def _clip(facts: Footage, clip: Clip, reels: dict[str, str]) -> Any:
    """The stretch of the original video; what the search said of it goes along as metadata."""
    name = readable(Path(clip.moment.video).name)
    whole = _range(facts, facts.first_time, facts.duration or clip.end)
    media = otio.schema.ExternalReference(_url(clip.moment.video), whole)
    media.name = name
    known = {"clip": clip.file, "score": clip.moment.score, "confidence": clip.moment.confidence}
    return otio.schema.Clip(
        name,
        media,
        _range(facts, clip.start, clip.end),
        metadata={"framescout": known, "cmx_3600": {"reel": reels[clip.moment.video]}},
    )


def _sound(facts: Footage, clip: Clip, reels: dict[str, str]) -> Any:
    if facts.audio_indexes:
        return _clip(facts, clip, reels)
    return otio.schema.Gap(duration=_range(facts, clip.start, clip.end).duration)


def _range(facts: Footage, start: float, end: float) -> Any:
    counted = facts.count.rate
    rate = facts.rate if counted / facts.rate > Fraction(3, 2) else counted  # a camera's 15 is counted at 30
    first = round(facts.frame_at(start) / counted * rate)
    length = max(1, round((facts.place(end) - facts.place(start)) / counted * rate))
    return TimeRange(RationalTime(first, float(rate)), RationalTime(length, float(rate)))


def _url(path: str) -> str:
    try:
        return Path(path).as_uri()
    except UnicodeEncodeError:
        return readable(path)
