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
    to_amounts,
)
from query.events.over_time import range_reduce

MotionAsked = Literal["none", "little", "much", "sudden"]

PER_OCTAVE = 2.0
"""Log-odds by which twice the motion speaks for more of it.

Of 0 to 6, the most that costs fighting no more than 0.01 of AUROC on the footage that the starter knows, and so
judges better by pictures than any other.
"""

JERKS_PER_OCTAVE = 1.25
"""Log-odds by which jerks twice as hard speak for more of an act.

One glance a clip tells fighting from calm on the footage that the starter knows with a slope of 0.75, pictures with one
of 0.60, each fitted alone by a logistic curve; that of pictures counts as one here.
"""
JERKS_HOLD = 2.0
"""Seconds before and behind a glance for which it holds: acts last so long."""

_AS_LIKELY = 3.0  # octaves at which fighting is as likely as calm there, among as many clips of each


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


def jerk_odds(motion: Motion | None, times: KeyframeTimes) -> np.ndarray:
    """(N,) log-odds of an act by the hardest jerks seen within JERKS_HOLD of each keyframe's stretch; else NaN."""
    seen = np.flatnonzero(motion.jerks) if motion else np.empty(0, np.int64)
    if motion is None or not len(seen):
        return np.full(len(times.times), np.nan)
    octaves, seconds = np.log2(to_amounts(motion.jerks[seen])), seen * STEP
    first = np.searchsorted(seconds, times.starts - JERKS_HOLD, side="left")
    behind = np.searchsorted(seconds, times.ends + JERKS_HOLD, side="right")
    is_there = first < behind
    hardest = range_reduce(np.maximum, octaves, np.where(is_there, first, 0), np.where(is_there, behind, 1))
    return np.where(is_there, odds_of_jerks(hardest), np.nan)


def odds_of_jerks(octaves: np.ndarray) -> np.ndarray:
    """Log-odds of an act by jerks of so many octaves."""
    odds: np.ndarray = JERKS_PER_OCTAVE * (octaves - _AS_LIKELY)
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
