"""Scored keyframes of one video in, moments out: stretches whose start and end a person would agree with.

A moment grows from a peak of the score curve over the neighbours that still stand for the same thing. Within a shot a
neighbour belongs from half the way up from the background to the peak, since one scene goes on; across a cut, from
three quarters. A keyframe's stretch is never cut: nothing between two keyframes was seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from framescout.catalog import Snapshot
from framescout.catalog.reading import KeyframeTimes
from framescout.catalog.records import Model, Video
from query.answer import Moment, Step
from query.rank import Curve, Part, blocks_in, is_one_direction, log_probability, mask, to_log_odds
from query.request import Query
from query.sequence import Chain, best_chains

_IN_A_SHOT, _ACROSS_A_CUT = 0.5, 0.75  # of the way from the background up to the peak
_LEAST_RISE = 1.0  # log-odds; a peak that stands out less takes in only what is as good as itself


@dataclass(frozen=True, slots=True)
class Stretch:
    """A run of keyframes of one video, as positions in it: [first, last], and the best of them."""

    first: int
    last: int
    peak: int


@dataclass(frozen=True, slots=True)
class Found:
    """A moment, and how its peak looks."""

    moment: Moment
    vector: np.ndarray
    """(D,) float16, of unit length."""

    def holds(self, video_id: int, seconds: float) -> bool:
        """Whether this second of this video lies in the moment."""
        return self.moment.video_id == video_id and self.moment.start <= seconds < self.moment.end


def join_curves(
    snapshot: Snapshot,
    model: Model,
    curves: Sequence[Curve],
    at_least: float,
    usual: float,
    parts: Sequence[Part],
    unlike: float,
) -> Iterator[Found]:
    """The moments of these videos whose peak reaches `at_least` log-odds, best first.

    `usual`: what keyframes score that show something else. `unlike`: the cosine of unrelated keyframes.
    """
    peaks = [
        (-float(curve.evidence[stretch.peak]), curve.block.first_keyframe_id + stretch.peak, curve, stretch)
        for curve in curves
        for stretch in find_stretches(curve.evidence, at_least, usual, find_cuts(curve.block.embeddings, unlike))
    ]
    peaks.sort(key=lambda peak: peak[:2])
    one = parts[0] if is_one_direction(parts) else None
    videos = {video.id: video for video in snapshot.videos(curve.block.video_id for curve in curves)}
    for minus_odds, keyframe_id, curve, stretch in peaks:
        number, first = curve.block.video_id, curve.block.first_keyframe_id
        moment = _moment(
            videos[number],
            snapshot.times_of([first + stretch.first, first + stretch.last, keyframe_id]),
            keyframe_id,
            score=(-minus_odds - one.at_zero) / one.slope if one else -minus_odds,
            confidence=1 / (1 + math.exp(min(minus_odds, 700.0))),
        )
        yield Found(moment, curve.block.embeddings[stretch.peak])


def join_chains(
    snapshot: Snapshot, model: Model, steps: Sequence[Sequence[Part]], query: Query, ranges: np.ndarray | None
) -> Iterator[Found]:
    """Moments that show one step after the other, best first."""
    videos, firsts, tracks = [], [], []
    for block in blocks_in(snapshot, model, ranges):
        rows = block.embeddings.astype(np.float32)
        track = np.stack([log_probability(parts, rows) for parts in steps])
        videos.append(block.video_id)
        firsts.append(block.first_keyframe_id)
        tracks.append(mask(track, block, ranges))
    known: dict[int, KeyframeTimes] = {}

    def times_of(number: int) -> np.ndarray:
        if number not in known:
            times = snapshot.keyframe_times(videos[number], model.id)
            assert times is not None
            known[number] = times
        return known[number].times

    texts = [" + ".join(query.wanted_texts) or "picture", *query.then]
    for number, chain in best_chains(tracks, times_of, [seconds for _, seconds in query.steps]):
        (video,) = snapshot.videos([videos[number]])
        vector = snapshot.embeddings_of(model.id, [firsts[number] + chain.keyframes[0]])[0]
        yield Found(_chained(video, known[number], chain, tracks[number], texts), vector)


def _chained(video: Video, times: KeyframeTimes, chain: Chain, track: np.ndarray, texts: Sequence[str]) -> Moment:
    places = chain.keyframes
    steps = tuple(
        Step(text, float(times.times[place]), math.exp(track[number, place]))
        for number, (text, place) in enumerate(zip(texts, places, strict=True))
    )
    first, last = (
        (float(times.times[p]), float(times.starts[p]), float(times.ends[p])) for p in places[:: len(places) - 1]
    )
    return _moment(
        video,
        [first, last, first],
        times.first_keyframe_id + places[0],
        score=float(to_log_odds(np.array(chain.log_probability))),
        confidence=math.exp(chain.log_probability),
        steps=steps,
    )


def _moment(
    video: Video,
    times: Sequence[tuple[float, float, float]],
    keyframe_id: int,
    *,
    score: float,
    confidence: float,
    steps: tuple[Step, ...] = (),
) -> Moment:
    """`times`: (time, start, end) of the first keyframe, the last one and the peak."""
    return Moment.of(
        video,
        start=times[0][1],
        end=times[1][2],
        peak=times[2][0],
        score=score,
        confidence=confidence,
        keyframe_id=keyframe_id,
        steps=steps,
    )


def find_cuts(embeddings: np.ndarray, unlike: float) -> np.ndarray:
    """Where a new shot begins: (N, D) unit rows of neighbours in time -> (N - 1,) bool, between each two.

    `unlike`: the cosine of keyframes that have nothing to do with each other. Half-way from there to the same picture
    is the border.
    """
    rows = embeddings.astype(np.float32)
    cuts: np.ndarray = np.einsum("nd,nd->n", rows[1:], rows[:-1]) < (1.0 + unlike) / 2
    return cuts


def find_stretches(scores: np.ndarray, at_least: float, background: float, cuts: np.ndarray) -> list[Stretch]:
    """Stretches around every peak that reaches `at_least`, best first; they never overlap.

    Args:
        scores: (N,) log-odds of each keyframe, in order of time; -inf is never taken in.
        at_least: peaks below this score are not looked for.
        background: what keyframes score that show something else.
        cuts: (N - 1,) bool, whether a new shot begins between two keyframes.
    """
    taken = np.zeros(len(scores), dtype=bool)
    found = []
    for peak in np.argsort(-scores, kind="stable"):
        if scores[peak] < at_least or np.isneginf(scores[peak]):
            break
        if not taken[peak]:
            stretch = _grow(scores, taken, int(peak), background, cuts)
            taken[stretch.first : stretch.last + 1] = True
            found.append(stretch)
    return found


def _grow(scores: np.ndarray, taken: np.ndarray, peak: int, background: float, cuts: np.ndarray) -> Stretch:
    rise = max(float(scores[peak]) - background, _LEAST_RISE)
    lines = scores[peak] - (1 - np.where(cuts, _ACROSS_A_CUT, _IN_A_SHOT)) * rise
    first = last = peak
    while first > 0 and not taken[first - 1] and scores[first - 1] >= lines[first - 1]:
        first -= 1
    while last < len(scores) - 1 and not taken[last + 1] and scores[last + 1] >= lines[last]:
        last += 1
    return Stretch(first, last, peak)
