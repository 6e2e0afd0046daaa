"""Finds the frames of a stretch of a video at which a new shot begins."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from framescout.media.container import open_video
from framescout.media.display import Orientation
from framescout.media.frames import Scaler, frames_from

_GRID = (32, 32)
_CHANGE = 18.0  # levels of 255 by which a picture differs from the one before it, on average, at a cut
_OUTSTANDING = 4.0  # times the usual change between two frames of the stretch
_LONGEST = 120.0  # seconds that are decoded at most


def find_cuts(path: str | Path, start: float, end: float) -> list[float]:
    """Times in seconds, rising, of frames in (start, end] that begin a new shot; fades and dissolves aren't found.

    Raises:
        MediaError: the video can't be opened.
    """
    times, changes = [], []
    before: np.ndarray | None = None
    with open_video(path) as video:
        scaler = Scaler()
        for shown in frames_from(video, start):
            if shown.time > end or shown.time > start + _LONGEST:
                break
            if shown.time >= start - 1.0:
                cells = scaler.squash(shown.frame, _GRID, Orientation()).astype(np.float32)
                if before is not None and shown.time > start:
                    times.append(shown.time)
                    changes.append(float(np.abs(cells - before).mean()))
                before = cells
    if not changes:
        return []
    border = max(_CHANGE, _OUTSTANDING * float(np.median(changes)))
    return [time for time, change in zip(times, changes, strict=True) if change >= border]
