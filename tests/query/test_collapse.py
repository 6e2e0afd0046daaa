"""What looks the same is shown once and counted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from query import collapse as module
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


@given(st.integers(1, 300), st.integers(1, 80), st.integers(0, 10**6), st.sampled_from([0.5, 0.9, 0.97]))
def test_shortened_looks_collapse_as_whole_ones_do(count: int, enough: int, seed: int, unlike: float) -> None:
    random = np.random.default_rng(seed)
    centers = random.normal(size=(12, 24))
    looks = centers[random.integers(0, 12, count)] + 0.25 * random.normal(size=(count, 24)) * random.random((count, 1))
    given_moments = [found(look, number) for number, look in enumerate(looks)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_FROM", 8)
        patch.setattr(module, "_DIRECTIONS", 5)
        kept = collapse(given_moments, enough, unlike)
    border = unlike + 0.97 * (1 - unlike)
    slowly: list[int] = []
    for number, each in enumerate(given_moments):
        if all(_cosine(each, given_moments[other]) < border for other in slowly):
            slowly.append(number)
    assert [each.peak for each in kept] == slowly[:enough]


@given(st.integers(0, 10**6), st.integers(1, 6))
def test_the_common_directions_hold_the_largest_shares(seed: int, wanted: int) -> None:
    rows = np.random.default_rng(seed).normal(size=(40, 8)).astype(np.float32) * np.arange(1, 9, dtype=np.float32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_DIRECTIONS", wanted)
        directions = module._common_directions(rows)
    assert directions.T @ directions == pytest.approx(np.eye(wanted), abs=1e-4)
    largest = np.linalg.svd(rows, compute_uv=False)[:wanted]
    assert (np.square(rows @ directions)).sum() == pytest.approx(np.square(largest).sum(), rel=1e-3)


def _cosine(one: RankedMoment, other: RankedMoment) -> float:
    return float(one.vector.astype(np.float32) @ other.vector.astype(np.float32))
