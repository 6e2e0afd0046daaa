"""What looks the same is shown once and counted."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from query.collapse import collapse
from query.moments import RankedMoment


def found(vector: np.ndarray, number: int) -> RankedMoment:
    unit = (vector / np.linalg.norm(vector)).astype(np.float16)
    return RankedMoment(1, first=number, last=number, peak=number, score=-number, confidence=0.5, vector=unit)


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 6))
def test_each_look_comes_once_with_the_count_of_its_likes(looks: list[int], enough: int) -> None:
    directions, random = np.eye(5, 16), np.random.default_rng(1)
    given_moments = [found(directions[look] + 0.005 * random.normal(size=16), i) for i, look in enumerate(looks)]
    kept = collapse(given_moments, enough, 0.1)
    firsts = [looks.index(look) for look in sorted(set(looks), key=looks.index)]
    assert [each.peak for each in kept] == firsts[:enough]
    read_to = firsts[enough] if len(firsts) > enough else len(looks)
    assert [each.similar for each in kept] == [looks[:read_to].count(looks[i]) - 1 for i in firsts[:enough]]
