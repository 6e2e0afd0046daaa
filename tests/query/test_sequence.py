"""Chains of keyframes against trying them all."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from query.sequence import SequenceScores, best_chain, best_chains


@st.composite
def tracks(draw: st.DrawFn) -> tuple[SequenceScores, list[float]]:
    count, steps = draw(st.integers(1, 9)), draw(st.integers(1, 3))
    gaps = draw(st.lists(st.sampled_from([0.5, 1.0, 4.0]), min_size=count, max_size=count))
    scores = st.lists(st.sampled_from([-np.inf, -5.0, -2.0, -1.0, -0.5, -0.1]), min_size=count, max_size=count)
    values = np.array([draw(scores) for _ in range(steps)])
    within = draw(st.lists(st.sampled_from([0.5, 1.5, 6.0]), min_size=steps - 1, max_size=steps - 1))
    return SequenceScores(np.cumsum(gaps), values + np.linspace(0, 1e-3, count)), within


def every_chain(track: SequenceScores, within: list[float]) -> list[tuple[float, tuple[int, ...]]]:
    found = []
    for places in itertools.combinations(range(len(track.times)), len(track.steps)):
        spans = np.diff(track.times[list(places)])
        total = sum(track.steps[step, place] for step, place in enumerate(places))
        if (spans <= np.array(within)).all() and np.isfinite(total):
            found.append((total, places))
    return sorted(found, reverse=True)


@given(tracks())
def test_the_best_chain_is_the_best_of_all(drawn: tuple[SequenceScores, list[float]]) -> None:
    track, within = drawn
    chains, best = every_chain(track, within), best_chain(track, within)
    assert (best is None) == (not chains)
    if best:
        assert abs(best.log_probability - chains[0][0]) < 1e-9
        assert abs(best.log_probability - {places: total for total, places in chains}[best.keyframes]) < 1e-9


@given(st.lists(tracks(), min_size=1, max_size=4))
def test_chains_come_best_first_and_never_overlap(drawn: list[tuple[SequenceScores, list[float]]]) -> None:
    steps = len(drawn[0][0].steps)
    within = drawn[0][1]
    same = [track for track, _ in drawn if len(track.steps) == steps]
    found = list(best_chains([track.steps for track in same], lambda number: same[number].times, within))
    totals = [chain.log_probability for _, chain in found]
    assert all(a >= b - 1e-9 for a, b in itertools.pairwise(totals))
    best_of_all = max((chains[0][0] for track in same if (chains := every_chain(track, within))), default=None)
    assert (best_of_all is None) == (not found)
    if best_of_all is not None:
        assert abs(totals[0] - best_of_all) < 1e-9
    for number in range(len(same)):
        spans = sorted((c.keyframes[0], c.keyframes[-1]) for n, c in found if n == number)
        assert all(end < start for (_, end), (start, _) in itertools.pairwise(spans))


@given(st.lists(tracks(), min_size=1, max_size=3))
def test_nothing_better_is_left_beside_the_chains(drawn: list[tuple[SequenceScores, list[float]]]) -> None:
    """In what lies between the chains there is none that was passed over."""
    track, within = drawn[0]
    found = [chain for _, chain in best_chains([track.steps], lambda _: track.times, within)]
    used = {place for chain in found for place in range(chain.keyframes[0], chain.keyframes[-1] + 1)}
    for _, places in every_chain(track, within):
        assert used & set(range(places[0], places[-1] + 1))
