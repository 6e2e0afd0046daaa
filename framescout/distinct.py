"""Each of many whole numbers once."""

from __future__ import annotations

import numpy as np


def distinct(numbers: np.ndarray) -> np.ndarray:
    """(N,) integers -> those that occur, rising.

    `np.unique` of NumPy 2.4 fills a hash table with integers, and takes ten times as long where most of many differ.
    """
    ordered = np.sort(numbers)
    is_new = np.ones(len(ordered), bool)
    is_new[1:] = ordered[1:] != ordered[:-1]
    return ordered[is_new]
