"""Chooses a camera's alarm threshold from its own history of scores, so that alarms are as rare as was asked.

Where the history is long enough to show a score so often, the threshold is the one that it shows so often. Beyond that,
peaks over a threshold (Siffer et al. 2017, "Anomaly detection in streams with extreme value theory", KDD; after
Pickands 1975): what rises above a high border falls off exponentially. The border is one that only the highest eighty
stretches pass, so that little is extrapolated. The scale comes from the median of what exceeds it, so that the few true
events in a history hardly move it.
"""

from __future__ import annotations

import msgspec
import numpy as np

from query.events.over_time import NEVER

_LOWEST = 90  # percentile of a history below which no threshold lies
_TAIL = 80  # stretches above the border, where there are so many: ten true events among them do little
_ENOUGH = 20  # stretches of the tail; with fewer in all, all cameras together speak
_LEAST_SCALE = 0.05  # log-odds


class Tail(msgspec.Struct, frozen=True, eq=False):
    """How rare high scores are at a camera."""

    border: float
    """Log-odds that the highest stretches pass."""
    scale: float
    """Log-odds a factor of e in rarity, above the border."""
    hours: float
    stretches: int
    """How many rise above the lowest level."""
    levels: np.ndarray
    """(L,) the scores of the history from its lowest level on, rising."""
    rises: np.ndarray
    """(L,) how often the history rises above each."""

    @classmethod
    def of(cls, scores: np.ndarray, seconds: float) -> Tail:
        """Of a history: (N,) scores in the order of time, that cover so many seconds; NEVER counts as calm."""
        known = scores[scores > NEVER / 2]
        hours = max(seconds, 1.0) / 3600
        if not len(known):
            return cls(0.0, 1.0, hours, 0, np.zeros(1), np.zeros(1, np.int64))
        scores = np.maximum(scores, known.min())
        levels = np.sort(scores)
        levels = np.unique(levels[levels >= np.percentile(scores, _LOWEST)])
        before = np.concatenate([[-np.inf], scores[:-1]])
        often = rises(scores, before, levels)
        high = np.flatnonzero(often >= min(_TAIL, int(often.max())))[-1]
        peaks = _peaks(scores, float(levels[high]))
        exceed = float(np.median(peaks - levels[high])) / np.log(2) if len(peaks) else 0.0
        return cls(float(levels[high]), max(exceed, _LEAST_SCALE), hours, int(often[0]), levels, often)

    @property
    def is_enough(self) -> bool:
        """Whether the history is long enough to speak for itself."""
        return self.stretches >= _ENOUGH

    def at_rate(self, per_hour: float) -> float:
        """The score that is reached so often an hour; never below the lowest level."""
        wanted, known = per_hour * self.hours, int(self.rises[np.searchsorted(self.levels, self.border)])
        if wanted < max(known, 1):
            return float(np.nextafter(self.border + self.scale * np.log(max(known, 1) / wanted), np.inf))
        too_often = np.flatnonzero(self.rises > wanted)
        place = min(int(too_often[-1]) + 1 if len(too_often) else 0, len(self.levels) - 1)
        return float(np.nextafter(min(self.levels[place], self.border), np.inf))


def rises(scores: np.ndarray, before: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """(L,) how often (N,) scores, each after the one `before`, rise above each level."""
    is_up = scores > before
    counts: np.ndarray = _above(scores[is_up], levels) - _above(before[is_up], levels)
    return counts


def _above(values: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """(L,) how many of the values lie above each level."""
    counts: np.ndarray = len(values) - np.searchsorted(np.sort(values), levels, side="right")
    return counts


def _peaks(scores: np.ndarray, border: float) -> np.ndarray:
    """The highest score of each stretch above the border."""
    above = scores > border
    begins = np.flatnonzero(above & ~np.concatenate([[False], above[:-1]]))
    peaks: np.ndarray = np.maximum.reduceat(np.where(above, scores, -np.inf), begins) if len(begins) else np.empty(0)
    return peaks
