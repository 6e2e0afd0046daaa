"""The embeddings of one video, whole or read in parts, and a cache of what is computed from them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import cast

import numpy as np

from framescout.halves import widen

_PIECE = 64  # rows that are converted at once


class EmbeddingBlock:
    """All embeddings of one video and model; caches their float32 rows and cosines. Threads may share it."""

    def __init__(self, video_id: int, first_keyframe_id: int, embeddings: np.ndarray) -> None:
        self.video_id = video_id
        self.first_keyframe_id = first_keyframe_id
        self.shape: tuple[int, int] = embeddings.shape
        self._read: Callable[[int, int], np.ndarray] = lambda first, end: embeddings[first:end]
        self._computed: _Computed | None = None

    @classmethod
    def in_parts(
        cls, video_id: int, first_keyframe_id: int, shape: tuple[int, int], read: Callable[[int, int], np.ndarray]
    ) -> EmbeddingBlock:
        """A block that reads rows only when they are asked for: `read(first, end)` gives those, as float16."""
        block = cls(video_id, first_keyframe_id, np.empty((0, shape[1]), np.float16))
        block.shape, block._read = shape, read
        return block

    def __len__(self) -> int:
        """Keyframes."""
        return self.shape[0]

    @property
    def embeddings(self) -> np.ndarray:
        """(N, D) float16; row i belongs to keyframe first_keyframe_id + i."""
        return self._read(0, len(self))

    @property
    def rows(self) -> np.ndarray:
        """(N, D) float32, the same."""
        return self.rows_between(0, len(self))

    def rows_between(self, first: int, end: int) -> np.ndarray:
        """(M, D) float32: rows [first, end). Each is converted once, which takes longer than a product with it."""
        computed = self._computed or self._begin()
        rows, has_rows = computed.rows, computed.has_rows
        piece, behind = first // _PIECE, -(-min(end, len(rows)) // _PIECE)
        while (piece := has_rows.find(0, piece, behind)) >= 0:
            known = has_rows.find(1, piece, behind)
            last = behind if known < 0 else known
            low, high = piece * _PIECE, min(last * _PIECE, len(rows))
            widen(self._read(low, high), rows[low:high])
            has_rows[piece:last] = b"\1" * (last - piece)
            piece = last
        return rows[first:end]

    def row(self, place: int) -> np.ndarray:
        """(D,) float16: the embedding of keyframe `place`."""
        row: np.ndarray = self._read(place, place + 1)[0]
        return row

    def likeness(self, place: int) -> float:
        """The cosine of keyframe `place`, below N - 1, and the one after it."""
        computed = self._computed or self._begin()
        piece = place // _PIECE
        if not computed.has_likeness[piece]:
            low, high = piece * _PIECE, min((piece + 1) * _PIECE, len(self) - 1)
            rows = self.rows_between(low, high + 1)
            computed.likeness[low:high] = np.einsum("nd,nd->n", rows[1:], rows[:-1])
            computed.has_likeness[piece] = True
        return computed.likeness_view[place]

    def _begin(self) -> _Computed:
        with _BEGINNING:
            if self._computed is None:
                self._computed = _Computed(self.shape)
            return self._computed


class _Computed:
    """What is computed from a block, piece by piece. Threads that compute the same piece write the same values."""

    def __init__(self, shape: tuple[int, int]) -> None:
        pieces = -(-shape[0] // _PIECE)
        self.rows = np.empty(shape, np.float32)
        self.has_rows = bytearray(pieces)
        self.likeness = np.empty(shape[0], np.float32)
        self.likeness_view = cast("memoryview[float]", self.likeness.data)  # gives single values faster than an array
        self.has_likeness = bytearray(pieces)


_BEGINNING = threading.Lock()  # threads that begin with one block at once must share what they compute
