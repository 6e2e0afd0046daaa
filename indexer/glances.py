"""Chooses where a video that was read is glanced at: behind one key picture of each minute, where most moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from framescout.motion import STEP, UNKNOWN, Motion, to_levels

APART = 60.0
"""Seconds of footage in which there is one glance at most."""


def glance_times(motion: Motion, key_times: Sequence[float]) -> list[float]:
    """Of each minute the key picture (seconds, rising) behind which most moves by the curve; of equals the first."""
    best: dict[int, tuple[int, float]] = {}
    for time in key_times:
        moved = motion.level_at(time + STEP / 2)
        minute = int(time // APART)
        if minute not in best or moved > best[minute][0]:
            best[minute] = moved, time
    return [time for _, time in best.values()]


def jerk_levels(times: Sequence[float], octaves: Sequence[float]) -> np.ndarray:
    """(N,) uint8: of the half second in which each glance begins its level, on the scale of motion curves."""
    places = (np.array(times) // STEP).astype(np.int64)
    levels = np.full(int(places.max(initial=-1)) + 1, UNKNOWN, np.uint8)
    levels[places] = to_levels(np.exp2(np.array(octaves)))
    return levels
