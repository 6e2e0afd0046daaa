"""Writes sets of row addresses as Lance takes them: a Roaring bitmap a fragment, with containers of runs.

The format of a bitmap is https://github.com/RoaringBitmap/RoaringFormatSpec; before each stand the fragment's number
and the bitmap's length, before all how many there are.
"""

from __future__ import annotations

import struct

import numpy as np

_WITH_RUNS = 12347  # the cookie
_NO_OFFSETS = 4  # containers up to which nothing says where they begin
_FRAGMENT, _CONTAINER = 32, 16  # bits of an address below the number of the fragment, and of the container


def serialized(ranges: np.ndarray) -> bytes:
    """Addresses in (M, 2) int64 ranges [first, last + 1), sorted; none touches the next or lies in two fragments."""
    ranges = ranges[ranges[:, 1] > ranges[:, 0]]
    if not len(ranges):
        return struct.pack("<I", 0)
    runs = _cut(ranges)
    fragments = runs[:, 0] >> _FRAGMENT
    numbers, starts = np.unique(fragments, return_index=True)
    written = [struct.pack("<I", len(numbers))]
    for number, part in zip(numbers.tolist(), np.split(runs, starts[1:]), strict=True):
        bitmap = _bitmap(part - (number << _FRAGMENT))
        written += [struct.pack("<II", number, len(bitmap)), bitmap]
    return b"".join(written)


def _cut(ranges: np.ndarray) -> np.ndarray:
    """The same as (R, 2) runs [first, last] of which each lies in one container."""
    first, last = ranges[:, 0] >> _CONTAINER, (ranges[:, 1] - 1) >> _CONTAINER
    pieces = last - first + 1
    owner = np.repeat(np.arange(len(ranges)), pieces)
    container = first[owner] + np.arange(len(owner)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    begins = np.maximum(ranges[owner, 0], container << _CONTAINER)
    ends = np.minimum(ranges[owner, 1], (container + 1) << _CONTAINER) - 1
    return np.stack([begins, ends], axis=1)


def _bitmap(runs: np.ndarray) -> bytes:
    """(R, 2) runs [first, last] within one fragment; R > 0."""
    keys, starts, counts = np.unique(runs[:, 0] >> _CONTAINER, return_index=True, return_counts=True)
    lengths = runs[:, 1] - runs[:, 0]  # less one
    sizes = np.add.reduceat(lengths + 1, starts)
    head = struct.pack("<I", _WITH_RUNS | (len(keys) - 1) << 16)
    head += np.packbits(np.ones(len(keys), bool), bitorder="little").tobytes()
    head += np.stack([keys, sizes - 1], axis=1).astype("<u2").tobytes()
    if len(keys) >= _NO_OFFSETS:
        each = 2 + 4 * counts
        head += (len(head) + 4 * len(keys) + np.cumsum(each) - each).astype("<u4").tobytes()
    values = np.stack([runs[:, 0] & 0xFFFF, lengths], axis=1).ravel()
    return head + np.insert(values, 2 * starts, counts).astype("<u2").tobytes()
