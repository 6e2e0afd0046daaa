"""A score against its background."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from query.confidence import Background


def test_confidence_rises_with_the_score() -> None:
    background = Background.of(np.random.default_rng(1).normal(0.1, 0.05, 1000))
    rising = [background.confidence(score) for score in np.linspace(-0.2, 0.9, 30)]
    assert rising == sorted(rising)
    assert rising[0] < 0.05
    assert rising[-1] > 0.95


def test_a_few_true_matches_do_not_move_the_background() -> None:
    noise = np.random.default_rng(1).normal(0.1, 0.05, 1000)
    plain, mixed = Background.of(noise), Background.of(np.concatenate([noise, np.full(50, 0.6)]))
    assert abs(plain.confidence(0.4) - mixed.confidence(0.4)) < 0.1


@given(st.lists(st.floats(-1, 1), max_size=50), st.floats(-1, 1))
def test_confidence_is_always_a_probability(scores: list[float], score: float) -> None:
    assert 0.0 <= Background.of(np.array(scores, np.float64)).confidence(score) <= 1.0
