"""Joins the scores of a camera's keyframes over time: means, what comes after what, what stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
import numpy as np
from msgspec.structs import replace

NEVER = -1000.0
"""Log-odds where something can't be: nothing came before, it did not stay so long, the hour is another."""

_GAP = 5.0
"""Seconds without footage between two videos of a camera that still show one stretch: recorders cut files."""


class CameraKeyframes(msgspec.Struct, frozen=True):
    """The keyframes of one camera, video after video, as columns of equal length N."""

    starts: np.ndarray
    """(N,) seconds on the camera's own axis: where a keyframe's stretch begins; rising."""
    ends: np.ndarray
    """(N,) where it ends."""
    odds: np.ndarray
    """(N,) the event's log-odds by pictures."""
    places: np.ndarray
    """(N, P + 1) of `Directions.place_logits`."""
    videos: np.ndarray
    """(N,) which video each belongs to; scores are not smoothed from one into the next."""

    def with_odds(self, odds: np.ndarray) -> CameraKeyframes:
        """The same keyframes with these log-odds."""
        return replace(self, odds=odds)

    @property
    def first_of_stretch(self) -> np.ndarray:
        """(N,) where the stretch of footage without a gap begins that each keyframe lies in, as a position."""
        begins = np.concatenate([[True], self.starts[1:] - self.ends[:-1] > _GAP])
        return np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))

    @property
    def end_of_stretch(self) -> np.ndarray:
        """(N,) the position behind the last keyframe of that stretch."""
        first = self.first_of_stretch
        return np.searchsorted(first, first, side="right")


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
    borders = np.flatnonzero(np.diff(track.videos, prepend=-1, append=-1))
    for first, end in zip(borders[:-1].tolist(), borders[1:].tolist(), strict=True):
        own = slice(first, end)
        smoothed[own] = windowed_mean(track.odds[own], track.starts[own], track.ends[own], seconds)
    return smoothed


def followed(track: CameraKeyframes, before: np.ndarray, then: np.ndarray, within: float) -> np.ndarray:
    """(N,) log-odds that `before` (N,) held at an earlier keyframe, at most `within` seconds ago, and `then` does now.

    The two are independent, so their log-odds add up. NEVER where the stretch of footage has no earlier keyframe.
    """
    places = np.arange(len(then))
    low = _earliest(track, within)
    has_before = low < places
    highest = range_reduce(np.maximum, before, np.minimum(low, np.maximum(places - 1, 0)), np.maximum(places, 1))
    return np.where(has_before, highest + then, NEVER)


def highest_since(track: CameraKeyframes, values: np.ndarray, within: float) -> np.ndarray:
    """(N,) the highest of `values` (N,) at the keyframes that `followed` looks back to, and at each itself.

    NaN where all of them are NaN.
    """
    known = np.where(np.isnan(values), -np.inf, values)
    highest = range_reduce(np.maximum, known, _earliest(track, within), np.arange(len(values)) + 1)
    found: np.ndarray = np.where(np.isneginf(highest), np.nan, highest)
    return found


def _earliest(track: CameraKeyframes, within: float) -> np.ndarray:
    """(N,) the first keyframe of the same stretch of footage that is shown at most `within` seconds before each."""
    first = np.searchsorted(track.ends, track.starts - within, side="left")
    earliest: np.ndarray = np.maximum(first, track.first_of_stretch)
    return earliest


def lasting(track: CameraKeyframes, odds: np.ndarray, seconds: float) -> np.ndarray:
    """(N,) the highest level that `odds` (N,) does not fall below for `seconds` on end around each keyframe.

    It is the opening of the curve (mathematical morphology: Serra 1982), so a short rise leaves nothing. NEVER where
    the stretch of footage is shorter than that.
    """
    places = np.arange(len(odds))
    behind = np.searchsorted(track.ends, track.starts + seconds - 1e-6, side="left") + 1  # of a window from each on
    levels = range_reduce(np.minimum, odds, places, np.minimum(np.maximum(behind, places + 1), len(odds)))
    levels = np.where(behind <= track.end_of_stretch, levels, NEVER)
    first = np.minimum(np.searchsorted(behind, places, side="right"), places)  # the first window that reaches each
    around = range_reduce(np.maximum, levels, first, places + 1)
    begin = np.searchsorted(track.starts, track.ends - seconds + 1e-6, side="right") - 1  # of a window up to each
    up_to = range_reduce(np.minimum, odds, np.clip(begin, 0, places), places + 1)
    result: np.ndarray = np.maximum(around, np.where(begin >= track.first_of_stretch, up_to, NEVER))
    return result


def range_reduce(ufunc: np.ufunc, values: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """(M,) the least or highest of values[low:high] for each of M ranges, none empty; by doubling."""
    tables = [values]
    while (1 << len(tables)) <= len(values):
        half = 1 << (len(tables) - 1)
        tables.append(ufunc(tables[-1][:-half], tables[-1][half:]))
    level = np.frexp((high - low).astype(float))[1] - 1
    result = np.empty(len(low), values.dtype)
    for number, table in enumerate(tables):
        own = level == number
        result[own] = ufunc(table[low[own]], table[high[own] - (1 << number)])
    return result


def clock_of(recorded_at: datetime | None, seconds: np.ndarray) -> Sequence[datetime | None]:
    """The wall clock at each of these seconds of a video."""
    if recorded_at is None:
        return [None] * len(seconds)
    return [recorded_at + timedelta(seconds=float(second)) for second in seconds]
