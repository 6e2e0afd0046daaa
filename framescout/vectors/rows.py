"""Reads a space's embeddings for whoever builds an index of them, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from framescout.vectors.widths import widened, width_of

if TYPE_CHECKING:
    from framescout.catalog import Space

_ROWS = 131_072  # rows that are in memory at once


def sample(space: Space, count: int, size: int, seed: int) -> np.ndarray:
    """(at most `size`, D) float16: embeddings drawn evenly from all."""
    chosen = np.sort(np.random.default_rng(seed).choice(count, min(size, count), replace=False))
    drawn = np.empty((len(chosen), space.model.dimensions), np.float16)
    start = 0
    for block in space.blocks():
        end = start + len(block)
        first, last = np.searchsorted(chosen, [start, end])
        drawn[first:last] = block.embeddings[chosen[first:last] - start]
        start = end
    return drawn


def in_parts(space: Space) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Ids (n,) int64 and rows (n, W) float16, in order of id, so many at a time that memory stays bounded.

    W is what `width_of` says.
    """
    width = width_of(space.model.dimensions)
    ids: list[np.ndarray] = []
    rows: list[np.ndarray] = []
    waiting = 0
    for block in space.blocks():
        ids.append(np.arange(block.first_keyframe_id, block.first_keyframe_id + len(block)))
        rows.append(block.embeddings)
        waiting += len(block)
        if waiting >= _ROWS:
            yield np.concatenate(ids), widened(np.concatenate(rows), width)
            ids, rows, waiting = [], [], 0
    if waiting:
        yield np.concatenate(ids), widened(np.concatenate(rows), width)
