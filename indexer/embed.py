"""Embeds the pictures of many videos in full batches."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class PixelEncoder(Protocol):
    """What embeds pictures; framescout.embedding.Embedder is one."""

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 -> (N, D) float32, rows of unit length."""


Embedded = list[tuple[int, np.ndarray]]
"""(key of a job, (D,) float16 row of unit length) of each picture of a batch, in the order in which they came."""


class Batcher:
    """Gathers pictures across videos and embeds them in batches of `size`."""

    def __init__(self, tower: PixelEncoder, size: int) -> None:
        self._tower = tower
        self._size = size
        self._waiting: list[tuple[int, np.ndarray]] = []

    def add(self, key: int, picture: np.ndarray) -> Embedded:
        """Take a (H, W, 3) uint8 picture of the job `key`; return a batch's embeddings once it is full."""
        self._waiting.append((key, picture))
        return self.flush() if len(self._waiting) >= self._size else []

    def flush(self) -> Embedded:
        """Embed the pictures that wait, however few."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return []
        rows = self._tower.encode_pixels(np.stack([picture for _, picture in waiting])).astype(np.float16)
        return [(key, row) for (key, _), row in zip(waiting, rows, strict=True)]

    def forget(self, key: int) -> None:
        """Drop the pictures of a job that wait: it failed."""
        self._waiting = [(other, picture) for other, picture in self._waiting if other != key]
