"""Sets of row addresses, as Lance reads them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.vectors.exact import tidy

pytest.importorskip("lance", reason="Lance is not installed")

from pyroaring import BitMap

from framescout.vectors.lance_datasets import allowlist


def read(written: bytes) -> set[int]:
    """How many fragments; of each the number, the length of its bitmap, the bitmap."""
    (fragments,) = struct.unpack_from("<I", written)
    at, found = 4, set()
    for _ in range(fragments):
        number, length = struct.unpack_from("<II", written, at)
        found |= {number << 32 | row for row in BitMap.deserialize(written[at + 8 : at + 8 + length])}
        at += 8 + length
    assert at == len(written)
    return found


rows = st.integers(0, 5 << 16) | st.sampled_from([0, 65_535, 65_536, 131_071, 131_072])
fragment_ranges = st.tuples(st.integers(0, 3), rows, st.integers(0, 70_000) | st.integers(0, 3))


@given(st.lists(fragment_ranges, max_size=8))
def test_every_address_in_the_ranges_is_written_and_no_other(picked: list[tuple[int, int, int]]) -> None:
    parts = [(number << 32 | first, (number << 32 | first) + length) for number, first, length in picked]
    ranges = tidy(np.array(parts, np.int64).reshape(-1, 2))
    wanted = {address for first, end in ranges.tolist() for address in range(first, end)}
    assert read(allowlist(ranges)) == wanted


def test_a_range_is_written_as_a_range() -> None:
    assert len(allowlist(np.array([[0, 2**31]]))) < 2**19  # a container a run, not a bit a row
