"""Tells blows from what only passes by: how much the change of a picture changes itself, where it does most.

What passes through a part of the picture at an even speed changes it evenly; what hits, falls or is torn does not.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

STEP = 1 / 8
"""Seconds between the pictures that are compared."""
GLANCE = 0.5
"""Seconds of a glance: five pictures, three jerks. On the footage that the starter knows, longer ones tell no more."""
SIDE = 48
"""Pixels of each side of the grey pictures that are compared."""

_ROWS, _COLUMNS = 8, 12  # of the grid
_MOST = 10  # cells of the 96 that count
_NOISE = 0.05  # levels of 255, below which jerks say nothing
_SAME = 0.05  # mean difference in levels up to which a picture is shown once more


def jerk_octaves(greys: np.ndarray) -> np.ndarray:
    """(N, SIDE, SIDE) float32 at even steps -> (N - 2,) octaves; none of fewer than three pictures."""
    if len(greys) < 3:
        return np.empty(0)
    cells = greys.reshape(-1, _ROWS, SIDE // _ROWS, _COLUMNS, SIDE // _COLUMNS).mean(axis=(2, 4))
    jerks = np.abs(np.diff(cells, n=2, axis=0)).reshape(len(cells) - 2, -1)
    octaves: np.ndarray = np.log2(np.sort(jerks, axis=1)[:, -_MOST:].mean(axis=1) + _NOISE)
    return octaves


def mean_octaves(greys: Iterable[np.ndarray]) -> float:
    """The mean over a stretch, of its (SIDE, SIDE) pictures STEP apart; NaN where fewer than three differ."""
    octaves = jerk_octaves(without_repeats(greys))
    return float(octaves.mean()) if len(octaves) else np.nan


def without_repeats(greys: Iterable[np.ndarray]) -> np.ndarray:
    """(N, SIDE, SIDE) of those that differ from the one before: cameras of few pictures a second show each again."""
    kept: list[np.ndarray] = []
    for grey in greys:
        if not kept or np.abs(grey - kept[-1]).mean() > _SAME:
            kept.append(grey)
    return np.stack(kept) if kept else np.empty((0, SIDE, SIDE), np.float32)
