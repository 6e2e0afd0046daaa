"""A score in, how likely it is a match out.

Cosines of different sentences are not comparable: each sentence has its own background over the archive. A keyframe's
score is therefore measured in that background's own spread (median and the upper side's spread, which a few true
matches hardly move), and against how well the sentence's vector is reached at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

MATCH = 0.5
"""A moment counts as a match from here on."""

# A logistic curve over two facts, fitted by benchmarks/confidence.py; see docs/confidence.md.
_BIAS, _PER_SPREAD, _PER_COSINE = -6.0, 0.8, 12.0
_FEWEST = 30  # keyframes below which the archive's own background says too little


@dataclass(frozen=True, slots=True)
class Background:
    """How a sentence's scores over the archive lie."""

    center: float
    spread: float

    @classmethod
    def of(cls, scores: np.ndarray) -> Background:
        """Of a sample of the sentence's scores over the archive, (N,)."""
        if len(scores) == 0:
            return cls(0.0, 0.05)
        center = float(np.median(scores))
        below = scores[scores <= center]
        spread = float(np.sqrt(np.mean((below - center) ** 2))) if len(below) else 0.0
        weight = min(1.0, len(scores) / _FEWEST)
        return cls(weight * center, max(weight * spread + (1 - weight) * 0.06, 0.02))

    def confidence(self, score: float) -> float:
        """How likely a keyframe with this score is a match, in [0, 1]."""
        above = (score - self.center) / self.spread
        return float(1.0 / (1.0 + np.exp(-(_BIAS + _PER_SPREAD * above + _PER_COSINE * score))))
