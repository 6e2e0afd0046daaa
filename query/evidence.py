"""Evidence: how much each keyframe speaks for or against one part of a question.

A sentence, a picture or a place of the archive is a direction in the model's space. The cosine of a keyframe, compared
with the direction's background (confidence.py), becomes the log-odds of a match. Parts are joined as if they were
independent: the probability that all wanted parts hold and no unwanted one does is the product of theirs, with weights
as exponents. The result is the log-odds of that probability; for one part these are the part's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, Self

import msgspec
import numpy as np

from framescout.catalog.blocks import EmbeddingBlock
from query.confidence import Background, log_odds

_CERTAIN = -1e-9  # log of a probability that no product reaches: log-odds stay finite


class Keyframes(msgspec.Struct, frozen=True):
    """What evidence is computed from: columns of N values, one a keyframe. A further signal is a further column."""

    pieces: Sequence[np.ndarray]
    """(N, D) float32 together, unit rows; to put them side by side takes as long as a product with them."""

    firsts: Sequence[int] | None = None
    """The id of each piece's first keyframe; None where they have no ids."""

    @classmethod
    def of(cls, block: EmbeddingBlock, first: int = 0, end: int | None = None) -> Self:
        """The keyframes [first, end) of a video, all by default."""
        rows = block.rows_between(first, len(block) if end is None else end)
        return cls([rows], [block.first_keyframe_id + first])

    @classmethod
    def of_videos(cls, blocks: Sequence[EmbeddingBlock]) -> Self:
        """All keyframes of these videos."""
        return cls([block.rows for block in blocks], [block.first_keyframe_id for block in blocks])

    @classmethod
    def of_rows(cls, rows: np.ndarray) -> Self:
        """Keyframes with these embeddings, (N, D) float32."""
        return cls([rows])

    @property
    def rows(self) -> np.ndarray:
        """(N, D) float32, side by side."""
        return _side_by_side(self.pieces)

    @property
    def ids(self) -> np.ndarray | None:
        """(N,) int64."""
        if self.firsts is None:
            return None
        own = [np.arange(first, first + len(rows)) for first, rows in zip(self.firsts, self.pieces, strict=True)]
        return np.concatenate([np.empty(0, np.int64), *own])

    def __len__(self) -> int:
        return sum(map(len, self.pieces))


class Evidence(Protocol):
    """One part of a question, which must be seen or must not."""

    @property
    def weight(self) -> float:
        """The exponent of its probability."""

    @property
    def is_wanted(self) -> bool:
        """Whether it must be seen."""

    @property
    def index_vector(self) -> np.ndarray | None:
        """(D,) what the vector index finds candidates with; None where only a look at every keyframe does."""

    def odds_at(self, index_score: float) -> float:
        """Log-odds of a keyframe that the vector index gives this score."""

    def score_at(self, odds: float) -> float:
        """The score that a moment is shown with, from the log-odds of its best keyframe."""

    @classmethod
    def log_odds(cls, together: Sequence[Self], keyframes: Keyframes) -> np.ndarray:
        """(N, P) float64: what N keyframes say to P pieces of evidence of this class."""


class Direction(msgspec.Struct, frozen=True):
    """Evidence by cosine: the log-odds are linear in a keyframe's embedding."""

    vector: np.ndarray
    """(D,) float32, of unit length."""
    at_zero: float
    """Log-odds at cosine 0."""
    slope: float
    """Log-odds a unit of cosine; above 0."""
    weight: float = 1.0
    is_wanted: bool = True

    @classmethod
    def of(cls, vector: np.ndarray, background: Background, weight: float = 1.0, *, is_wanted: bool = True) -> Self:
        """A direction whose cosine is held against `background`."""
        at_zero = log_odds(background.distance(0.0))
        return cls(vector, at_zero, log_odds(background.distance(1.0)) - at_zero, weight, is_wanted)

    @property
    def index_vector(self) -> np.ndarray:
        """(D,) float32, of unit length."""
        return self.vector

    def odds_at(self, index_score: float) -> float:
        """Log-odds at this cosine."""
        return self.at_zero + self.slope * index_score

    def score_at(self, odds: float) -> float:
        """The cosine."""
        return (odds - self.at_zero) / self.slope

    @classmethod
    def log_odds(cls, together: Sequence[Self], keyframes: Keyframes) -> np.ndarray:
        """(N, P) float64; one product for all directions.

        With a single one equal rows get equal numbers, whichever rows they are asked with: rankings look at pieces of
        videos, and BLAS adds up in another order by where a row lies in a matrix.
        """
        if len(together) == 1:
            cosines = _side_by_side([np.vecdot(rows, together[0].vector) for rows in keyframes.pieces])[:, None]
        else:
            vectors = np.stack([each.vector for each in together], axis=1)
            cosines = _side_by_side([rows @ vectors for rows in keyframes.pieces])
        slopes = np.array([each.slope for each in together])
        odds: np.ndarray = np.array([each.at_zero for each in together]) + slopes * cosines.astype(np.float64)
        return odds


def _side_by_side(pieces: Sequence[np.ndarray]) -> np.ndarray:
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def log_odds_of_each(parts: Sequence[Evidence], keyframes: Keyframes) -> np.ndarray:
    """(N, P) float64: what each keyframe says to each of P pieces of evidence, of whatever classes."""
    kinds: list[Any] = list(dict.fromkeys(map(type, parts)))
    if len(kinds) == 1:
        odds: np.ndarray = kinds[0].log_odds(parts, keyframes)
        return odds
    columns = np.empty((len(keyframes), len(parts)))
    for kind in kinds:
        numbers = [number for number, part in enumerate(parts) if type(part) is kind]
        columns[:, numbers] = kind.log_odds([parts[number] for number in numbers], keyframes)
    return columns


def joint_log_odds(parts: Sequence[Evidence], keyframes: Keyframes) -> np.ndarray:
    """(N,) float64: log-odds that a keyframe shows all wanted parts and no unwanted one."""
    return join(parts, log_odds_of_each(parts, keyframes))


def joint_log_odds_of_questions(questions: Sequence[Sequence[Evidence]], keyframes: Keyframes) -> list[np.ndarray]:
    """As `joint_log_odds`, of several questions; in one pass over the keyframes."""
    ends = np.cumsum([len(parts) for parts in questions])[:-1]
    odds = log_odds_of_each([part for parts in questions for part in parts], keyframes)
    return [join(*each) for each in zip(questions, np.split(odds, ends, axis=1), strict=True)]


def log_probability(parts: Sequence[Evidence], keyframes: Keyframes) -> np.ndarray:
    """(N,) float64: log of the probability that all hold."""
    return _log_probability(parts, log_odds_of_each(parts, keyframes))


def join(parts: Sequence[Evidence], odds: np.ndarray) -> np.ndarray:
    """(N, P) log-odds of each part -> (N,) log-odds that all hold."""
    if is_alone(parts):
        own: np.ndarray = odds[:, 0]
        return own
    return to_log_odds(_log_probability(parts, odds))


def _log_probability(parts: Sequence[Evidence], odds: np.ndarray) -> np.ndarray:
    signs = np.where([part.is_wanted for part in parts], 1.0, -1.0)
    each: np.ndarray = -np.logaddexp(0.0, -signs * odds) @ np.array([part.weight for part in parts])
    return each


def to_log_odds(log_probability: np.ndarray) -> np.ndarray:
    """log p -> log(p / (1 - p))."""
    clipped = np.minimum(log_probability, _CERTAIN)
    result: np.ndarray = clipped - np.log(-np.expm1(clipped))
    return result


def is_alone(parts: Sequence[Evidence]) -> bool:
    """Whether the joint log-odds are those of the one part."""
    return len(parts) == 1 and parts[0].is_wanted and parts[0].weight == 1.0
