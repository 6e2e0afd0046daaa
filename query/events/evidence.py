"""Computes how much the keyframes of one camera speak for an event and for each context.

docs/events.md has the model as a formula, with its assumptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

import numpy as np

from query.confidence import softmax
from query.encode import SentenceEncoder, encode, encode_mean
from query.events.definition import Context, Event
from query.filters import matches_camera
from query.request import Hours
from query.sample import Sample

SHIFT = float(np.log(20.0))
"""Log-odds by which a context makes an event more or less worth an alarm: as one of twenty, or twenty times as much."""


@dataclass(frozen=True, slots=True)
class Directions:
    """An event's sentences as unit vectors, and the temperature of their cosines."""

    event: np.ndarray
    """(D,) float32"""
    counters: np.ndarray
    """(C, D) float32; strangers too, so that what looks like nothing in the file is no event."""
    places: dict[str, np.ndarray]
    """Context -> (D,), of those that have prompts."""
    strange: np.ndarray
    """(S, D), what speaks for none of the places."""
    sharpness: float
    """Logits a unit of cosine."""

    @classmethod
    def of(cls, tower: SentenceEncoder, event: Event, sample: Sample) -> Directions:
        """`sample`: of the archive, for the temperature."""
        contexts = {name: context for name, (context, _) in event.contexts.items() if context.prompts}
        return cls(
            encode_mean(tower, event.prompts),
            np.concatenate([encode(tower, list(event.counter)), sample.strange]) if event.counter else sample.strange,
            {name: encode_mean(tower, context.prompts) for name, context in contexts.items()},
            sample.strange,
            sample.sharpness,
        )

    def event_odds(self, rows: np.ndarray) -> np.ndarray:
        """(N, D) float32 -> (N,) float64: log-odds of the event against its likeliest confusion."""
        counters = (rows @ self.counters.T).max(axis=1)
        odds: np.ndarray = ((rows @ self.event) - counters).astype(np.float64) * self.sharpness
        return odds

    def place_logits(self, rows: np.ndarray) -> np.ndarray:
        """(N, D) float32 -> (N, P + 1) float64: a column a place, the last one for elsewhere."""
        columns = [rows @ place for place in self.places.values()] + [(rows @ self.strange.T).max(axis=1)]
        logits: np.ndarray = np.stack(columns, axis=1).astype(np.float64) * self.sharpness
        return logits


@dataclass(frozen=True, slots=True)
class CameraKeyframes:
    """The keyframes of one camera, video after video, as columns of equal length N."""

    starts: np.ndarray
    """(N,) seconds on the camera's own axis: where a keyframe's stretch begins; rising."""
    ends: np.ndarray
    """(N,) where it ends."""
    odds: np.ndarray
    """(N,) of `Directions.event_odds`."""
    places: np.ndarray
    """(N, P + 1) of `Directions.place_logits`."""
    videos: np.ndarray
    """(N,) which video each belongs to; scores are not smoothed from one into the next."""


def windowed_mean(values: np.ndarray, starts: np.ndarray, ends: np.ndarray, seconds: float) -> np.ndarray:
    """Of (N, ...) values that each hold for [start, end): the mean over `seconds` around the middle of each."""
    lengths = np.maximum(ends - starts, 1e-3)
    shape = (-1,) + (1,) * (values.ndim - 1)
    summed = np.concatenate([np.zeros_like(values[:1]), np.cumsum(values * lengths.reshape(shape), axis=0)])
    known = np.concatenate([[0.0], np.cumsum(lengths)])
    middles = (starts + ends) / 2
    low = np.minimum(np.searchsorted(ends, middles - seconds / 2, side="right"), np.arange(len(values)))
    high = np.maximum(np.searchsorted(starts, middles + seconds / 2, side="left"), np.arange(len(values)) + 1)
    mean: np.ndarray = (summed[high] - summed[low]) / (known[high] - known[low]).reshape(shape)
    return mean


def smooth(track: CameraKeyframes, seconds: float) -> np.ndarray:
    """(N,) the event's log-odds, each the mean over `seconds` around it in its own video."""
    smoothed = np.empty_like(track.odds)
    for video in np.unique(track.videos):
        own = track.videos == video
        smoothed[own] = windowed_mean(track.odds[own], track.starts[own], track.ends[own], seconds)
    return smoothed


def context_shares(
    track: CameraKeyframes, event: Event, camera: str, clock: Sequence[datetime | None], zone: tzinfo
) -> dict[str, np.ndarray]:
    """Context -> (N,) in [0, 1]: how far it holds.

    A place holds by its share of a softmax over the places that may hold then, and elsewhere; judged over the event's
    `context_seconds`. Hours and cameras hold or don't. `clock`: the wall clock at each keyframe, aware.
    """
    logits = windowed_mean(track.places, track.starts, track.ends, event.context_seconds)
    names = [name for name, (context, _) in event.contexts.items() if context.prompts]
    holds = {name: _conditions(context, camera, clock, zone) for name, (context, _) in event.contexts.items()}
    for column, name in enumerate(names):
        logits[:, column] = np.where(holds[name], logits[:, column], -np.inf)
    shares = softmax(logits)
    place_shares = {name: shares[:, column] for column, name in enumerate(names)}
    return {name: place_shares.get(name, holds[name].astype(np.float64)) for name in event.contexts}


def shift(event: Event, shares: dict[str, np.ndarray]) -> np.ndarray:
    """(N,) log-odds that the contexts add: SHIFT for each suspicious one that holds, minus that for each normal one."""
    return sum((SHIFT * sign * shares[name] for name, (_, sign) in event.contexts.items()), np.zeros(1))


def _conditions(context: Context, camera: str, clock: Sequence[datetime | None], zone: tzinfo) -> np.ndarray:
    """(N,) bool."""
    is_there = not context.cameras or any(matches_camera(camera, glob) for glob in context.cameras)
    if not is_there or context.hours is None:
        return np.full(len(clock), is_there)
    hours = Hours.read(context.hours)
    return np.array([moment is not None and _within(moment.astimezone(zone).time(), hours) for moment in clock])


def _within(clock: time, hours: Hours) -> bool:
    if hours.start < hours.end:
        return hours.start <= clock < hours.end
    return clock >= hours.start or clock < hours.end


def clock_of(recorded_at: datetime | None, seconds: np.ndarray) -> list[datetime | None]:
    """The wall clock at each of these seconds of a video."""
    if recorded_at is None:
        return [None] * len(seconds)
    return [recorded_at + timedelta(seconds=float(second)) for second in seconds]
