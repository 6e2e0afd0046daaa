"""How likely a score is a match.

Cosines mean nothing by themselves: they differ from model to model and from archive to archive. So a score is held
against what has nothing to do with the question:

- of a sentence, against what sentences that hardly any archive answers reach in this archive at best;
- of a picture, against what keyframes reach at best in nine of ten other videos.

Of these, the median and the spread count (median absolute deviation, which the few of them that do fit hardly move). A
logistic curve, fitted by benchmarks/confidence.py, turns the distance into a probability. Measured for sentences; for
pictures the same curve is taken.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

MATCH = 0.5
"""A moment counts as a match from here on."""

PER_SPREAD = 2.6
"""Log-odds a spread of what strangers reach."""

_AT_THE_MEDIAN = -3.2  # log-odds
_LEAST_SPREAD = 0.02  # cosine


@dataclass(frozen=True, slots=True)
class Background:
    """What has nothing to do with a question reaches at best, in cosine."""

    center: float
    spread: float

    @classmethod
    def of(cls, best: np.ndarray) -> Background:
        """Of each stranger's best score, (N,); none where nothing is indexed."""
        if len(best) == 0:
            return cls(0.0, _LEAST_SPREAD)
        center = median(best)
        deviation = 1.4826 * median(np.abs(best - center))  # of a normal distribution: its sigma
        return cls(center, max(deviation, _LEAST_SPREAD))

    def distance(self, score: float) -> float:
        """How many spreads the score lies above the centre."""
        return (score - self.center) / self.spread


def median(values: np.ndarray) -> float:
    """Of (N,) numbers, N > 0: as np.median, which imports numpy.ma and so takes 0.01 s the first time."""
    ordered = np.sort(values)
    return float((ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2)


def log_odds(distance: float) -> float:
    """Of a match, for a score that lies so many spreads above the background's centre."""
    return _AT_THE_MEDIAN + PER_SPREAD * distance


def probability(odds: float) -> float:
    """The logistic function: log-odds -> probability."""
    return 1.0 / (1.0 + math.exp(min(-odds, 700.0)))  # beyond, exp overflows


def softmax(logits: np.ndarray) -> np.ndarray:
    """(N, K) -> (N, K), rows sum to 1; of each row one at least is finite."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return result
