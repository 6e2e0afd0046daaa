"""Detects events in a catalog: one pass over the stored embeddings; nothing is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path

import numpy as np

from framescout.catalog import Space
from framescout.catalog.records import Alert, KeyframeTimes, VideoFacts
from query.engine import Engine
from query.events.definition import Event
from query.events.evidence import CameraKeyframes, Directions, clock_of, context_shares, shift, smooth
from query.events.threshold import Tail

DEFAULT_RATE = 0.1
"""False alarms an hour and camera, where an event asks for neither a rate nor a threshold."""

_APART = 1e6  # seconds between videos of which nobody knows when they were recorded
_NAMED = 0.3  # share of a context that is worth telling


@dataclass(frozen=True, slots=True)
class Watched:
    """One camera's scores for one event, in the order of time."""

    camera: str
    lengths: np.ndarray
    """(N,) seconds for which each keyframe stands."""
    scores: np.ndarray
    """(N,) an alarm from 0 on: log of how much rarer than asked, with what the context adds."""
    evidence: np.ndarray
    """(N,) the same without any context."""
    alerts: tuple[Alert, ...]
    places: tuple[tuple[int, int], ...]
    """[first, last] keyframe of each alert."""


@dataclass(frozen=True, slots=True)
class Detected:
    """The alerts of one event."""

    name: str
    cameras: tuple[Watched, ...]

    @property
    def alerts(self) -> list[Alert]:
        """Of all cameras, the surest first."""
        return sorted(
            (alert for each in self.cameras for alert in each.alerts), key=lambda a: (-a.score, a.keyframe_id)
        )


@dataclass(frozen=True, slots=True)
class _Video:
    facts: VideoFacts
    times: KeyframeTimes
    odds: np.ndarray
    places: np.ndarray


def watch(engine: Engine, events: dict[str, Event]) -> list[Detected]:
    """Detect events and keep the alerts in the catalog: run twice, the same rows; of other definitions, the new ones.

    Raises:
        NotAvailableError: nothing is indexed yet, or the model can't be had.
        CatalogLockedError: another process writes to the catalog.
    """
    detections = []
    with engine.catalog.writer() as writer:
        for name, event in events.items():
            with engine.space() as space:
                detections.append(detect(engine, space, name, event))
            writer.put_alerts(space.model, name, event.fingerprint, detections[-1].alerts)
    return detections


def detect(engine: Engine, space: Space, name: str, event: Event) -> Detected:
    """The alerts of one event, camera by camera; a video of no known camera counts to its folder."""
    directions = Directions.of(engine.text_tower(space.model), event, engine.sample(space))
    cameras: dict[str, list[_Video]] = {}
    for video in _videos(space, directions):
        cameras.setdefault(video.facts.camera or str(Path(video.facts.path).parent), []).append(video)
    tracks = {camera: _track(videos) for camera, videos in cameras.items()}
    smoothed = {camera: smooth(track, event.least_seconds) for camera, track in tracks.items()}
    together = _tail(list(tracks.values()), list(smoothed.values()))
    watched = []
    for camera, videos in cameras.items():
        own = _tail([tracks[camera]], [smoothed[camera]])
        surprise = _surprise(event, smoothed[camera], own if own.is_enough else together)
        watched.append(_watched(camera, videos, tracks[camera], event, surprise, engine.zone))
    return Detected(name, tuple(watched))


def _videos(space: Space, directions: Directions) -> Iterator[_Video]:
    facts = {video.id: video for video in space.snapshot.video_facts()}
    for block in space.blocks():
        rows = block.embeddings.astype(np.float32)
        times = space.keyframe_times(block.video_id)
        assert times is not None
        yield _Video(facts[block.video_id], times, directions.event_odds(rows), directions.place_logits(rows))


def _track(videos: list[_Video]) -> CameraKeyframes:
    """Sorts `videos` by time and puts them on one axis; what overlaps is moved behind what came before."""
    videos.sort(key=lambda video: (video.facts.recorded_at or datetime.max.replace(tzinfo=UTC), video.facts.path))
    known = [video.facts.recorded_at for video in videos if video.facts.recorded_at]
    offsets, end = [], 0.0
    for video in videos:
        at = video.facts.recorded_at
        offsets.append(max(end, (at - known[0]).total_seconds()) if at else end + _APART)
        end = offsets[-1] + float(video.times.ends[-1])
    pairs = list(zip(videos, offsets, strict=True))
    return CameraKeyframes(
        starts=np.concatenate([video.times.starts + offset for video, offset in pairs]),
        ends=np.concatenate([video.times.ends + offset for video, offset in pairs]),
        odds=np.concatenate([video.odds for video in videos]),
        places=np.concatenate([video.places for video in videos]),
        videos=np.repeat(np.arange(len(videos)), [len(video.odds) for video in videos]),
    )


def _tail(tracks: Sequence[CameraKeyframes], scores: Sequence[np.ndarray]) -> Tail:
    seconds = sum(float((track.ends - track.starts).sum()) for track in tracks)
    return Tail.of(np.concatenate(scores) if scores else np.empty(0), seconds)


def _surprise(event: Event, odds: np.ndarray, tail: Tail) -> np.ndarray:
    """(N,) log of how much rarer than asked; with a threshold, how far above it in log-odds."""
    if event.threshold is not None:
        return odds - float(np.log(event.threshold / (1 - event.threshold)))
    rate = event.false_alarms_per_hour or DEFAULT_RATE
    surprise: np.ndarray = (odds - tail.at_rate(rate)) / tail.scale
    return surprise


def _watched(
    camera: str, videos: list[_Video], track: CameraKeyframes, event: Event, surprise: np.ndarray, zone: tzinfo
) -> Watched:
    clock = [moment for video in videos for moment in clock_of(video.facts.recorded_at, video.times.times)]
    shares = context_shares(track, event, camera, clock, zone)
    scores = surprise + shift(event, shares)
    alerts, places = [], []
    for number, video in enumerate(videos):
        own = np.flatnonzero(track.videos == number)
        for first, last in _runs(scores[own], video.times, event.least_seconds):
            peak = first + int(np.argmax(scores[own[first : last + 1]]))
            context = max(shares, key=lambda name: shares[name][own[peak]], default=None)
            alerts.append(
                Alert(
                    video_id=video.facts.id,
                    start=float(video.times.starts[first]),
                    end=float(video.times.ends[last]),
                    peak=float(video.times.times[peak]),
                    keyframe_id=video.times.first_keyframe_id + peak,
                    score=float(scores[own[peak]]),
                    context=context if context and shares[context][own[peak]] >= _NAMED else None,
                )
            )
            places.append((int(own[first]), int(own[last])))
    return Watched(camera, track.ends - track.starts, scores, surprise, tuple(alerts), tuple(places))


def _runs(scores: np.ndarray, times: KeyframeTimes, least: float) -> Iterator[tuple[int, int]]:
    """Positions [first, last] of stretches at or above 0; gaps up to `least` seconds are bridged, shorter ones dropped.

    A video that is shorter than `least` may be an alert as a whole.
    """
    least = min(least, float(times.ends[-1] - times.starts[0]))
    first = last = -1
    for place in np.flatnonzero(scores >= 0).tolist():
        if first >= 0 and times.starts[place] - times.ends[last] > least:
            if times.ends[last] - times.starts[first] >= least:
                yield first, last
            first = -1
        first, last = (place if first < 0 else first), place
    if first >= 0 and times.ends[last] - times.starts[first] >= least - 1e-6:
        yield first, last
