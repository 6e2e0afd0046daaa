"""Pictures of many videos in, full batches through the image tower, each video's embeddings out."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Protocol

import numpy as np

from framescout.catalog.records import Probe, ReadEnd
from indexer.worker import Job, Pictures


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
    """(n, D) float16 pieces, in the same order."""
    waiting: int = 0
    """Pictures that are not embedded yet."""
    end: ReadEnd | None = None
    reported: float = 0.0
    """Seconds that progress was told of."""

    @property
    def is_whole(self) -> bool:
        return self.end is not None and self.waiting == 0


class Batcher:
    """Gathers pictures across videos and embeds them in batches of `size`."""

    def __init__(self, tower: ImageTower, size: int) -> None:
        self._tower = tower
        self._size = size
        self._pieces: list[tuple[VideoInWork, np.ndarray]] = []
        self._count = 0

    def add(self, video: VideoInWork, message: Pictures) -> list[VideoInWork]:
        """Take a message's pictures; return the videos that a full batch served."""
        video.stamps += [(pts, Fraction(num, den), time) for pts, num, den, time in message.stamps]
        video.waiting += len(message.pixels)
        self._pieces.append((video, message.pixels))
        self._count += len(message.pixels)
        return self.flush() if self._count >= self._size else []

    def flush(self) -> list[VideoInWork]:
        """Embed what is there, however few; return the videos that it served."""
        pieces, self._pieces, self._count = self._pieces, [], 0
        if not pieces:
            return []
        rows = self._tower.encode_pixels(np.concatenate([pixels for _, pixels in pieces])).astype(np.float16)
        start = 0
        for video, pixels in pieces:
            video.embedded.append(rows[start : start + len(pixels)])
            video.waiting -= len(pixels)
            start += len(pixels)
        return list({id(video): video for video, _ in pieces}.values())

    def forget(self, video: VideoInWork) -> None:
        """Drop a video's pictures that wait: it failed."""
        self._pieces = [(other, pixels) for other, pixels in self._pieces if other is not video]
        self._count = sum(len(pixels) for _, pixels in self._pieces)
