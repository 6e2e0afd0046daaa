"""Sets of row addresses, read as the format says."""

from __future__ import annotations

import struct

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from framescout.vectors.exact import tidy
from framescout.vectors.roaring import serialized


def read(written: bytes) -> set[int]:
    """By the letter of https://github.com/RoaringBitmap/RoaringFormatSpec."""
    (fragments,) = struct.unpack_from("<I", written)
    at, found = 4, set()
    for _ in range(fragments):
        number, length = struct.unpack_from("<II", written, at)
        found |= {number << 32 | low for low in read_bitmap(written[at + 8 : at + 8 + length])}
        at += 8 + length
    assert at == len(written)
    return found


def read_bitmap(bitmap: bytes) -> set[int]:
    (cookie,) = struct.unpack_from("<I", bitmap)
    assert cookie & 0xFFFF == 12347
    containers = (cookie >> 16) + 1
    at = 4 + -(-containers // 8)
    described = np.frombuffer(bitmap, "<u2", 2 * containers, at).reshape(-1, 2)
    at += 4 * containers
    offsets = np.frombuffer(bitmap, "<u4", containers, at) if containers >= 4 else None
    at += 4 * containers if containers >= 4 else 0
    found: set[int] = set()
    for place, (key, size) in enumerate(described.tolist()):
        assert offsets is None or offsets[place] == at
        (runs,) = struct.unpack_from("<H", bitmap, at)
        for first, more in np.frombuffer(bitmap, "<u2", 2 * runs, at + 2).reshape(-1, 2).tolist():
            found |= {key << 16 | low for low in range(first, first + more + 1)}
        assert sum(low >> 16 == key for low in found) == size + 1
        at += 2 + 4 * runs
    assert at == len(bitmap)
    return found


rows = st.integers(0, 5 << 16) | st.sampled_from([0, 65_535, 65_536, 131_071, 131_072])
fragment_ranges = st.tuples(st.integers(0, 3), rows, st.integers(0, 70_000) | st.integers(0, 3))


@given(st.lists(fragment_ranges, max_size=8))
def test_every_address_in_the_ranges_is_written_and_no_other(picked: list[tuple[int, int, int]]) -> None:
    parts = [(number << 32 | first, (number << 32 | first) + length) for number, first, length in picked]
    ranges = tidy(np.array(parts, np.int64).reshape(-1, 2))
    wanted = {address for first, end in ranges.tolist() for address in range(first, end)}
    assert read(serialized(ranges)) == wanted
