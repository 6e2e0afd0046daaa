"""Pictures of many videos in, full batches through the image tower, each video's embeddings out."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

import numpy as np

from framescout.catalog.records import Probe, ReadEnd
from indexer.worker import Job, Pictured


class ImageTower(Protocol):
    """What embeds pictures; framescout.embedding.Embedder is one."""

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 -> (N, D) float32, rows of unit length."""


@dataclass
class VideoInWork:
    """A video of which some keyframes have come; whole when `end` is known and every picture is embedded."""

    job: Job
    probe: Probe
    stamps: list[tuple[int, Fraction, float]] = field(default_factory=list)
    """(pts, time base, seconds) of each keyframe, in order of time."""
    embedded: list[np.ndarray] = field(default_factory=list)
    """(D,) float16 rows, in the same order, as far as there are."""
    end: ReadEnd | None = None
    reported: float = 0.0
    """Seconds that progress was told of."""
    bytes_reported: float = 0.0
    """And the share of the file that they are."""

    @property
    def is_whole(self) -> bool:
        return self.end is not None and len(self.embedded) == len(self.stamps)


class Batcher:
    """Gathers pictures across videos and embeds them in batches of `size`."""

    def __init__(self, tower: ImageTower, size: int) -> None:
        self._tower = tower
        self._size = size
        self._waiting: list[tuple[VideoInWork, np.ndarray]] = []

    def add(self, video: VideoInWork, pictured: Pictured) -> list[VideoInWork]:
        """Take a picture; return the videos that a full batch served."""
        video.stamps.append((pictured.pts, pictured.time_base, pictured.time))
        self._waiting.append((video, pictured.pixels))
        return self.flush() if len(self._waiting) >= self._size else []

    def flush(self) -> list[VideoInWork]:
        """Embed what is there, however few; return the videos that it served."""
        served, self._waiting = self._waiting, []
        if not served:
            return []
        rows = self._tower.encode_pixels(np.stack([pixels for _, pixels in served])).astype(np.float16)
        for (video, _), row in zip(served, rows, strict=True):
            video.embedded.append(row)
        return list({id(video): video for video, _ in served}.values())

    def forget(self, video: VideoInWork) -> None:
        """Drop a video's pictures that wait: it failed."""
        self._waiting = [(other, pixels) for other, pixels in self._waiting if other is not video]
