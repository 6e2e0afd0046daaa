"""What a moment must show in, how much each keyframe speaks for it out.

A part is a direction in the model's space: a sentence, a picture, a place of the archive. Held against its background
(confidence.py) its cosine becomes the log-odds of a match, linear in the keyframe's embedding. Parts are joined as if
each were true or false by itself: the probability that all hold and none of the unwanted does is the product, a weight
is an exponent. What comes out is that probability's log-odds, so that for one part it is the log-odds of the part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from framescout.catalog import Space
from framescout.catalog.blocks import EmbeddingBlock
from framescout.vectors import VectorIndex, touching, within
from query.confidence import Background, log_odds

_ROWS = 8192  # keyframes that are scored at once
_ROUNDING = 1e-4  # by which the same score may differ from one way of computing it to another
_CERTAIN = -1e-9  # log of a probability that no product reaches: log-odds stay finite
_NEAR = 24  # keyframes on either side of one that is looked at: most moments lie within
_APART = 2 * _NEAR  # keyframes between which nobody looks
_NEIGHBOURS = 8  # keyframes in a row that count as one place: they rarely make two moments
_A_PLACE = 8  # keyframes that the index is asked for, for each place that is wanted
_SCANNED_A_PLACE = 3  # the same, where asking for more costs no other search


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that must be seen, or must not."""

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


@dataclass(frozen=True, slots=True)
class Curve:
    """How much each keyframe of one video speaks for the question."""

    block: EmbeddingBlock
    parts: Sequence[Part]
    ranges: np.ndarray | None
    evidence: np.ndarray
    """(N,) float64 log-odds; -inf where a filter leaves the keyframe out, nan where nobody has looked yet."""

    @classmethod
    def unseen(cls, block: EmbeddingBlock, parts: Sequence[Part], ranges: np.ndarray | None) -> Self:
        """Of a video into which nobody has looked."""
        return cls(block, parts, ranges, np.full(len(block.embeddings), np.nan))

    def look(self, first: int, end: int) -> None:
        """Score its keyframes [first, end), and those near them."""
        first, end = max(0, first - _NEAR), end + _NEAR
        rows = self.block.rows_between(first, end)
        found = mask(evidence(self.parts, rows), self.block.first_keyframe_id + first, self.ranges)
        own = self.evidence[first:end]
        np.copyto(own, found, where=np.isnan(own))  # what is known stays the same to the last bit


def evidence(parts: Sequence[Part], rows: np.ndarray) -> np.ndarray:
    """(N, D) float32 -> (N,) float64: log-odds that a keyframe shows all wanted parts and no unwanted one."""
    return _evidence(parts, _cosines(rows, _vectors(parts)))


def evidence_of_each(questions: Sequence[Sequence[Part]], rows: np.ndarray) -> list[np.ndarray]:
    """As `evidence`, of several questions; in one pass over the rows."""
    ends = np.cumsum([len(parts) for parts in questions])[:-1]
    cosines = _cosines(rows, _vectors([part for parts in questions for part in parts]))
    return [_evidence(*each) for each in zip(questions, np.split(cosines, ends, axis=1), strict=True)]


def log_probability(parts: Sequence[Part], rows: np.ndarray) -> np.ndarray:
    """(N, D) float32 -> (N,) float64: log of the probability that all hold."""
    return _log_probability(parts, _cosines(rows, _vectors(parts)))


def _vectors(parts: Sequence[Part]) -> np.ndarray:
    """(D, P) float32: a direction a column."""
    return parts[0].vector[:, None] if len(parts) == 1 else np.stack([part.vector for part in parts], axis=1)


def _cosines(rows: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """(N, D) and (D, P) -> (N, P) float32; BLAS knows a faster way for a single column."""
    cosines: np.ndarray = rows @ vectors if vectors.shape[1] > 1 else (rows @ vectors[:, 0])[:, None]
    return cosines


def _evidence(parts: Sequence[Part], cosines: np.ndarray) -> np.ndarray:
    """As `evidence`, of (N, P) cosines."""
    if is_one_direction(parts):
        odds: np.ndarray = parts[0].at_zero + parts[0].slope * cosines[:, 0].astype(np.float64)
        return odds
    return to_log_odds(_log_probability(parts, cosines))


def _log_probability(parts: Sequence[Part], cosines: np.ndarray) -> np.ndarray:
    slopes = np.array([part.slope for part in parts])
    odds = np.array([part.at_zero for part in parts]) + slopes * cosines.astype(np.float64)
    signs = np.where([part.is_wanted for part in parts], 1.0, -1.0)
    each: np.ndarray = -np.logaddexp(0.0, -signs * odds) @ np.array([part.weight for part in parts])
    return each


def to_log_odds(log_probability: np.ndarray) -> np.ndarray:
    """log p -> log(p / (1 - p))."""
    clipped = np.minimum(log_probability, _CERTAIN)
    result: np.ndarray = clipped - np.log(-np.expm1(clipped))
    return result


def is_one_direction(parts: Sequence[Part]) -> bool:
    """Whether the order of keyframes is that of one cosine, so that the vector index knows it."""
    return len(parts) == 1 and parts[0].is_wanted and parts[0].weight == 1.0


class Nearest:
    """The best keyframes of one direction, by the vector index."""

    def __init__(self, space: Space, index: VectorIndex, part: Part, ranges: np.ndarray | None) -> None:
        self._space, self._index, self._part, self._ranges = space, index, part, ranges
        self._known: tuple[np.ndarray, np.ndarray] | None = None  # as the index answers: (N,) ids and scores
        self._curves: dict[int, Curve] = {}  # by the video's row in the space's ranges

    @classmethod
    def of_many(
        cls,
        space: Space,
        index: VectorIndex,
        parts: Sequence[Part],
        ranges: np.ndarray | None,
        wanted: int,
    ) -> list[Self]:
        """One a part, after a single pass over the index for the `wanted` best places of each."""
        found = [cls(space, index, part, ranges) for part in parts]
        if len(found) > 1:
            ids, scores = index.search(np.stack([part.vector for part in parts]), wanted * _A_PLACE, ranges)
            for nearest, own_ids, own_scores in zip(found, ids, scores, strict=True):
                nearest._known = own_ids, own_scores
        return found

    def curves(self, wanted: int) -> tuple[list[Curve], float, bool]:
        """The videos of the best keyframes in `wanted` places, the log-odds of the last of these, whether they are all.

        Every keyframe above that floor, as far as the index finds it, was looked at in one of them.
        """
        ids, least, is_all = self._best(wanted)
        if not len(ids):
            return [], np.inf, True
        return self._look_at(np.sort(ids)), self._part.at_zero + self._part.slope * least, is_all

    def _look_at(self, ids: np.ndarray) -> list[Curve]:
        """The curves of the videos in which these keyframes lie, looked at there; ids rise."""
        spans = self._space.video_ranges()
        videos = np.searchsorted(spans[:, 1], ids, side="right") - 1
        begins = np.flatnonzero((np.diff(ids, prepend=-_APART) > _APART) | (np.diff(videos, prepend=-1) > 0))
        ends = np.append(begins[1:], len(ids)) - 1
        numbers = videos[begins].tolist()
        unknown = [number for number in dict.fromkeys(numbers) if number not in self._curves]
        for number, block in zip(unknown, self._space.blocks_of(spans[unknown]), strict=True):
            self._curves[number] = Curve.unseen(block, [self._part], self._ranges)
        for number, first, last in zip(numbers, ids[begins].tolist(), ids[ends].tolist(), strict=True):
            curve = self._curves[number]
            start = curve.block.first_keyframe_id
            curve.look(first - start, last + 1 - start)
        return [self._curves[number] for number in dict.fromkeys(numbers)]

    def _best(self, wanted: int) -> tuple[np.ndarray, float, bool]:
        """Ids of the best keyframes in `wanted` places, the cosine that they reach, and whether there are no others."""
        ids, scores = self._known or self._search(wanted)
        reach = _reach(ids, wanted)
        if reach == len(ids) < wanted * _A_PLACE:
            ids, scores = self._search(wanted)
            reach = _reach(ids, wanted)
        count = int((ids[:reach] >= 0).sum())
        least = float(scores[count - 1]) - _ROUNDING if count else np.inf
        return ids[scores >= least - _ROUNDING], least, count < reach  # those too that rounding may lift up to it

    def _search(self, wanted: int) -> tuple[np.ndarray, np.ndarray]:
        ids, scores = self._index.search(self._part.vector[None], wanted * _A_PLACE, self._ranges)
        self._known = ids[0], scores[0]
        return self._known


def _reach(ids: np.ndarray, wanted: int) -> int:
    """How many of the first (N,) ids lie in `wanted` different places."""
    places = ids // _NEIGHBOURS
    order = np.argsort(places, kind="stable")
    firsts = np.sort(order[np.diff(places[order], prepend=-2) > 0])
    return int(firsts[wanted]) if len(firsts) > wanted else len(ids)


class Scanned:
    """The best keyframes of several parts, by a pass over every keyframe that the filters leave."""

    def __init__(self, space: Space, parts: Sequence[Part], ranges: np.ndarray | None) -> None:
        self._space, self._parts, self._ranges = space, parts, ranges
        self._scores = [
            (curve.block.video_id, curve.evidence) for curve in curves(blocks_in(space, ranges), parts, ranges)
        ]

    def curves(self, wanted: int) -> tuple[list[Curve], float, bool]:
        """As `Nearest.curves`; places are not told apart, and each stands for a few keyframes."""
        wanted *= _SCANNED_A_PLACE
        every = np.concatenate([scores for _, scores in self._scores]) if self._scores else np.empty(0)
        every = every[~np.isneginf(every)]
        if not len(every):
            return [], np.inf, True
        is_all = len(every) <= wanted
        floor = float(every.min() if is_all else np.partition(every, -wanted)[-wanted])
        videos = [video_id for video_id, scores in self._scores if scores.max() >= floor]
        blocks = self._space.blocks(video_ids=videos)
        return list(curves(blocks, self._parts, self._ranges)), floor - _ROUNDING, is_all


def blocks_in(space: Space, ranges: np.ndarray | None) -> Iterator[EmbeddingBlock]:
    """Every video that has a keyframe in `ranges` (M, 2), sorted and apart; every video at all for None."""
    if ranges is None:
        return space.blocks()
    spans = space.video_ranges()
    return space.blocks(video_ids=spans[touching(spans[:, 1:], ranges), 0].tolist())


def curves(blocks: Iterable[EmbeddingBlock], parts: Sequence[Part], ranges: np.ndarray | None) -> Iterator[Curve]:
    """Score videos, several at once where they are short."""
    waiting: list[EmbeddingBlock] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += len(block.embeddings)
        if count >= _ROWS:
            yield from _scored(waiting, parts, ranges)
            waiting, count = [], 0
    if waiting:
        yield from _scored(waiting, parts, ranges)


def _scored(blocks: list[EmbeddingBlock], parts: Sequence[Part], ranges: np.ndarray | None) -> Iterator[Curve]:
    vectors = _vectors(parts)
    scores = _evidence(parts, np.concatenate([_cosines(block.rows, vectors) for block in blocks]))
    start = 0
    for block in blocks:
        own = scores[start : start + len(block.embeddings)]
        start += len(own)
        yield Curve(block, parts, ranges, mask(own, block.first_keyframe_id, ranges))


def mask(scores: np.ndarray, first_keyframe_id: int, ranges: np.ndarray | None) -> np.ndarray:
    """Scores (..., N) of keyframes in a row, -inf outside the ranges of ids."""
    if ranges is None:
        return scores
    ids = np.arange(first_keyframe_id, first_keyframe_id + scores.shape[-1])
    return np.where(within(ids, ranges), scores, -np.inf)
