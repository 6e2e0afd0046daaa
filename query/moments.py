"""Scored keyframes of one video in, moments out: stretches whose start and end a person would agree with.

A moment grows from a peak of the score curve over the neighbours that still stand for the same thing. Within a shot a
neighbour belongs from half the way up from the background to the peak, since one scene goes on; across a cut, from
three quarters. A keyframe's stretch is never cut: nothing between two keyframes was seen.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import cast

import numpy as np

from framescout.catalog import Snapshot
from framescout.catalog.records import Model
from query.answer import Moment, Step
from query.rank import Curve, Part, blocks_in, is_one_direction, log_probability, mask, to_log_odds
from query.request import Query
from query.sequence import best_chains

_IN_A_SHOT, _ACROSS_A_CUT = 0.5, 0.75  # of the way from the background up to the peak
_LEAST = np.finfo(np.float64).min  # log-odds of what a filter leaves out are less
_NOTHING = np.array([-np.inf], np.float32)
_LEAST_RISE = 1.0  # log-odds; a peak that stands out less takes in only what is as good as itself


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of keyframes of one video, as positions in it: [first, last], and the best of them."""

    first: int
    last: int
    peak: int


@dataclass(frozen=True, slots=True)
class Found:
    """A moment as keyframes, not looked up yet: where in the video they lie."""

    video_id: int
    first: int
    """Keyframe ids, [first, last]; the best of them is `peak`."""
    last: int
    peak: int
    score: float
    confidence: float
    vector: np.ndarray
    """(D,), of unit length: how its peak looks."""
    similar: int = 0
    steps: tuple[Step, ...] = ()

    def holds(self, keyframe_id: int) -> bool:
        """Whether it shows this keyframe."""
        return self.first <= keyframe_id <= self.last


def join_curves(
    curves: Sequence[Curve], at_least: float, usual: float, parts: Sequence[Part], unlike: float
) -> Iterator[Found]:
    """The moments of these videos whose peak reaches `at_least` log-odds, best first.

    `usual`: what keyframes score that show something else. `unlike`: the cosine of unrelated keyframes.
    """
    if not curves:
        return
    ends = [*accumulate(len(curve.evidence) + 1 for curve in curves)]  # between two videos stands what nothing takes in
    scores = np.concatenate([part for curve in curves for part in (curve.evidence, _NOTHING)])
    likeness = np.concatenate([part for curve in curves for part in (curve.block.likeness, _NOTHING, _NOTHING)])
    one = parts[0] if is_one_direction(parts) else None
    for stretch in find_stretches(scores, at_least, usual, find_cuts(likeness[:-1], unlike)):
        place = bisect_right(ends, stretch.peak)
        block, odds = curves[place].block, float(scores[stretch.peak])
        first = block.first_keyframe_id - (ends[place - 1] if place else 0)
        yield Found(
            block.video_id,
            first + stretch.first,
            first + stretch.last,
            first + stretch.peak,
            score=(odds - one.at_zero) / one.slope if one else odds,
            confidence=1 / (1 + math.exp(min(-odds, 700.0))),
            vector=block.rows[first + stretch.peak - block.first_keyframe_id],
        )


def join_chains(
    snapshot: Snapshot, model: Model, steps: Sequence[Sequence[Part]], query: Query, ranges: np.ndarray | None
) -> Iterator[Found]:
    """Moments that show one step after the other, best first."""
    videos, firsts, tracks = [], [], []
    for block in blocks_in(snapshot, model, ranges):
        track = np.stack([log_probability(parts, block.rows) for parts in steps])
        videos.append(block.video_id)
        firsts.append(block.first_keyframe_id)
        tracks.append(mask(track, block, ranges))
    known: dict[int, np.ndarray] = {}

    def times_of(number: int) -> np.ndarray:
        if number not in known:
            times = snapshot.keyframe_times(videos[number], model.id)
            assert times is not None
            known[number] = times.times
        return known[number]

    texts = [" + ".join(query.wanted_texts) or "picture", *query.then]
    for number, chain in best_chains(tracks, times_of, [seconds for _, seconds in query.steps]):
        first, last = (firsts[number] + chain.keyframes[place] for place in (0, -1))
        yield Found(
            videos[number],
            first,
            last,
            first,
            score=float(to_log_odds(np.array(chain.log_probability))),
            confidence=math.exp(chain.log_probability),
            vector=snapshot.embeddings_of(model.id, [first])[0],
            steps=tuple(
                Step(text, float(times_of(number)[place]), math.exp(tracks[number][step, place]))
                for step, (text, place) in enumerate(zip(texts, chain.keyframes, strict=True))
            ),
        )


def look_up(snapshot: Snapshot, model: Model, found: Sequence[Found]) -> list[Moment]:
    """Where and when they are: all at once."""
    videos = {video.id: video for video in snapshot.videos(each.video_id for each in found)}
    times = snapshot.times_of(model.id, [number for each in found for number in (each.first, each.last, each.peak)])
    return [
        Moment.of(
            videos[each.video_id],
            start=times[3 * place][1],
            end=times[3 * place + 1][2],
            peak=times[3 * place + 2][0],
            score=each.score,
            confidence=each.confidence,
            keyframe_id=each.peak,
            similar=each.similar,
            steps=each.steps,
        )
        for place, each in enumerate(found)
    ]


def find_cuts(likeness: np.ndarray, unlike: float) -> np.ndarray:
    """Where a new shot begins: (N - 1,) cosines of neighbours in time -> (N - 1,) bool, between each two.

    `unlike`: the cosine of keyframes that have nothing to do with each other. Half-way from there to the same picture
    is the border.
    """
    cuts: np.ndarray = likeness < (1.0 + unlike) / 2
    return cuts


def find_stretches(scores: np.ndarray, at_least: float, background: float, cuts: np.ndarray) -> Iterator[Stretch]:
    """Stretches around every peak that reaches `at_least`, best first; they never overlap.

    Args:
        scores: (N,) log-odds of each keyframe, in order of time; -inf is never taken in.
        at_least: peaks below this score are not looked for.
        background: what keyframes score that show something else.
        cuts: (N - 1,) bool, whether a new shot begins between two keyframes.
    """
    taken = bytearray(len(scores))
    peaks = np.flatnonzero(scores >= max(at_least, _LEAST))
    # read one by one faster than arrays
    curve, is_cut = cast("memoryview[float]", np.ascontiguousarray(scores).data), cuts.tobytes()
    for peak in peaks[np.argsort(-scores[peaks], kind="stable")].tolist():
        if not taken[peak]:
            stretch = _grow(curve, taken, peak, background, is_cut)
            taken[stretch.first : stretch.last + 1] = b"\1" * (stretch.last + 1 - stretch.first)
            yield stretch


def _grow(scores: memoryview[float], taken: bytearray, peak: int, background: float, cuts: bytes) -> Stretch:
    top = scores[peak]
    rise = max(top - background, _LEAST_RISE)
    in_a_shot, across_a_cut = top - (1 - _IN_A_SHOT) * rise, top - (1 - _ACROSS_A_CUT) * rise

    first = last = peak
    while first > 0 and not taken[first - 1]:
        if scores[first - 1] < (across_a_cut if cuts[first - 1] else in_a_shot):
            break
        first -= 1
    while last < len(scores) - 1 and not taken[last + 1]:
        if scores[last + 1] < (across_a_cut if cuts[last] else in_a_shot):
            break
        last += 1
    return Stretch(first, last, peak)
