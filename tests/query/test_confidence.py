"""A score against what strangers reach."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import framescout
import indexer
import query
from framescout import settings
from framescout.embedding import ReferenceScores
from framescout.embedding.reference import REFERENCE
from query.confidence import MATCH, ArchiveScores, Background, line_of_sentence, log_odds, probability

STARTER = Path(framescout.__file__).parent / "models" / "starter"


@pytest.fixture
def bare_starter(tmp_path: Path) -> str:
    """The starter's towers, without its reference vectors."""
    folder = tmp_path / "bare"
    shutil.copytree(STARTER, folder, ignore=shutil.ignore_patterns(REFERENCE))
    return f"local-dir:{folder}"


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


def reference_scores(seed: int, scale: float = 1.0) -> ReferenceScores:
    """Of made-up unit vectors, with all scores `scale` times as large."""
    random = np.random.default_rng(seed)
    pictures = random.normal(size=(200, 17)).astype(np.float32)
    pictures /= np.linalg.norm(pictures, axis=1, keepdims=True)
    return ReferenceScores(scale * pictures, 0.3 * pictures[0, :16], scale * 0.02, scale * 0.25, 0.9, 0.1)


def archive_scores(seed: int, scale: float = 1.0) -> ArchiveScores:
    """Of made-up everyday sentences."""
    mean = np.random.default_rng(seed).normal(size=17).astype(np.float32)
    return ArchiveScores(0.3 * mean / np.linalg.norm(mean), scale * 0.02, scale * 0.25)


VECTOR = np.full(17, 1 / np.sqrt(17), np.float32)


@given(st.text(max_size=60), st.integers(0, 20))
def test_a_higher_score_is_never_less_likely_a_match(text: str, seed: int) -> None:
    for scores in (reference_scores(seed), archive_scores(seed)):
        at_zero, slope = line_of_sentence(VECTOR, text, scores)
        assert np.isfinite(at_zero)
        assert slope > 0


@given(st.sampled_from(["a person", "two men fighting in a street at night"]), st.floats(0.1, 10), st.floats(-1, 1))
def test_a_model_whose_scores_lie_further_apart_is_as_sure(text: str, scale: float, score: float) -> None:
    for scores in (reference_scores, archive_scores):
        one, other = (line_of_sentence(VECTOR, text, scores(3, each)) for each in (1.0, scale))
        assert one[0] + one[1] * score == pytest.approx(other[0] + other[1] * score * scale, abs=1e-3)


def test_a_plain_word_is_found_without_reference_vectors_in_archives_of_any_size(
    tmp_path: Path, landscapes: Path, bare_starter: str
) -> None:
    """The landscapes by themselves, and one of them alone: the same moment is nearly as sure."""
    answers = []
    for name, paths in (("all", [landscapes]), ("one", [landscapes / "holiday.mp4"])):
        catalog = framescout.open(tmp_path / name)
        indexer.index(catalog, paths, settings=settings.load(model=bare_starter))
        moments = query.search(catalog, "mountains", limit=50, collapse=False).moments
        answers.append({moment.peak: moment.confidence for moment in moments if moment.video.endswith("holiday.mp4")})
    assert max(answers[1].values()) >= MATCH
    assert answers[0] == pytest.approx(answers[1], abs=0.15)


def test_confidence_does_not_depend_on_the_archive(tmp_path: Path, towers: Path, landscapes: Path) -> None:
    """The landscapes by themselves, and one of them alone: the same moment is as sure."""
    answers = []
    for name, paths in (("all", [landscapes]), ("one", [landscapes / "holiday.mp4"])):
        (tmp_path / name).mkdir()
        shutil.copytree(towers, tmp_path / name / "cache", copy_function=os.link)
        catalog = framescout.open(tmp_path / name)
        indexer.index(catalog, paths)
        moments = query.search(catalog, "trees in a green meadow", limit=50, collapse=False).moments
        answers.append({moment.peak: moment.confidence for moment in moments if moment.video.endswith("holiday.mp4")})
    assert answers[1]
    assert answers[0] == pytest.approx(answers[1], abs=1e-6)
