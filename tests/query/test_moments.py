"""Joining keyframes into moments."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st

from framescout.catalog.blocks import EmbeddingBlock
from query.confidence import Background
from query.curves import Curve, look_at
from query.evidence import Direction
from query.moments import Contrast, Joiner, Stretch, Stretches, border_of_cuts
from tests.framescout.vectors.make import unit_rows

scores = st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=60).map(
    lambda values: np.array(values, np.float64)
)


def stretches(curve: np.ndarray, at_least: float, background: float = 0.0, cuts: tuple[int, ...] = ()) -> list[Stretch]:
    """`cuts`: positions at which a new shot begins."""
    found = Stretches(background, border_of_cuts(0.0)).find([seen(curve, cuts)], at_least)
    return [stretch for _, stretch in found]


def seen(curve: np.ndarray, cuts: tuple[int, ...] = (), video_id: int = 1) -> Curve:
    """A video whose keyframes have these scores, and look the same but across a cut."""
    shots = np.cumsum(np.isin(np.arange(len(curve)), cuts))
    block = EmbeddingBlock(video_id, 1, np.eye(2, 8, dtype=np.float16)[shots % 2])
    return Curve(block, [], None, curve, bytearray(b"\1" * len(curve)))


def test_a_hill_is_one_moment_from_foot_to_foot() -> None:
    assert stretches(np.array([1, 1, 6, 10, 8, 1, 1.0]), 6, 1.0) == [Stretch(2, 4, 3)]


def test_two_hills_are_two_moments_the_higher_first() -> None:
    assert stretches(np.array([1, 8, 1, 1, 10, 1.0]), 6, 1.0) == [Stretch(4, 4, 4), Stretch(1, 1, 1)]


def test_a_scene_that_fits_all_along_is_one_moment() -> None:
    assert stretches(np.array([10.0, 9.6, 9.8, 9.4, 10.0]), 8, 1.0) == [Stretch(0, 4, 0)]


def test_a_cut_ends_a_moment_where_the_same_score_in_a_shot_would_not() -> None:
    curve = np.array([10.0, 6.0, 6.0, 0.0])
    assert stretches(curve, 10.0) == [Stretch(0, 2, 0)]
    assert stretches(curve, 10.0, cuts=(1,)) == [Stretch(0, 0, 0)]


def test_a_shot_that_goes_on_as_strongly_belongs_to_the_moment() -> None:
    assert stretches(np.array([10.0, 9.0, 8.0, 0.0]), 10.0, cuts=(1,)) == [Stretch(0, 2, 0)]


def test_what_a_filter_leaves_out_is_never_taken_in() -> None:
    curve = np.array([9.0, -np.inf, 10.0, 9.0, -np.inf])
    assert stretches(curve, 5.0) == [Stretch(2, 3, 2), Stretch(0, 0, 0)]
    assert stretches(np.full(3, -np.inf), -np.inf) == []


def test_cuts_lie_where_neighbours_have_little_in_common() -> None:
    one, other = np.eye(2, 8, dtype=np.float16)
    block = EmbeddingBlock(1, 1, np.stack([one, one, other, other, one]))
    assert [block.likeness(place) < border_of_cuts(0.1) for place in range(4)] == [False, True, False, True]


any_cuts = st.lists(st.integers(1, 59), max_size=8).map(tuple)


@given(scores, st.floats(-20, 20), st.floats(-20, 20), any_cuts)
def test_moments_hold_their_peak_and_never_overlap(
    curve: np.ndarray, at_least: float, background: float, cuts: tuple[int, ...]
) -> None:
    found = stretches(curve, at_least, background, cuts)
    covered = [position for stretch in found for position in range(stretch.first, stretch.last + 1)]
    assert len(covered) == len(set(covered))
    for stretch in found:
        inside = curve[stretch.first : stretch.last + 1]
        assert stretch.first <= stretch.peak <= stretch.last
        assert curve[stretch.peak] == inside.max() >= at_least
    peaks = [curve[stretch.peak] for stretch in found]
    assert peaks == sorted(peaks, reverse=True)


@given(scores, st.floats(-20, 20), any_cuts)
def test_every_keyframe_that_reaches_the_floor_lies_in_a_moment(
    curve: np.ndarray, at_least: float, cuts: tuple[int, ...]
) -> None:
    found = stretches(curve, at_least, cuts=cuts)
    covered = {position for stretch in found for position in range(stretch.first, stretch.last + 1)}
    assert set(np.flatnonzero(curve >= at_least)) <= covered


@given(scores, st.floats(-20, 20))
def test_moments_are_the_same_whichever_way_time_runs(curve: np.ndarray, at_least: float) -> None:
    distinct = curve + np.arange(len(curve)) * 1e-3  # equal peaks are told apart by their order
    forward = {(s.first, s.last) for s in stretches(distinct, at_least)}
    last = len(curve) - 1
    assert forward == {(last - s.last, last - s.first) for s in stretches(distinct[::-1], at_least)}


@given(st.lists(scores, min_size=1, max_size=4), st.floats(-20, 20))
def test_videos_do_not_touch_each_other(curves: list[np.ndarray], at_least: float) -> None:
    together = [seen(curve, video_id=number) for number, curve in enumerate(curves)]
    found = list(Stretches(0.0, 0.5).find(together, at_least))
    peaks = [curve.evidence[stretch.peak] for curve, stretch in found]
    assert peaks == sorted(peaks, reverse=True)
    for video in together:
        own = [stretch for curve, stretch in found if curve is video]
        assert own == stretches(video.evidence, at_least)


@given(st.lists(scores, min_size=1, max_size=4), st.lists(st.floats(-20, 20), min_size=1, max_size=4))
def test_asked_in_steps_the_moments_are_those_of_one_question(curves: list[np.ndarray], floors: list[float]) -> None:
    together = [seen(curve, video_id=number) for number, curve in enumerate(curves)]
    at_once = list(Stretches(0.0, 0.5).find(together, min(floors)))
    taker = Stretches(0.0, 0.5)
    assert [each for floor in sorted(floors, reverse=True) for each in taker.find(together, floor)] == at_once


@given(seed=st.integers(0, 10_000), count=st.integers(1, 300), looked=st.integers(1, 5))
def test_a_video_is_looked_into_as_far_as_its_moments_reach(seed: int, count: int, looked: int) -> None:
    chance = np.random.default_rng(seed)
    drift = np.cumsum(chance.normal(0, 0.1, (count, 16)), axis=0) + unit_rows(1, seed)
    block = EmbeddingBlock(1, 1, (drift / np.linalg.norm(drift, axis=1, keepdims=True)).astype(np.float16))
    part = Direction.of(unit_rows(1, seed + 1)[0], Background(0.2, 0.1))
    whole, partly = (Curve.unscored([block], [part], None)[0] for _ in range(2))
    look_at([(whole, 0, count)], whole.parts)
    floor = np.sort(whole.evidence)[-min(looked, count)]
    assume(not ((whole.evidence < floor) & (whole.evidence > floor - 2e-3)).any())
    for place in np.flatnonzero(whole.evidence >= floor).tolist():
        look_at([(partly, place, place + 1)], partly.parts)
    wanted, found = ([s for _, s in Stretches(-3.0, 0.5).find([each], floor - 1e-3)] for each in (whole, partly))
    assert found == wanted
    known = np.frombuffer(partly.is_scored, bool)
    assert np.allclose(partly.evidence[known], whole.evidence[known], atol=1e-4)


def test_a_shot_goes_on_beside_a_moment_where_the_neighbour_looks_alike() -> None:
    curve = seen(np.array([0.0, 0.0, 9.0, 0.0, 0.0]), cuts=(3,))
    part = Direction(np.zeros(8, np.float32), 0.0, 1.0)
    (moment,) = Joiner([part], Contrast(0.0, 0.0)).moments([curve], 5.0)
    assert (moment.first, moment.last, moment.goes_on) == (3, 3, (True, False))
    (first,) = Joiner([part], Contrast(0.0, 0.0)).moments([seen(np.array([9.0, 0.0]))], 5.0)
    assert first.goes_on == (False, True)
