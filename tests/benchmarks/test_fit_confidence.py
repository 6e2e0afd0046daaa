"""The fit of the confidence finds what is there."""

from __future__ import annotations

import numpy as np

from benchmarks.discrimination import auroc
from benchmarks.fit_confidence import logistic, reliability
from benchmarks.plain_words import words_of


def test_a_logistic_fit_finds_the_constants_that_made_the_pairs() -> None:
    draw = np.random.default_rng(1)
    terms = np.stack([np.ones(20_000), draw.normal(size=20_000), draw.normal(size=20_000)], axis=1)
    wanted = np.array([-1.0, 2.0, -0.5])
    right = draw.random(20_000) < 1 / (1 + np.exp(-terms @ wanted))
    assert np.abs(logistic(terms, right, np.ones(len(right))) - wanted).max() < 0.1


def test_auroc_is_the_share_of_ordered_pairs() -> None:
    draw = np.random.default_rng(2)
    scores, positive = draw.integers(0, 9, 60).astype(float), draw.random(60) < 0.4
    pairs = [(a > b) + (a == b) / 2 for a in scores[positive] for b in scores[~positive]]
    assert np.isclose(auroc(scores[positive], scores[~positive]), np.mean(pairs))


def test_reliability_counts_every_pair_once() -> None:
    draw = np.random.default_rng(3)
    table = reliability(draw.random(500), draw.random(500) < 0.5)
    assert sum(count for *_, count in table) == 500


def test_a_caption_says_the_kinds_that_its_words_belong_to() -> None:
    assert {"person", "animal", "dog", "water"} <= words_of(["A girl and her puppies swim in a lake"])
    assert "car" not in words_of(["A dog on a carpet"])
