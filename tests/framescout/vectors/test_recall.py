"""How many lists an index is told to walk, against brute force."""

from __future__ import annotations

from functools import partial

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from framescout.vectors.recall import AT, TARGET, choose_nprobe

LISTS = 300


def steps() -> list[int]:
    found = [1]
    while found[-1] < LISTS:
        found.append(min(max(found[-1] + 1, found[-1] * 6 // 5), LISTS))
    return found


curves = st.lists(st.integers(0, AT), min_size=LISTS, max_size=LISTS).map(sorted)


@given(curves, curves)
def test_the_fewest_lists_are_walked_that_find_enough_of_each_kind(pictures: list[int], sentences: list[int]) -> None:
    exact = np.arange(AT)[None]

    def find(curve: list[int], lists: int) -> np.ndarray:
        return np.where(exact < curve[lists - 1], exact, exact + AT)

    kinds = [(partial(find, curve), exact) for curve in (pictures, sentences)]
    nprobe, share = choose_nprobe(kinds, LISTS)
    enough = [min(TARGET, 0.997 * curve[-1] / AT) for curve in (pictures, sentences)]
    right = [
        lists
        for lists in steps()
        if all(curve[lists - 1] / AT >= least for curve, least in zip((pictures, sentences), enough, strict=True))
    ]
    assert nprobe == right[0]
    assert share == min(pictures[nprobe - 1], sentences[nprobe - 1]) / AT
