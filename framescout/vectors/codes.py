"""Vectors as 8-bit integers: how they are written into lists, and how questions are compared with them.

A list holds the differences of its vectors from its centre, in steps of which 127 reach nearly as far as the largest
difference. Centres are kept in steps too, so that a product with a question is a cosine but for one factor. Questions
are rounded to 8 bits of their own: FAISS multiplies integers faster than anything else, and reads half of what float16
takes.
"""

from __future__ import annotations

import numpy as np

ZERO = 128
"""How a difference of none is stored: FAISS's QT_8bit_direct_signed."""
_HALF = 127  # the largest step
_INSIDE = 0.999  # share of the numbers in all differences that are within the largest step; the others become it
_LEAST = 0.002  # that it reaches, though all vectors be the same: a length of 1 in steps is to be a float16
_AT_ONCE = 8192  # rows


def steps_for(differences: np.ndarray) -> float:
    """How many steps a length of 1 is, for (N, D) float32 differences of vectors from their centres."""
    return _HALF / max(float(np.quantile(np.abs(differences), _INSIDE)), _LEAST)


def encode(rows: np.ndarray, numbers: np.ndarray, centres: np.ndarray, steps: float) -> np.ndarray:
    """What stands for vectors in their lists.

    Args:
        rows: (n, D) float16 or float32, unit vectors.
        numbers: (n,) the lists that they belong into.
        centres: (L, D) float32, in steps.
        steps: as `steps_for` says it.

    Returns:
        (n, D) uint8.
    """
    codes = np.empty(rows.shape, np.uint8)
    for start in range(0, len(rows), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        differences = np.rint(rows[part].astype(np.float32) * np.float32(steps) - centres[numbers[part]])
        codes[part] = np.clip(differences, -_HALF, _HALF) + ZERO
    return codes


def in_whole_numbers(queries: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(Q, D) float32 -> the same rounded to whole numbers of 8 bits, and (Q, 1) what one stands for in each row."""
    unit = np.maximum(np.abs(queries).max(axis=1, keepdims=True), np.finfo(np.float32).tiny) / _HALF
    return np.rint(queries / unit), unit
