"""Scored keyframes of one video in, moments out: stretches whose start and end a person would agree with.

A moment grows from a peak of the score curve over the neighbours that still stand for the same thing: whose score stays
above the half-way line between the peak and the video's own background. Where that line is crossed the moment ends, and
a keyframe's stretch is never cut: nothing between two keyframes was seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_REACH = 0.5  # of the way from the background up to the peak
_LEAST_RISE = 0.02  # cosine; a peak that stands out less takes in only what is as good as itself


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of keyframes of one video, as positions in it: [first, last], and the best of them."""

    first: int
    last: int
    peak: int


def find_stretches(scores: np.ndarray, at_least: float, *, background: float | None = None) -> list[Stretch]:
    """Stretches around every peak that reaches `at_least`, best first; they never overlap.

    Args:
        scores: (N,) cosine similarity of each keyframe, in order of time.
        at_least: peaks below this score are not looked for.
        background: what keyframes score that show something else; by default the median of `scores`.
    """
    base = float(np.median(scores)) if background is None else background
    taken = np.zeros(len(scores), dtype=bool)
    found = []
    for peak in np.argsort(-scores, kind="stable"):
        if scores[peak] < at_least:
            break
        if not taken[peak]:
            stretch = _grow(scores, taken, int(peak), base)
            taken[stretch.first : stretch.last + 1] = True
            found.append(stretch)
    return found


def _grow(scores: np.ndarray, taken: np.ndarray, peak: int, base: float) -> Stretch:
    rise = max(float(scores[peak]) - base, _LEAST_RISE)
    line = scores[peak] - (1 - _REACH) * rise
    first = last = peak
    while first > 0 and not taken[first - 1] and scores[first - 1] >= line:
        first -= 1
    while last < len(scores) - 1 and not taken[last + 1] and scores[last + 1] >= line:
        last += 1
    return Stretch(first, last, peak)
