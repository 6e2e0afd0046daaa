"""Detects events in a catalog: one pass over the stored embeddings; nothing is decoded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace

from framescout.catalog import Space
from framescout.catalog.records import Alert, AlertMark, KeyframeTimes, Video, VideoFacts
from framescout.jerks import GLANCE
from framescout.jerks import STEP as JERK_STEP
from framescout.media.glances import glances
from framescout.motion import Motion, quiet_levels
from query.engine import Engine
from query.events.closer import STEP, Closer, spans_of, suspects, times_within
from query.events.contexts import NAMED, Clock, context_shares, reasons, shift
from query.events.definition import Event
from query.events.evidence import Directions
from query.events.marks import threshold_shift
from query.events.motion import MotionAsked, jerk_odds, motion_odds, odds_of_jerks
from query.events.over_time import NEVER, CameraKeyframes, clock_of, followed, highest_since, lasting, smooth
from query.events.threshold import Tail, rises

DEFAULT_RATE = 0.1
"""False alarms an hour and camera, where an event asks for neither a rate nor a threshold."""

_APART = 1e6  # seconds between videos of which nobody knows when they were recorded


class Watched(msgspec.Struct, frozen=True):
    """One camera's scores for one event, keyframe by keyframe in the order of time."""

    camera: str
    videos: tuple[VideoFacts, ...]
    video_of: np.ndarray
    """(N,) which of the videos each keyframe is of."""
    times: np.ndarray
    """(N,) seconds from the start of its video at which it is shown."""
    lengths: np.ndarray
    """(N,) seconds for which it stands."""
    parts: dict[str, np.ndarray]
    """(N,) each: what the score is made of, in the order in which it is made."""
    scores: np.ndarray
    """(N,) an alarm from 0 on: log of how much rarer than asked, with what the context and the marks add."""
    evidence: np.ndarray
    """(N,) the same without any context or mark."""
    alerts: tuple[Alert, ...]
    places: tuple[tuple[int, int], ...]
    """[first, last] keyframe of each alert."""


class Detected(msgspec.Struct, frozen=True):
    """The alerts of one event."""

    name: str
    cameras: tuple[Watched, ...]

    @property
    def alerts(self) -> list[Alert]:
        """Of all cameras, the surest first."""
        return sorted(
            (alert for each in self.cameras for alert in each.alerts), key=lambda a: (-a.score, a.keyframe_id)
        )


class _Video(msgspec.Struct, frozen=True):
    facts: VideoFacts
    times: KeyframeTimes
    ids: np.ndarray
    """(N,) the keyframe that each row stands by; a second look adds rows."""
    logits: np.ndarray
    places: np.ndarray
    motion: Motion | None
    jerks: np.ndarray
    """(N,) log-odds by jerks; NaN where nobody looked for them."""


class _Camera(msgspec.Struct, frozen=True):
    """A camera's videos in the order of time, and what is known of its keyframes before any threshold."""

    name: str
    videos: list[_Video]
    track: CameraKeyframes
    clock: Clock
    odds: np.ndarray
    """(N,) smoothed, and as `stays_seconds` asks."""
    shares: dict[str, np.ndarray]
    parts: dict[str, np.ndarray]


class _Scored(msgspec.Struct, frozen=True):
    """A camera's keyframes by how much rarer than asked they are."""

    camera: _Camera
    surprise: np.ndarray
    """(N,) without any context or mark."""
    moved: float
    """By how much marks move the threshold."""
    scores: np.ndarray
    """(N,) with both."""


def detect(
    engine: Engine,
    space: Space,
    name: str,
    event: Event,
    marks: Sequence[AlertMark] = (),
    closer: Closer | None = None,
    nearest: int | None = None,
) -> Detected:
    """The alerts of one event, camera by camera; a video of no known camera counts to its folder.

    `marks`: what people said of alerts of this event. `closer`: to look a second time at what might be one. `nearest`:
    in place of the alerts about so many stretches that score highest, whether they are an alarm or not.
    """
    directions = Directions.of(engine.text_tower(space.model), event, engine.sample(space))
    by_camera: dict[str, list[_Video]] = {}
    for video in _videos(space, directions, asks_for_motion=event.motion is not None):
        by_camera.setdefault(camera_of(video.facts), []).append(video)
    cameras = [_camera(name, videos, event, engine.zone) for name, videos in by_camera.items()]
    if closer is not None:
        cameras = [
            _seen_closer(camera, name, event, directions, tail, closer, engine.zone)
            for camera, tail in zip(cameras, _tails(cameras), strict=True)
        ]
    marked = _marked(space, name, marks)
    scored = [_scored(camera, event, tail, marked) for camera, tail in zip(cameras, _tails(cameras), strict=True)]
    level = 0.0
    if nearest is not None and scored:
        scores = np.concatenate([each.scores for each in scored])
        begins = np.concatenate([np.diff(each.camera.track.videos, prepend=-1) != 0 for each in scored])
        level = level_of(scores, begins, nearest)
    return Detected(name, tuple(_watched(camera, event, level, engine.zone) for camera in scored))


def _seen_closer(
    camera: _Camera, name: str, event: Event, directions: Directions, tail: Tail, closer: Closer, zone: tzinfo
) -> _Camera:
    """The camera with jerks, or with more rows, where the event might be."""
    if not event.prompts or event.then:  # in more pictures, one step after the other is seen by mistake
        return camera
    scores = np.where(_counted(camera), _surprise(event, camera.odds, tail) + shift(event, camera.shares), NEVER)
    lengths = camera.track.ends - camera.track.starts
    if event.asks_for_jerks:
        is_seen = ~np.isnan(np.concatenate([video.jerks for video in camera.videos]))
        costs = np.where(is_seen, np.inf, GLANCE)
    else:
        costs = np.where(lengths > STEP, lengths, np.inf)
    chosen = suspects(scores, lengths, costs)
    if not chosen:
        return camera
    seconds, hours = float(costs[chosen].sum()), float(lengths.sum()) / 3600
    closer.tell(
        f"{name} at {camera.name}: a closer look at {seconds:.0f} s of {hours:.1f} h of footage, "
        f"about {seconds / (JERK_STEP if event.asks_for_jerks else STEP):.0f} pictures"
    )
    first = np.searchsorted(camera.track.videos, np.arange(len(camera.videos)))
    videos = []
    for number, video in enumerate(camera.videos):
        own = sorted(place - int(first[number]) for place in chosen if camera.track.videos[place] == number)
        if own:
            video = _shaken(video, own) if event.asks_for_jerks else _finer(video, own, directions, closer)  # noqa: PLW2901
        videos.append(video)
    return _camera(camera.name, videos, event, zone)


def _shaken(video: _Video, chosen: list[int]) -> _Video:
    """The video with the jerks where the chosen keyframes' stretches begin."""
    jerks = video.jerks.copy()
    jerks[chosen] = odds_of_jerks(np.array([*glances(video.facts.path, video.times.starts[chosen].tolist())]))
    return replace(video, jerks=jerks)


def _finer(video: _Video, chosen: list[int], directions: Directions, closer: Closer) -> _Video:
    """The video with a row for each picture of the second look, between those of its keyframes."""
    times, starts, ends, ids = [], [], [], []
    logits, places = [], []
    for place in range(len(video.ids)):
        start, end = float(video.times.starts[place]), float(video.times.ends[place])
        shown = [float(video.times.times[place])]
        own_logits, own_places = video.logits[place : place + 1], video.places[place : place + 1]
        if place in chosen:
            further = times_within(start, end, shown[0])
            rows = closer.rows(video.facts.path, further)
            if rows is not None:
                order = np.argsort([*shown, *further.tolist()], kind="stable")
                own_logits = np.concatenate([own_logits, directions.step_logits(rows)])[order]
                own_places = np.concatenate([own_places, directions.place_logits(rows)])[order]
                shown = np.array([*shown, *further.tolist()])[order].tolist()
        for own_start, own_end in spans_of(start, end, np.array(shown)):
            starts.append(own_start)
            ends.append(own_end)
        times += shown
        ids += [int(video.ids[place])] * len(shown)
        logits.append(own_logits)
        places.append(own_places)
    finer = replace(
        video.times,
        pts=np.zeros(len(times), np.int64),
        times=np.array(times),
        starts=np.array(starts),
        ends=np.array(ends),
    )
    return replace(
        video,
        times=finer,
        ids=np.array(ids),
        logits=np.concatenate(logits),
        places=np.concatenate(places),
        jerks=np.full(len(ids), np.nan),
    )


def _scored(camera: _Camera, event: Event, tail: Tail, marked: dict[int, list[AlertMark]]) -> _Scored:
    surprise = _surprise(event, camera.odds, tail)
    unmarked = np.where(_counted(camera), surprise + shift(event, camera.shares), NEVER)
    moved = _moved(camera, unmarked, marked)
    return _Scored(camera, surprise, moved, unmarked - moved)


def level_of(scores: np.ndarray, begins: np.ndarray, stretches: int) -> float:
    """The highest score that so many stretches reach; the lowest possible one where none is reached so often.

    `begins`: (N,) bool, where a video begins, since no stretch goes on from one video into the next.
    """
    before = np.where(begins, -np.inf, np.roll(scores, 1))
    levels = np.unique(scores[scores > NEVER / 2])
    often = np.flatnonzero(rises(scores, before, np.nextafter(levels, -np.inf)) >= stretches)
    return float(levels[often[-1]] if len(often) else levels[0]) if len(levels) else 0.0


def camera_of(video: VideoFacts | Video) -> str:
    """The camera's name; where it isn't known, the video's folder."""
    return video.camera or str(Path(video.path).parent)


def _videos(space: Space, directions: Directions, *, asks_for_motion: bool) -> Iterator[_Video]:
    facts = {video.id: video for video in space.snapshot.video_facts()}
    for block in space.blocks():
        rows = block.embeddings.astype(np.float32)
        times = space.keyframe_times(block.video_id)
        assert times is not None
        motion = space.snapshot.motion(block.video_id) if asks_for_motion else None
        ids = np.arange(len(rows)) + times.first_keyframe_id
        logits, places = directions.step_logits(rows), directions.place_logits(rows)
        yield _Video(facts[block.video_id], times, ids, logits, places, motion, jerk_odds(motion, times))


def _camera(name: str, videos: list[_Video], event: Event, zone: tzinfo) -> _Camera:
    track = _track(videos)
    clock = [moment for video in videos for moment in clock_of(video.facts.recorded_at, video.times.times)]
    odds, parts = _joined(videos, track, event)
    track = track.with_odds(odds)
    smoothed = smooth(track, event.least_seconds)
    if event.stays_seconds is not None:
        smoothed = lasting(track, smoothed, event.stays_seconds)
    return _Camera(name, videos, track, clock, smoothed, context_shares(track, event, name, clock, zone), parts)


def _joined(videos: list[_Video], track: CameraKeyframes, event: Event) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """(N,) log-odds of the event by all that is known of each keyframe; and what they are made of."""
    logits = np.concatenate([video.logits for video in videos])
    odds = [logits[:, step, 0] - logits[:, step, 1] for step in range(logits.shape[1])]
    parts: dict[str, np.ndarray] = {}
    for step, name in enumerate(("event", "then")[: len(odds)]):
        parts |= {name: logits[:, step, 0], f"likeliest confusion of {name}": logits[:, step, 1]}
    if event.then:
        joined = followed(track, odds[0], odds[1], event.within_seconds)
    else:
        joined = odds[0] if odds else np.zeros(len(logits))
    if event.motion is not None:
        motion = _motion(videos, event, event.motion)
        # who has fallen lies still: what moved lies between the two steps
        parts["motion"] = highest_since(track, motion, event.within_seconds) if event.then else motion
        unknown = 0.0 if odds else NEVER  # what nobody knows says nothing; alone it is no event
        joined = joined + np.where(np.isnan(parts["motion"]), unknown, parts["motion"])
    return joined, parts


def _motion(videos: list[_Video], event: Event, asked: MotionAsked) -> np.ndarray:
    """(N,) log-odds of the asked motion, and of an act by jerks where somebody looked for them; NaN of neither."""
    quiet = quiet_levels(video.motion for video in videos if video.motion is not None)
    moving = np.concatenate([motion_odds(asked, video.motion, video.times, quiet) for video in videos])
    if not event.asks_for_jerks:
        return moving
    jerks = np.concatenate([video.jerks for video in videos])
    return np.where(np.isnan(moving), jerks, moving + np.nan_to_num(jerks))


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
        odds=np.zeros(sum(len(video.logits) for video in videos)),
        places=np.concatenate([video.places for video in videos]),
        videos=np.repeat(np.arange(len(videos)), [len(video.logits) for video in videos]),
    )


def _counted(camera: _Camera) -> np.ndarray:
    """(N,) bool: keyframes that the event counts in, by its `only`."""
    share = camera.shares.get("")
    return np.full(len(camera.odds), True) if share is None else share >= 0.5


def _tails(cameras: Sequence[_Camera]) -> list[Tail]:
    """How rare high scores are at each camera; where its own history is short, at all of them together."""
    together = _tail(cameras)
    return [own if own.is_enough else together for own in (_tail([camera]) for camera in cameras)]


def _tail(cameras: Sequence[_Camera]) -> Tail:
    """How rare high scores are in what counts of these cameras' footage."""
    counted = [_counted(camera) for camera in cameras]
    lengths = [(camera.track.ends - camera.track.starts)[own] for camera, own in zip(cameras, counted, strict=True)]
    scores = [camera.odds[own] for camera, own in zip(cameras, counted, strict=True)]
    return Tail.of(np.concatenate(scores or [np.empty(0)]), sum(float(each.sum()) for each in lengths))


def _surprise(event: Event, odds: np.ndarray, tail: Tail) -> np.ndarray:
    """(N,) log of how much rarer than asked; with a threshold, how far above it in log-odds."""
    threshold = event.threshold
    if threshold is None and not event.prompts and event.false_alarms_per_hour is None:
        threshold = 0.5  # of motion alone: from the border of its kind on
    if threshold is not None:
        return odds - float(np.log(threshold / (1 - threshold)))
    rate = event.false_alarms_per_hour or DEFAULT_RATE
    surprise: np.ndarray = (odds - tail.at_rate(rate)) / tail.scale
    return surprise


def _marked(space: Space, name: str, marks: Sequence[AlertMark]) -> dict[int, list[AlertMark]]:
    """Video id -> what was said, right or wrong, of alerts of the event in it."""
    told = [mark for mark in marks if mark.event == name and mark.was_right is not None]
    ids = {mark.content_hash: space.snapshot.video_id_of(mark.content_hash) for mark in told}
    found: dict[int, list[AlertMark]] = {}
    for mark in told:
        video_id = ids[mark.content_hash]
        if video_id is not None:
            found.setdefault(video_id, []).append(mark)
    return found


def _watched(scored: _Scored, event: Event, level: float, zone: tzinfo) -> Watched:
    """`level`: the score from which on a stretch is one of the alerts."""
    camera, scores = scored.camera, scored.scores
    alerts, places = [], []
    for number, video in enumerate(camera.videos):
        own = np.flatnonzero(camera.track.videos == number)
        for first, last in _runs(scores[own] >= level, video.times, event.least_seconds):
            peak = first + int(np.argmax(scores[own[first : last + 1]]))
            alerts.append(_alert(scored, event, video, (first, last, peak), int(own[0]), zone))
            places.append((int(own[first]), int(own[last])))
    lengths = camera.track.ends - camera.track.starts
    times = np.concatenate([video.times.times for video in camera.videos])
    facts = tuple(video.facts for video in camera.videos)
    parts = camera.parts | {name or "only here": share for name, share in camera.shares.items()}
    return Watched(
        camera.name,
        facts,
        camera.track.videos,
        times,
        lengths,
        parts,
        scores,
        scored.surprise,
        tuple(alerts),
        tuple(places),
    )


def _moved(camera: _Camera, scores: np.ndarray, marked: dict[int, list[AlertMark]]) -> float:
    """By how much what people said of this camera's alerts moves its threshold."""
    found: list[tuple[float, bool]] = []
    for number, video in enumerate(camera.videos):
        for mark in marked.get(video.facts.id, ()):
            own = camera.track.videos == number
            within = (video.times.starts < mark.end) & (video.times.ends > mark.start)
            if within.any():
                found.append((float(scores[own][within].max()), bool(mark.was_right)))
    known = [(score, was_right) for score, was_right in found if score > NEVER / 2]
    return threshold_shift(np.array([score for score, _ in known]), np.array([right for _, right in known], bool))


def _alert(scored: _Scored, event: Event, video: _Video, run: tuple[int, int, int], offset: int, zone: tzinfo) -> Alert:
    """`run`: first, last and best keyframe of the video; `offset`: where the video begins in the camera's columns."""
    first, last, peak = run
    at, camera = offset + peak, scored.camera
    shares = {name: float(share[at]) for name, share in camera.shares.items()}
    contexts = reasons(event, shares, camera.name, camera.clock[at], zone)
    named = max((name for name in shares if name), key=lambda name: shares[name], default=None)
    why: dict[str, Any] = {"event": round(float(scored.surprise[at]), 3), "contexts": contexts}
    if scored.moved:
        why["marks"] = round(-scored.moved, 3)
    return Alert(
        video_id=video.facts.id,
        start=float(video.times.starts[first]),
        end=float(video.times.ends[last]),
        peak=float(video.times.times[peak]),
        keyframe_id=int(video.ids[peak]),
        score=float(scored.scores[at]),
        context=named if named and shares[named] >= NAMED else None,
        why=why,
    )


def _runs(is_high: np.ndarray, times: KeyframeTimes, least: float) -> Iterator[tuple[int, int]]:
    """Positions [first, last] of stretches that score high, with gaps up to `least` seconds; shorter ones are dropped.

    A video that is shorter than `least` may be an alert as a whole.
    """
    least = min(least, float(times.ends[-1] - times.starts[0]))
    first = last = -1
    for place in np.flatnonzero(is_high).tolist():
        if first >= 0 and times.starts[place] - times.ends[last] > least:
            if times.ends[last] - times.starts[first] >= least:
                yield first, last
            first = -1
        first, last = (place if first < 0 else first), place
    if first >= 0 and times.ends[last] - times.starts[first] >= least - 1e-6:
        yield first, last
