"""Joins scored keyframes of a video into moments whose start and end a person would agree with.

A moment grows from a peak of the score curve over the neighbours that still show the same. Within a shot a neighbour
belongs if it scores above half of the way from the background up to the peak, since one scene goes on; across a cut,
above three quarters. What lies between two keyframes is known by its motion alone: edges.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import cast

import msgspec
import numpy as np

from framescout.catalog import Space
from framescout.catalog.records import FileFacts, Video
from query.answer import Moment, SequenceStep
from query.confidence import probability
from query.curves import Curve, look_at
from query.edges import moved_end, moved_start
from query.evidence import Evidence, is_alone

_IN_A_SHOT, _ACROSS_A_CUT = 0.5, 0.75  # of the way from the background up to the peak
_LEAST = np.finfo(np.float64).min  # log-odds of what a filter leaves out are less
_LEAST_RISE = 1.0  # log-odds; a peak that stands out less takes in only what is as good as itself


class Stretch(msgspec.Struct, frozen=True):
    """A run of keyframes of one video, as positions in it: [first, last], and the best of them."""

    first: int
    last: int
    peak: int


class RankedMoment(msgspec.Struct, frozen=True):
    """A moment as keyframe ids, before their times are looked up."""

    video_id: int
    first: int
    """Keyframe ids, [first, last]; the best of them is `peak`."""
    last: int
    peak: int
    score: float
    confidence: float
    vector: np.ndarray
    """(D,), of unit length: how its peak looks."""
    goes_on: tuple[bool, bool] = (False, False)
    """Whether its shot goes on before its first keyframe and behind its last, as far as the two there look alike."""
    similar: int = 0
    steps: tuple[SequenceStep, ...] = ()

    def holds(self, keyframe_id: int) -> bool:
        """Whether it shows this keyframe."""
        return self.first <= keyframe_id <= self.last


class Contrast(msgspec.Struct, frozen=True):
    """The scores and likeness that a moment must stand out from."""

    usual: float
    """Log-odds that keyframes reach which show something else."""
    unlike: float
    """The cosine of two keyframes that have nothing to do with each other."""


class Joiner:
    """Joins the keyframes of score curves into moments around their peaks, of a question of these parts."""

    def __init__(self, parts: Sequence[Evidence], contrast: Contrast) -> None:
        self._one = parts[0] if is_alone(parts) else None
        self._border = border_of_cuts(contrast.unlike)
        self._stretches = Stretches(contrast.usual, self._border)

    def moments(self, curves: Sequence[Curve], at_least: float) -> Iterator[RankedMoment]:
        """Those of these videos whose peak reaches `at_least` log-odds and that were not given before, best first."""
        for curve, stretch in self._stretches.find(curves, at_least):
            block, odds = curve.block, float(curve.evidence[stretch.peak])
            yield RankedMoment(
                block.video_id,
                block.first_keyframe_id + stretch.first,
                block.first_keyframe_id + stretch.last,
                block.first_keyframe_id + stretch.peak,
                score=self._one.score_at(odds) if self._one else odds,
                confidence=probability(odds),
                vector=block.rows_between(stretch.peak, stretch.peak + 1)[0],
                goes_on=(
                    stretch.first > 0 and block.likeness(stretch.first - 1) >= self._border,
                    stretch.last + 1 < len(curve.evidence) and block.likeness(stretch.last) >= self._border,
                ),
            )


def look_up(
    space: Space, ranked: Sequence[RankedMoment], file_of: Sequence[Callable[[Video, int], FileFacts]]
) -> list[Moment]:
    """Where and when they are: all at once; `file_of`: of each, which of its video's files is shown."""
    videos = {video.id: video for video in space.snapshot.videos(each.video_id for each in ranked)}
    curves = space.snapshot.own_kinds(videos)
    moments = []
    for place, (each, times) in enumerate(zip(ranked, _times(space, ranked), strict=True)):
        start, end = times.edges(curves[each.video_id])
        moments.append(
            Moment.of(
                videos[each.video_id],
                file_of[place](videos[each.video_id], each.peak),
                start=start,
                end=end,
                peak=times.peak,
                score=each.score,
                confidence=each.confidence,
                keyframe_id=each.peak,
                similar=each.similar,
                steps=each.steps,
            )
        )
    return moments


class _Times(msgspec.Struct, frozen=True):
    """Of a moment, in seconds; of the keyframes on either side None where its shot doesn't go on."""

    before: float | None
    first: float
    start: float
    peak: float
    last: float
    end: float
    after: float | None

    def edges(self, curve: bytes) -> tuple[float, float]:
        """Start and end, where motion begins and ends if the curve says so."""
        start = self.start if self.before is None else moved_start(curve, self.start, self.before, self.first)
        return start, self.end if self.after is None else moved_end(curve, self.end, self.last, self.after)


def _times(space: Space, ranked: Sequence[RankedMoment]) -> list[_Times]:
    """The times of each moment, read all at once."""
    wanted = [
        (each.first - each.goes_on[0], each.first, each.peak, each.last, each.last + each.goes_on[1]) for each in ranked
    ]
    times = iter(space.times_of([number for numbers in wanted for number in numbers]))
    found = []
    for each in ranked:
        before, first, peak, last, after = (next(times) for _ in range(5))
        outer = before[0] if each.goes_on[0] else None, after[0] if each.goes_on[1] else None
        found.append(_Times(outer[0], first[0], first[1], peak[0], last[0], last[2], outer[1]))
    return found


def border_of_cuts(unlike: float) -> float:
    """The cosine of two neighbours in time below which a new shot begins between them.

    Half-way from `unlike`, the cosine of keyframes that have nothing to do with each other, to the same picture.
    """
    return (1.0 + unlike) / 2


class Stretches:
    """Takes stretches around the peaks of several videos; they never overlap."""

    def __init__(self, background: float, border: float) -> None:
        """`background`: what keyframes score that show something else. `border`: as border_of_cuts."""
        self._background, self._border = background, border
        self._of_each: dict[int, _StretchesOfVideo] = {}

    def find(self, curves: Sequence[Curve], at_least: float) -> Iterator[tuple[Curve, Stretch]]:
        """Those around every peak that reaches `at_least` and belongs to none that was taken before, best first.

        `curves`: of a video always the same one; they are looked into further where a stretch reaches the end of what
        is known.
        """
        least = max(at_least, _LEAST)
        evidence = np.concatenate([np.empty(0), *(curve.evidence for curve in curves)])
        peaks = np.flatnonzero(evidence >= least)
        peaks = peaks[np.argsort(-evidence[peaks], kind="stable")]
        ends = np.cumsum([len(curve.evidence) for curve in curves], dtype=np.int64)
        numbers = np.searchsorted(ends, peaks, side="right")
        begins = ends - [len(curve.evidence) for curve in curves]
        for number, peak in zip(numbers.tolist(), (peaks - begins[numbers]).tolist(), strict=True):
            curve = curves[number]
            own = self._of_each.get(curve.block.video_id)
            if own is None:
                own = self._of_each[curve.block.video_id] = _StretchesOfVideo(curve, self._background, self._border)
            if not own.taken[peak]:
                yield curve, own.take(peak)


class _StretchesOfVideo:
    """Takes them from the curve of one video."""

    def __init__(self, curve: Curve, background: float, border: float) -> None:
        self._curve, self._background, self._border = curve, background, border
        self._scores = cast("memoryview[float]", curve.evidence.data)  # read one by one faster than an array
        self.taken = bytearray(len(curve.evidence))

    def take(self, peak: int) -> Stretch:
        """What belongs to this peak."""
        top = self._scores[peak]
        rise = max(top - self._background, _LEAST_RISE)
        least = top - (1 - _IN_A_SHOT) * rise, top - (1 - _ACROSS_A_CUT) * rise
        first, last = self._walk(peak, -1, *least), self._walk(peak, 1, *least)
        self.taken[first : last + 1] = b"\1" * (last + 1 - first)
        return Stretch(first, last, peak)

    def _walk(self, place: int, step: int, in_a_shot: float, across_a_cut: float) -> int:
        """The last keyframe that belongs to the one at `place`, in steps of 1 or -1."""
        scores, is_scored, taken = self._scores, self._curve.is_scored, self.taken
        likeness, border = self._curve.block.likeness, self._border
        end, back = (len(taken), -1) if step == 1 else (-1, 0)
        while (following := place + step) != end and not taken[following]:
            if not is_scored[following]:
                look_at([(self._curve, following, following + 1)], self._curve.parts)
            score = scores[following]
            if score < across_a_cut and (score < in_a_shot or likeness(following + back) < border):
                break
            place = following
        return place
