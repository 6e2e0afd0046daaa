"""How many numbers a vector has in an index file.

FAISS compares quantised vectors 16 numbers at a time if their count is a multiple of 16, else most kinds one by one:
20 times as slowly (findings/faiss-slow-beside-sixteen.sh). So zeros stand behind those of other lengths; they change
no inner product.
"""

from __future__ import annotations

import numpy as np

_TOGETHER = 16


def width_of(dimensions: int) -> int:
    """Numbers in a vector of an index file, for a model's D."""
    return -(-dimensions // _TOGETHER) * _TOGETHER


def fits(width: int, dimensions: int) -> bool:
    """Whether an index of this width is one of a model with D dimensions; older files have no zeros behind."""
    return width in (dimensions, width_of(dimensions))


def widened(rows: np.ndarray, width: int) -> np.ndarray:
    """(N, D) -> (N, width) of the same type, with zeros behind."""
    if rows.shape[1] == width:
        return rows
    wide = np.zeros((len(rows), width), rows.dtype)
    wide[:, : rows.shape[1]] = rows
    return wide
