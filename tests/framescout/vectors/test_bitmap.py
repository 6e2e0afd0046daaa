"""The bitmap of a filter has the bits of its ids, and no others."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from framescout.vectors.exact import tidy
from framescout.vectors.faiss_files import bitmap

RANGES = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted), max_size=12)


@given(RANGES, st.integers(60, 80))
def test_a_bit_is_set_for_each_id_of_the_ranges(ranges: list[list[int]], end: int) -> None:
    apart = tidy(np.array(ranges, np.int64).reshape(-1, 2))
    found = np.flatnonzero(np.unpackbits(bitmap(apart, end), bitorder="little")).tolist()
    assert found == sorted({number for first, last in ranges for number in range(first, last)})
    assert len(bitmap(apart, end)) == -(-end // 8)
