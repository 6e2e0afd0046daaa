"""Sets an event's threshold at a camera by what people said of its alerts there. Nothing is trained.

The threshold moves by d log-odds, the one solution of

    d = PULL * (sum over wrong of sigmoid(s - d) - sum over right of sigmoid(d - s))

s are the scores of the marked stretches as the event scores them now. Each wrong alert lifts the threshold by how
clearly it would still be an alarm, each right one lowers it by how nearly it would be missed. So d is 0 without marks,
the order of the marks is of no matter, and many marks of one kind can't carry it away: those that lie where they should
pull no more.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from framescout.catalog.records import AlertMark

PULL = 2.0
"""Log-odds by which one mark moves the threshold at most: a factor of seven in rarity."""

_STEPS = 60  # halvings


def threshold_shift(scores: np.ndarray, was_right: np.ndarray) -> float:
    """`scores`: (M,) of the marked stretches; `was_right`: (M,) bool."""
    if not len(scores):
        return 0.0
    low, high = -PULL * np.count_nonzero(was_right), PULL * np.count_nonzero(~was_right)
    for _ in range(_STEPS):  # what is on the left rises with d, what is on the right falls
        middle = (low + high) / 2
        wrong = _sigmoid(scores[~was_right] - middle).sum()
        right = _sigmoid(middle - scores[was_right]).sum()
        low, high = (middle, high) if middle < PULL * (wrong - right) else (low, middle)
    return float((low + high) / 2)


def mark_of(marks: Sequence[AlertMark], event: str, content_hash: str, start: float, end: float) -> AlertMark | None:
    """What was said of a stretch: of the marks that overlap it, the one that does so for longest."""
    own = [mark for mark in marks if (mark.event, mark.content_hash) == (event, content_hash)]
    shared = [(min(mark.end, end) - max(mark.start, start), mark) for mark in own]
    length, best = max(shared, key=lambda each: each[0], default=(0.0, None))
    return best if length > 0 else None


def _sigmoid(values: np.ndarray) -> np.ndarray:
    result: np.ndarray = 1 / (1 + np.exp(-np.clip(values, -500, 500)))
    return result
