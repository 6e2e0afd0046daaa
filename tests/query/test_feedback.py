"""What was right pulls, what was wrong pushes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.confidence import Background
from query.evidence import Direction, Keyframes, joint_log_odds
from query.feedback import learn
from tests.framescout.vectors.make import unit_rows

SENTENCES, PICTURES = Background(0.3, 0.05), Background(0.6, 0.1)


@given(st.integers(0, 10_000), st.integers(0, 3), st.integers(0, 3))
def test_the_direction_scores_as_the_weighted_sum_of_distances(seed: int, right: int, wrong: int) -> None:
    rows = unit_rows(30, seed)
    asked = Direction.of(rows[0], SENTENCES)
    good, bad = rows[1 : 1 + right], rows[10 : 10 + wrong]
    learned = learn(asked, good, bad, PICTURES)
    odds = joint_log_odds([asked], Keyframes.of_rows(rows))
    total = 1.0
    summed = odds.copy()
    for examples, weight in ((good, 0.75), (bad, -0.25)):
        if len(examples):
            mean = examples.mean(axis=0)
            summed += weight * joint_log_odds(
                [Direction.of(mean / np.linalg.norm(mean), PICTURES)], Keyframes.of_rows(rows)
            )
            total += weight
    assert joint_log_odds([learned], Keyframes.of_rows(rows)) == pytest.approx(summed / total, rel=1e-3, abs=1e-2)
    assert np.linalg.norm(learned.vector) == pytest.approx(1.0, abs=1e-4)


def test_examples_move_what_is_like_them() -> None:
    rows = unit_rows(40, 5)
    asked = Direction.of(rows[0], SENTENCES)
    order = np.argsort(-joint_log_odds([asked], Keyframes.of_rows(rows)))
    low = int(order[30])
    pulled = joint_log_odds([learn(asked, rows[[low]], rows[:0], PICTURES)], Keyframes.of_rows(rows))
    assert list(np.argsort(-pulled)).index(low) < 30
    pushed = joint_log_odds([learn(asked, rows[:0], rows[[low]], PICTURES)], Keyframes.of_rows(rows))
    assert list(np.argsort(-pushed)).index(low) >= 30


def test_examples_alone_are_a_question() -> None:
    rows = unit_rows(40, 6)
    learned = learn(None, rows[[3]], rows[:0], PICTURES)
    assert int(np.argmax(joint_log_odds([learned], Keyframes.of_rows(rows)))) == 3
