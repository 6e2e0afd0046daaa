"""What is really in a numbered video: every frame decoded by plain PyAV, none of the project's code in between."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from tests.footage.make import read_number


@dataclass(frozen=True)
class Seen:
    """A frame as a full decode shows it."""

    pts: int
    time: float
    """Seconds on a player's clock: the container's start is 0."""
    number: int


def decode_all(path: Path) -> list[Seen]:
    """Every frame of a numbered video that carries times, in the order shown."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        start = (container.start_time or 0) / av.time_base
        frames = list(container.decode(stream))
        if container.format.name == "avi":  # it has no presentation times: frame k is shown in the k-th place
            for number, frame in enumerate(frames):
                frame.pts = number
        return [
            Seen(frame.pts, float(frame.pts * stream.time_base) - start, read_number(_upright(frame)))
            for frame in frames
        ]


def _upright(frame: av.VideoFrame) -> np.ndarray:
    return np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
