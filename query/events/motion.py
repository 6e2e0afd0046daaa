"""Turns the motion curves of a camera's videos into log-odds that something moves as an event asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from framescout.catalog.records import KeyframeTimes
from framescout.motion import (
    MUCH_FROM,
    NONE_BELOW,
    OCTAVE,
    STEP,
    SUDDEN_RISE,
    UNKNOWN,
    Motion,
    Source,
    jumps,
)
from query.events.over_time import range_reduce

MotionAsked = Literal["none", "little", "much", "sudden"]

PER_OCTAVE = 2.0
"""Log-odds by which twice the motion speaks for more of it.

Of 0 to 6, the most that costs fighting no more than 0.01 of AUROC on the footage that the starter knows, and so
judges better by pictures than any other.
"""


def motion_odds(
    asked: MotionAsked, motion: Motion | None, times: KeyframeTimes, quiet: Mapping[Source, int]
) -> np.ndarray:
    """(N,) log-odds of the asked motion in the stretch of each keyframe; NaN where nothing is known of it.

    Motion is octaves above the quiet level, or for "sudden" above the two seconds before. It is held against the border
    of its kind (`framescout.motion.kinds`); "little" is little or more.
    """
    level = quiet.get(motion.source, UNKNOWN) if motion else UNKNOWN
    if motion is None or level == UNKNOWN or not len(motion.levels):
        return np.full(len(times.times), np.nan)
    octaves = (_highest(motion.levels.astype(float), motion.levels != UNKNOWN, times) - level) / OCTAVE
    if asked == "none":
        return PER_OCTAVE * (NONE_BELOW - octaves)
    if asked in ("little", "much"):
        return PER_OCTAVE * (octaves - (NONE_BELOW if asked == "little" else MUCH_FROM))
    jump = jumps(motion.levels)
    rise = _highest(jump, ~np.isnan(jump), times)
    odds: np.ndarray = PER_OCTAVE * np.minimum(rise - SUDDEN_RISE, octaves - NONE_BELOW)
    return odds


def _highest(values: np.ndarray, is_known: np.ndarray, times: KeyframeTimes) -> np.ndarray:
    """(N,) the highest known value of the half seconds in each keyframe's stretch; NaN where none is known."""
    count = len(values)
    first = np.clip(np.floor(times.starts / STEP).astype(int), 0, count)
    behind = np.clip(np.maximum(np.ceil(times.ends / STEP).astype(int), first + 1), 0, count)
    is_there = first < behind
    known = np.where(is_known, values, -np.inf)
    highest = range_reduce(np.maximum, known, np.where(is_there, first, 0), np.where(is_there, behind, 1))
    return np.where(is_there & np.isfinite(highest), highest, np.nan)
