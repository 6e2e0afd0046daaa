"""A score against what strangers reach."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from query.confidence import Background, log_odds, probability


def confidence(background: Background, score: float) -> float:
    return probability(log_odds(background.distance(score)))


def test_confidence_rises_with_the_score() -> None:
    background = Background.of(np.random.default_rng(1).normal(0.3, 0.03, 40))
    rising = [confidence(background, score) for score in np.linspace(0.0, 0.6, 30)]
    assert rising == sorted(rising)
    assert rising[0] < 0.05
    assert rising[-1] > 0.95


def test_the_same_archive_seen_by_a_model_of_other_scale_gives_the_same_confidence() -> None:
    best = np.random.default_rng(1).normal(0.3, 0.05, 40)
    one, other = Background.of(best), Background.of(best * 2 + 0.1)
    assert abs(confidence(one, 0.4) - confidence(other, 0.4 * 2 + 0.1)) < 1e-6


def test_strangers_that_do_fit_an_archive_hardly_move_it() -> None:
    best = np.random.default_rng(1).normal(0.3, 0.03, 24)
    mixed = np.concatenate([best[:22], [0.6, 0.7]])
    assert abs(confidence(Background.of(best), 0.36) - confidence(Background.of(mixed), 0.36)) < 0.2


@given(st.lists(st.floats(-1, 1), max_size=50), st.floats(-1, 1))
def test_confidence_is_always_a_probability(best: list[float], score: float) -> None:
    assert 0.0 <= confidence(Background.of(np.array(best, np.float64)), score) <= 1.0
