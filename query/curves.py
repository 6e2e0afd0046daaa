"""Score curves: the joint log-odds of a video's keyframes, computed only where a ranking asks for them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Self

import msgspec
import numpy as np

from framescout.catalog import Space
from framescout.catalog.blocks import EmbeddingBlock
from framescout.vectors import touching, within
from query.evidence import Evidence, Keyframes, joint_log_odds

_ROWS = 8192  # keyframes that are scored at once
_NEAR = 24  # keyframes on either side of one that is looked at: most moments lie within
APART = 2 * _NEAR
"""Keyframes between which nobody looks."""
_SCORED = b"\1"


class Curve(msgspec.Struct, frozen=True):
    """How much each keyframe of one video speaks for the question, as far as it is scored."""

    block: EmbeddingBlock
    parts: Sequence[Evidence]
    ranges: np.ndarray | None
    evidence: np.ndarray
    """(N,) float64 log-odds; -inf where a filter leaves the keyframe out, and where it isn't scored."""
    is_scored: bytearray
    """N times 0 or 1; `look_at` scores more keyframes."""

    @classmethod
    def unscored(
        cls, blocks: Sequence[EmbeddingBlock], parts: Sequence[Evidence], ranges: np.ndarray | None
    ) -> list[Self]:
        """The curves of videos of which no keyframe is scored yet."""
        counts = [len(block) for block in blocks]
        evidence = np.full(sum(counts), -np.inf)  # once for all: one by one takes as long as to score them
        pieces = (evidence[end - count : end] for count, end in zip(counts, accumulate(counts), strict=True))
        return [cls(block, parts, ranges, own, bytearray(len(own))) for block, own in zip(blocks, pieces, strict=True)]

    def _take(self, first: int, odds: np.ndarray) -> None:
        """Take the log-odds of keyframes from `first` on; what is known stays the same to the last bit."""
        part = slice(first, first + len(odds))
        scores = mask(odds, self.block.first_keyframe_id + first, self.ranges)
        if 1 in self.is_scored[part]:
            is_known = np.frombuffer(self.is_scored, bool, len(odds), first)
            np.copyto(self.evidence[part], scores, where=~is_known)
        else:
            self.evidence[part] = scores
        self.is_scored[part] = _SCORED * len(odds)


def look_at(places: Iterable[tuple[Curve, int, int]], parts: Sequence[Evidence]) -> None:
    """Score keyframes [first, end) of each of these curves by its parts, which all share, and the keyframes near them.

    All at once: for a few keyframes, what is done around a product takes far longer than the product.
    """
    missing = []
    for curve, begin, end in places:
        first, last = max(0, begin - _NEAR), min(end + _NEAR, len(curve.evidence))
        if 0 in curve.is_scored[first:last]:
            missing.append((curve, first, curve.block.rows_between(first, last)))
    if not missing:
        return
    firsts = [curve.block.first_keyframe_id + first for curve, first, _ in missing]
    odds, done = joint_log_odds(parts, Keyframes([rows for *_, rows in missing], firsts)), 0
    for curve, first, rows in missing:
        curve._take(first, odds[done : done + len(rows)])
        done += len(rows)


def blocks_in(space: Space, ranges: np.ndarray | None) -> Iterator[EmbeddingBlock]:
    """Every video that has a keyframe in `ranges` (M, 2), sorted and apart; every video at all for None."""
    if ranges is None:
        return space.blocks()
    spans = space.video_ranges()
    return space.blocks(video_ids=spans[touching(spans[:, 1:], ranges), 0].tolist())


def curves(blocks: Iterable[EmbeddingBlock], parts: Sequence[Evidence], ranges: np.ndarray | None) -> Iterator[Curve]:
    """Score whole videos, several at once where they are short."""
    waiting: list[EmbeddingBlock] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += len(block)
        if count >= _ROWS:
            yield from _scored(waiting, parts, ranges)
            waiting, count = [], 0
    if waiting:
        yield from _scored(waiting, parts, ranges)


def _scored(blocks: list[EmbeddingBlock], parts: Sequence[Evidence], ranges: np.ndarray | None) -> Iterator[Curve]:
    scores = joint_log_odds(parts, Keyframes.of_videos(blocks))
    start = 0
    for block in blocks:
        own = scores[start : start + len(block)]
        start += len(own)
        yield Curve(block, parts, ranges, mask(own, block.first_keyframe_id, ranges), bytearray(_SCORED * len(own)))


def mask(scores: np.ndarray, first_keyframe_id: int, ranges: np.ndarray | None) -> np.ndarray:
    """Scores (..., N) of keyframes in a row, -inf outside the ranges of ids."""
    if ranges is None:
        return scores
    ids = np.arange(first_keyframe_id, first_keyframe_id + scores.shape[-1])
    return np.where(within(ids, ranges), scores, -np.inf)
