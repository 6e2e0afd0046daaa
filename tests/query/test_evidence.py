"""Evidence of several classes in one question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.confidence import Background, log_odds, probability
from query.evidence import Direction, Evidence, Keyframes, joint_log_odds, joint_log_odds_of_questions, log_probability
from query.moments import Contrast
from query.ranking import Scanned
from tests.framescout.vectors.make import Archive, unit_rows

BACKGROUND = Background(0.2, 0.1)


@dataclass(frozen=True)
class Bright:
    """Evidence of another class: a column of its own, and no cosine."""

    column: int
    weight: float = 1.0
    is_wanted: bool = True
    index_vector: None = None

    def odds_at(self, index_score: float) -> float:
        raise NotImplementedError

    def score_at(self, odds: float) -> float:
        return odds

    @classmethod
    def log_odds(cls, together: Sequence[Self], keyframes: Keyframes) -> np.ndarray:
        return np.stack([4.0 * keyframes.rows[:, each.column].astype(float) - 1.0 for each in together], axis=1)


def mixed(seed: int, count: int) -> list[Evidence]:
    chance, vectors = np.random.default_rng(seed), unit_rows(count, seed)
    made: list[Evidence] = []
    for number in range(count):
        weight, is_wanted = float(chance.choice([0.5, 1.0, 2.0])), number == 0 or bool(chance.integers(2))
        if chance.integers(2):
            made.append(Bright(int(chance.integers(16)), weight, is_wanted))
        else:
            made.append(Direction.of(vectors[number], BACKGROUND, weight, is_wanted=is_wanted))
    return made


def by_hand(parts: Sequence[Evidence], row: np.ndarray) -> float:
    product = 1.0
    for part in parts:
        if isinstance(part, Bright):
            sure = 1 / (1 + np.exp(1.0 - 4.0 * float(row[part.column])))
        else:
            sure = probability(log_odds(BACKGROUND.distance(float(row @ part.vector))))
        product *= (sure if part.is_wanted else 1 - sure) ** part.weight
    return product


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_pieces_of_any_class_are_joined_as_the_product_of_their_probabilities(seed: int, count: int) -> None:
    parts, rows = mixed(seed, count), unit_rows(20, seed + 1)
    wanted = [by_hand(parts, row) for row in rows]
    assert 1 / (1 + np.exp(-joint_log_odds(parts, Keyframes.of_rows(rows)))) == pytest.approx(wanted, abs=1e-5)
    assert np.exp(log_probability(parts, Keyframes.of_rows(rows))) == pytest.approx(wanted, abs=1e-5)
    together = joint_log_odds_of_questions([parts, mixed(seed + 1, 2)], Keyframes.of_rows(rows))
    assert together[0] == pytest.approx(joint_log_odds(parts, Keyframes.of_rows(rows)), abs=1e-4)


def test_evidence_that_the_index_does_not_know_is_ranked_by_a_pass(tmp_path_factory: pytest.TempPathFactory) -> None:
    archive = Archive.make(tmp_path_factory.mktemp("evidence") / "catalog")
    archive.add([30, 12, 60])
    with archive.catalog.snapshot() as snapshot:
        blocks = list(snapshot.space(archive.model).blocks())
        best = max((float(row[3]), block.video_id, place) for block in blocks for place, row in enumerate(block.rows))
        first = next(Scanned(snapshot.space(archive.model), [Bright(3)], None, Contrast(-1.0, 0.0)).moments(2))
    assert first.video_id == best[1]
    assert first.score == pytest.approx(4 * best[0] - 1, abs=1e-3)
