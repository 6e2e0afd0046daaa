"""Rankings: the moments that answer a question, best first.

A question of one direction is ranked by the vector index, one of several parts by a pass over every keyframe that the
filters leave, a sequence by its best chains of keyframes.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Protocol, Self

import numpy as np

from framescout.catalog import Space
from framescout.vectors import VectorIndex
from query.answer import SequenceStep
from query.curves import APART, Curve, blocks_in, curves, look_at, mask
from query.evidence import Evidence, Keyframes, log_probability, to_log_odds
from query.moments import Contrast, Joiner, RankedMoment
from query.request import Query
from query.sequence import best_chains

_ROUNDING = 1e-4  # by which the same score may differ from one way of computing it to another
_NEIGHBOURS = 8  # keyframes in a row that count as one place: they rarely make two moments
_A_PLACE = 8  # keyframes that the index is asked for, for each place that is wanted
_SCANNED_A_PLACE = 3  # the same, where asking for more costs no other search


class Ranking(Protocol):
    """Finds the best moments of one question."""

    def moments(self, places: int) -> Iterator[RankedMoment]:
        """All, best first, found as they are read: at first around the best keyframes in so many different places."""


class _ByCurves(ABC):
    """A ranking that joins moments around the peaks of score curves."""

    def __init__(self, space: Space, parts: Sequence[Evidence], contrast: Contrast) -> None:
        self._space, self._parts, self._contrast = space, parts, contrast

    def moments(self, places: int) -> Iterator[RankedMoment]:
        """As `Ranking.moments`; equal ones in the order of their videos' content hashes, in a video in that of time."""
        joiner, is_all = Joiner(self._parts, self._contrast), False
        while not is_all:
            scored, floor, is_all = self.curves(places)
            hashes = self._space.snapshot.content_hashes(curve.block.video_id for curve in scored)
            scored.sort(key=lambda curve: hashes[curve.block.video_id])
            yield from joiner.moments(scored, floor)
            places *= 2

    @abstractmethod
    def curves(self, wanted: int) -> tuple[list[Curve], float, bool]:
        """The videos of the best keyframes in `wanted` places, the log-odds of the last of these, whether they are all.

        Every keyframe above that floor was looked at in one of them. Asked again, a video has the same curve.
        """


class Nearest(_ByCurves):
    """The best moments of one piece of evidence for which the vector index knows candidates."""

    def __init__(
        self,
        space: Space,
        index: VectorIndex,
        part: Evidence,
        ranges: np.ndarray | None,
        contrast: Contrast,
    ) -> None:
        super().__init__(space, [part], contrast)
        self._index, self._part, self._ranges = index, part, ranges
        self._known: tuple[np.ndarray, np.ndarray] | None = None  # as the index answers: (N,) ids and scores
        self._curves: dict[int, Curve] = {}  # by the video's row in the space's ranges

    @classmethod
    def of_many(
        cls,
        space: Space,
        index: VectorIndex,
        parts: Sequence[Evidence],
        ranges: np.ndarray | None,
        contrasts: Sequence[Contrast],
        wanted: int,
    ) -> list[Self]:
        """One a part, after a single pass over the index for the `wanted` best places of each."""
        rankings = [cls(space, index, part, ranges, contrast) for part, contrast in zip(parts, contrasts, strict=True)]
        if len(rankings) > 1:
            ids, scores = index.search(np.stack([_vector(part) for part in parts]), wanted * _A_PLACE, ranges)
            for nearest, own_ids, own_scores in zip(rankings, ids, scores, strict=True):
                nearest._known = own_ids, own_scores
        return rankings

    def curves(self, wanted: int) -> tuple[list[Curve], float, bool]:
        """As `_ByCurves.curves`, as far as the index finds them."""
        ids, least, is_all = self._best(wanted)
        if not len(ids):
            return [], np.inf, True
        return self._look_at(np.sort(ids)), self._part.odds_at(least), is_all

    def _look_at(self, ids: np.ndarray) -> list[Curve]:
        """The curves of the videos in which these keyframes lie, looked at there; ids rise."""
        spans = self._space.video_ranges()
        videos = np.searchsorted(spans[:, 1], ids, side="right") - 1
        begins = np.flatnonzero((np.diff(ids, prepend=-APART) > APART) | (np.diff(videos, prepend=-1) > 0))
        ends = np.append(begins[1:], len(ids)) - 1
        numbers = videos[begins].tolist()
        unknown = [number for number in dict.fromkeys(numbers) if number not in self._curves]
        blocks = list(self._space.blocks_of(spans[unknown], in_parts=True))
        self._curves |= zip(unknown, Curve.unscored(blocks, [self._part], self._ranges), strict=True)
        starts = spans[videos[begins], 1]
        places = (ids[begins] - starts).tolist(), (ids[ends] + 1 - starts).tolist()
        look_at(zip((self._curves[number] for number in numbers), *places, strict=True), [self._part])
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
        ids, scores = self._index.search(_vector(self._part)[None], wanted * _A_PLACE, self._ranges)
        self._known = ids[0], scores[0]
        return self._known


def _vector(part: Evidence) -> np.ndarray:
    vector = part.index_vector
    assert vector is not None, "the vector index knows no candidates for this"
    return vector


def _reach(ids: np.ndarray, wanted: int) -> int:
    """How many of the first (N,) ids lie in `wanted` different places."""
    places = ids // _NEIGHBOURS
    order = np.argsort(places, kind="stable")
    firsts = np.sort(order[np.diff(places[order], prepend=-2) > 0])
    return int(firsts[wanted]) if len(firsts) > wanted else len(ids)


class Scanned(_ByCurves):
    """The best moments of any evidence, by a pass over every keyframe that the filters leave."""

    def __init__(
        self,
        space: Space,
        parts: Sequence[Evidence],
        ranges: np.ndarray | None,
        contrast: Contrast,
    ) -> None:
        super().__init__(space, parts, contrast)
        self._ranges = ranges
        self._scores = [
            (curve.block.video_id, curve.evidence) for curve in curves(blocks_in(space, ranges), parts, ranges)
        ]
        self._curves: dict[int, Curve] = {}  # by the video's id, of those with moments: others don't stay in memory

    def curves(self, wanted: int) -> tuple[list[Curve], float, bool]:
        """As `_ByCurves.curves`; places are not told apart, and each stands for a few keyframes."""
        wanted *= _SCANNED_A_PLACE
        every = np.concatenate([scores for _, scores in self._scores]) if self._scores else np.empty(0)
        every = every[~np.isneginf(every)]
        if not len(every):
            return [], np.inf, True
        is_all = len(every) <= wanted
        floor = float(every.min() if is_all else np.partition(every, -wanted)[-wanted])
        videos = [video_id for video_id, scores in self._scores if scores.max() >= floor]
        unknown = [video_id for video_id in videos if video_id not in self._curves]
        scored = curves(self._space.blocks(video_ids=unknown), self._parts, self._ranges)
        self._curves |= {curve.block.video_id: curve for curve in scored}
        return [self._curves[video_id] for video_id in videos], floor - _ROUNDING, is_all


class Chains:
    """The best moments that show one step after the other, by a pass over every keyframe that the filters leave."""

    def __init__(
        self,
        space: Space,
        steps: Sequence[Sequence[Evidence]],
        query: Query,
        ranges: np.ndarray | None,
    ) -> None:
        self._space, self._steps, self._query, self._ranges = space, steps, query, ranges

    def moments(self, places: int) -> Iterator[RankedMoment]:
        """As `Ranking.moments`."""
        scored = []
        for block in blocks_in(self._space, self._ranges):
            track = np.stack([log_probability(parts, Keyframes.of(block)) for parts in self._steps])
            own = mask(track, block.first_keyframe_id, self._ranges)
            scored.append((block.video_id, block.first_keyframe_id, own))
        hashes = self._space.snapshot.content_hashes(video_id for video_id, *_ in scored)
        scored.sort(key=lambda each: hashes[each[0]])  # which decides between equal chains
        known: dict[int, np.ndarray] = {}

        def times_of(number: int) -> np.ndarray:
            if number not in known:
                times = self._space.keyframe_times(scored[number][0])
                assert times is not None
                known[number] = times.times
            return known[number]

        query = self._query
        texts = [" + ".join(query.wanted_texts) or "picture", *query.then]
        tracks = [track for *_, track in scored]
        for number, chain in best_chains(tracks, times_of, [seconds for _, seconds in query.steps]):
            video_id, begin, track = scored[number]
            first, last = (begin + chain.keyframes[place] for place in (0, -1))
            yield RankedMoment(
                video_id,
                first,
                last,
                first,
                score=float(to_log_odds(np.array(chain.log_probability))),
                confidence=math.exp(chain.log_probability),
                vector=self._space.embeddings_of([first])[0],
                steps=tuple(
                    SequenceStep(text, float(times_of(number)[place]), math.exp(track[step, place]))
                    for step, (text, place) in enumerate(zip(texts, chain.keyframes, strict=True))
                ),
            )
