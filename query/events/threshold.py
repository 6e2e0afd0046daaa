"""Chooses a camera's alarm threshold from its own history of scores, so that alarms are rare enough.

Peaks over a threshold (Siffer et al. 2017, "Anomaly detection in streams with extreme value theory", KDD; after
Pickands 1975): the scores above a high border fall off exponentially. The scale comes from the median of what exceeds
the border, so that the few true events in a history hardly move it. So a threshold exists even where no history does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from query.events.over_time import NEVER

_BORDER = 90  # percentile of a history above which it is its tail
_ENOUGH = 20  # stretches in the tail; with fewer, all cameras together speak
_LEAST_SCALE = 0.05  # log-odds


@dataclass(frozen=True, slots=True)
class Tail:
    """How rare high scores are at a camera."""

    border: float
    """Log-odds."""
    scale: float
    """Log-odds a factor of e in rarity."""
    per_hour: float
    """How often an hour the scores rise above the border."""
    stretches: int

    @classmethod
    def of(cls, scores: np.ndarray, seconds: float) -> Tail:
        """Of a history: (N,) scores in the order of time, that cover so many seconds; NEVER counts as calm."""
        known = scores[scores > NEVER / 2]
        if not len(known):
            return cls(0.0, 1.0, 1.0, 0)
        scores = np.maximum(scores, known.min())
        border = float(np.percentile(scores, _BORDER))
        above = scores > border
        stretches = int(np.count_nonzero(above & ~np.concatenate([[False], above[:-1]])))
        exceed = float(np.median(scores[above] - border)) / np.log(2) if above.any() else _LEAST_SCALE
        hours = max(seconds, 1.0) / 3600
        return cls(border, max(exceed, _LEAST_SCALE), max(stretches, 1) / hours, stretches)

    @property
    def is_enough(self) -> bool:
        """Whether the history is long enough to speak for itself."""
        return self.stretches >= _ENOUGH

    def at_rate(self, per_hour: float) -> float:
        """The score that is passed so often an hour; never below the border."""
        return self.border + self.scale * max(0.0, float(np.log(self.per_hour / per_hour)))
