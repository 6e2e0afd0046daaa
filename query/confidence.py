"""How likely a score is a match.

Cosines mean nothing by themselves: they differ from model to model and from sentence to sentence. Where a model brings
reference vectors, a sentence's scores are compared with those that it has on the reference pictures, whatever archive
is searched. Else they are compared with what everyday sentences score in this archive (`ArchiveScores`), which is
nearly the same in any: of two clips or of all, their mean and their spread differ by a tenth of the spread.

A picture is held against what keyframes reach at best in nine of ten other videos. Of these, the median and the spread
count (median absolute deviation, which the few of them that do fit hardly move), and a logistic curve turns the
distance into a probability.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Self

import msgspec
import numpy as np

if TYPE_CHECKING:
    from framescout.embedding import ReferenceScores

MATCH = 0.5
"""A moment counts as a match from here on."""

PER_SPREAD = 2.6
"""Log-odds a spread of what unrelated pictures reach."""

LINE = (-2.781, 1.249, 1.129, -2.029, 19.969, 0.761)
"""Of `line_of_sentence`: 1, score, score x words, words, common, spread; in log-odds.

As benchmarks/fit_confidence.py printed them, fitted with towers that had seen none of the pictures
(docs/decisions/0012-what-is-ranked-and-how-sure.md).
"""
LINE_IN_ARCHIVE = (-2.626, 1.087, 1.209, -1.775, 15.716)
"""The same with `ArchiveScores`, without spread, which says little in a small archive; fitted in the same way."""
FILLERS = frozenset(
    """a an the of in on at to with and is are his her its their while by for from as it into up down out over off near
    through another other two three four some that this there which who behind front him them he she they one top side
    background large small big little young old white black red blue green yellow brown orange pink be being has have
    having next around along across under wearing holding looking looks something very all""".split()  # noqa: SIM905
)
"""Words that make a sentence longer, not rarer."""

_AT_THE_MEDIAN = -3.2  # log-odds
_LEAST_SPREAD = 0.02  # cosine


class Background(msgspec.Struct, frozen=True):
    """What has nothing to do with a question reaches at best, in cosine."""

    center: float
    spread: float

    @classmethod
    def of(cls, best: np.ndarray) -> Self:
        """Of each stranger's best score, (N,); none where nothing is indexed."""
        if len(best) == 0:
            return cls(0.0, _LEAST_SPREAD)
        center = median(best)
        deviation = 1.4826 * median(np.abs(best - center))  # of a normal distribution: its sigma
        return cls(center, max(deviation, _LEAST_SPREAD))

    def distance(self, score: float) -> float:
        """How many spreads the score lies above the centre."""
        return (score - self.center) / self.spread


class ArchiveScores(msgspec.Struct, frozen=True):
    """How everyday sentences score the keyframes of an archive: what a model without reference vectors goes by."""

    mean_sentence: np.ndarray
    """(D,) float32, the mean of the everyday sentences."""
    center: float
    """Mean score of all of them on all keyframes."""
    spread: float
    """Standard deviation of these scores."""

    @classmethod
    def of(cls, rows: np.ndarray, sentences: np.ndarray) -> Self:
        """From keyframes (N, D) and sentences (S, D), float32 unit rows."""
        scores = rows @ sentences.T
        center, spread = (float(scores.mean()), float(scores.std())) if len(rows) else (0.0, 0.0)
        return cls(sentences.mean(axis=0), center, max(spread, _LEAST_SPREAD))


def line_of_sentence(
    vector: np.ndarray, text: str, compared_with: ReferenceScores | ArchiveScores
) -> tuple[float, float]:
    """How a sentence's scores become log-odds of a match: the value at score 0, and the slope a unit of score.

    A logistic fit on the score, in standard deviations of the scores it is compared with, and on what tells plain
    sentences from rare ones. Words also make the slope steeper: a long sentence that scores high says more than a
    short one.

    Args:
        vector: (D,) float32 of unit length, the sentence as its scores are taken with.
        text: the sentence.
        compared_with: of the model, or of the archive for a model without reference vectors.
    """
    words, center, spread = word_count(text), compared_with.center, compared_with.spread
    if isinstance(compared_with, ArchiveScores):
        one, a_score, a_score_and_word, a_word, a_common = LINE_IN_ARCHIVE
        at_center = one + a_common * float(compared_with.mean_sentence @ vector)
    else:
        one, a_score, a_score_and_word, a_word, a_common, a_spread = LINE
        _, common, own_spread = signals(vector, text, compared_with)
        at_center = one + a_common * common + a_spread * own_spread
    slope = (a_score + a_score_and_word * words) / spread
    return at_center + a_word * words - slope * center, slope


def word_count(text: str) -> float:
    """The logarithm of how many words carry meaning, one at least."""
    return math.log(max(1, sum(word not in FILLERS for word in re.findall("[a-z]+", text.lower()))))


def signals(vector: np.ndarray, text: str, reference: ReferenceScores) -> tuple[float, float, float]:
    """What tells plain sentences from rare ones, of a sentence (D + 1,) of a model with reference vectors.

    Returns:
        Its `word_count`; its cosine with the mean of the reference sentences, times the length of
        that; how far spread its scores are on the reference pictures, in standard deviations from what is usual for
        the reference sentences of this model.
    """
    common = float(reference.mean_sentence @ vector[:-1]) / float(np.linalg.norm(vector[:-1]))
    spread = float((reference.pictures @ vector).std()) / reference.spread
    return word_count(text), common, (spread - reference.usual) / reference.usual_spread


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
