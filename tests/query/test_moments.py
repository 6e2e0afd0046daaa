"""Joining keyframes into moments."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from query.moments import Stretch, find_stretches

scores = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=60).map(lambda values: np.array(values, np.float32))


def test_a_hill_is_one_moment_from_foot_to_foot() -> None:
    curve = np.array([0.1, 0.1, 0.3, 0.5, 0.4, 0.1, 0.1])
    assert find_stretches(curve, 0.3, background=0.1) == [Stretch(2, 4, 3)]


def test_two_hills_are_two_moments_the_higher_first() -> None:
    curve = np.array([0.1, 0.4, 0.1, 0.1, 0.5, 0.1])
    assert find_stretches(curve, 0.3, background=0.1) == [Stretch(4, 4, 4), Stretch(1, 1, 1)]


def test_a_scene_that_fits_all_along_is_one_moment() -> None:
    curve = np.array([0.50, 0.48, 0.49, 0.47, 0.50])
    assert find_stretches(curve, 0.4, background=0.1) == [Stretch(0, 4, 0)]


@given(scores, st.floats(-1, 1), st.floats(-1, 1))
def test_moments_hold_their_peak_and_never_overlap(curve: np.ndarray, at_least: float, background: float) -> None:
    found = find_stretches(curve, at_least, background=background)
    covered = [position for stretch in found for position in range(stretch.first, stretch.last + 1)]
    assert len(covered) == len(set(covered))
    for stretch in found:
        inside = curve[stretch.first : stretch.last + 1]
        assert stretch.first <= stretch.peak <= stretch.last
        assert curve[stretch.peak] == inside.max() >= at_least
    peaks = [curve[stretch.peak] for stretch in found]
    assert peaks == sorted(peaks, reverse=True)


@given(scores, st.floats(-1, 1))
def test_every_keyframe_that_reaches_the_floor_lies_in_a_moment(curve: np.ndarray, at_least: float) -> None:
    covered = {
        position for stretch in find_stretches(curve, at_least) for position in range(stretch.first, stretch.last + 1)
    }
    assert set(np.flatnonzero(curve >= at_least)) <= covered


@given(scores, st.floats(-1, 1))
def test_moments_are_the_same_whichever_way_time_runs(curve: np.ndarray, at_least: float) -> None:
    distinct = curve + np.arange(len(curve)) * 1e-3  # equal peaks are told apart by their order
    forward = {(s.first, s.last) for s in find_stretches(distinct, at_least, background=0.0)}
    mirrored = find_stretches(distinct[::-1], at_least, background=0.0)
    last = len(curve) - 1
    assert forward == {(last - s.last, last - s.first) for s in mirrored}
