from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.distinct import distinct


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.integers(0, 5)))
def test_each_is_there_once_in_rising_order(numbers: list[int]) -> None:
    assert distinct(np.array(numbers, np.int64)).tolist() == sorted(set(numbers))


@pytest.mark.parametrize("kind", [np.int32, np.uint8])
def test_the_type_stays(kind: type) -> None:
    assert distinct(np.array([3, 1, 3], kind)).dtype == kind
