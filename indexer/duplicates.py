"""Drops keyframes that show nothing new: a still scene is kept once, however long it lasts.

A keyframe is compared with the one that was kept last, not with its neighbour. Else a slow change, such as dusk or a
door that opens over a minute, would never be stored. The stretch of a dropped keyframe belongs to the kept one before
it, so that the stretches of the kept ones have no hole.

Two pictures are compared by their brightness, averaged over a grid of 32 x 32 cells (0 to 255). The limits were
measured on footage of fixed cameras. In a scene in which nothing moves, sensor noise (sigma 15 at 720 lines) changes a
cell by 3 at most, a burnt-in clock (28 of 1080 lines) by 5, compression by 5 to 8. A person of a tenth of the
picture's height changes one cell by 14 or more in nine of ten places at a contrast of 40 levels; a person of a
fifteenth by 10 or more. So the largest change decides, at 8. The mean change finds a light that is switched or dimmed.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

GRID = 32
LARGEST_CHANGE = 8.0
"""Levels by which no cell of a duplicate differs."""
MEAN_CHANGE = 1.5
"""Levels by which the cells of a duplicate differ on average, at most."""


class DuplicateFilter:
    """Says of the pictures of one video, in order of time, which show something new."""

    def __init__(self) -> None:
        self._kept: np.ndarray | None = None

    def is_new(self, picture: np.ndarray) -> bool:
        """Whether this (H, W, 3) uint8 RGB picture differs from the one kept before it; the first always does."""
        cells = brightness_cells(picture)
        if self._kept is not None and looks_alike(self._kept, cells):
            return False
        self._kept = cells
        return True


def looks_alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two (GRID, GRID) float32 arrays of brightness show the same scene with nothing new in it."""
    change = np.abs(one - other)
    return bool(change.max() <= LARGEST_CHANGE and change.mean() <= MEAN_CHANGE)


def brightness_cells(picture: np.ndarray) -> np.ndarray:
    """Mean brightness (ITU-R 601 luma) in a grid over a (H, W, 3) uint8 RGB picture: (GRID, GRID) float32."""
    grey = Image.fromarray(picture).convert("L")
    return np.asarray(grey.resize((GRID, GRID), Image.Resampling.BOX), np.float32)
