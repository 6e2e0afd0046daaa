"""Learns a better direction from what a person said of earlier answers (Rocchio 1971, in the SMART retrieval system).

Sentences and pictures lie apart in the model's space, so a sum of their vectors would favour whichever is longer or
nearer. So their distances from their backgrounds are summed, in units of the spread. Each distance is linear in the
keyframe, so the sum is again one direction.
"""

from __future__ import annotations

import numpy as np

from query.confidence import Background
from query.evidence import Direction

_ASKED, _RIGHT, _WRONG = 1.0, 0.75, 0.25
"""Weights of the question, of what was right and of what was wrong; Rocchio's usual ones."""


def learn(asked: Direction | None, right: np.ndarray, wrong: np.ndarray, pictures: Background) -> Direction:
    """The direction of a question after feedback.

    Args:
        asked: the question before; None where there is nothing but examples.
        right: (N, D) embeddings of moments that were right; unit rows, N > 0 where `asked` is None.
        wrong: (M, D) of those that were wrong.
        pictures: against what the cosine of a picture is held.
    """
    terms: list[tuple[float, Direction]] = [] if asked is None else [(_ASKED, asked)]
    for rows, weight in ((right, _RIGHT), (wrong, -_WRONG)):
        if len(rows):
            mean = rows.astype(np.float32).mean(axis=0)
            terms.append((weight, Direction.of(mean / max(float(np.linalg.norm(mean)), 1e-6), pictures)))
    total = sum(weight for weight, _ in terms)
    vector = sum((weight / total * part.slope * part.vector for weight, part in terms), np.zeros(1, np.float32))
    length = max(float(np.linalg.norm(vector)), 1e-6)
    at_zero = sum(weight / total * part.at_zero for weight, part in terms)
    weight = 1.0 if asked is None else asked.weight
    return Direction((vector / length).astype(np.float32), at_zero, length, weight)
