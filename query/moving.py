"""Motion in answers: evidence where a question asks for nothing else, and an order of what matches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Self

import msgspec
import numpy as np
from msgspec.structs import replace

from framescout.catalog import Space
from framescout.catalog.keyframe_motion import KeyframeMotion
from framescout.motion import KINDS, STEP, Kind, cells, kinds
from framescout.timeline import Span
from query.answer import Moment
from query.edges import trimmed
from query.evidence import Keyframes
from query.moments import RankedMoment

_SURE = 3.0  # log-odds of what passes an exact filter
_NOT = -10.0
_PER_OCTAVE = 0.5


class Moving(msgspec.Struct, frozen=True):
    """How much moves: the more, the higher; of "none", the less."""

    ids: np.ndarray
    """(N,) int64, rising: keyframes that show the kind asked for."""
    odds: np.ndarray
    """(N,) float64, theirs."""
    weight: float = 1.0
    is_wanted: bool = True

    @classmethod
    def of(cls, space: Space, kind: Kind) -> Self:
        """Every keyframe of the space that shows this kind."""
        ids, rises = space.motion().showing(kind)
        return cls(ids, _SURE + (-_PER_OCTAVE if kind is Kind.NONE else _PER_OCTAVE) * rises)

    @property
    def index_vector(self) -> None:
        """The vector index knows nothing of motion."""

    def odds_at(self, index_score: float) -> float:
        """The score is the log-odds."""
        return index_score

    def score_at(self, odds: float) -> float:
        """The score is the log-odds."""
        return odds

    @classmethod
    def log_odds(cls, together: Sequence[Self], keyframes: Keyframes) -> np.ndarray:
        """(N, P) float64; of keyframes without an id, as the sample's, those of what doesn't show it."""
        columns = np.full((len(keyframes), len(together)), _NOT)
        ids = keyframes.ids
        for number, each in enumerate(together):
            if ids is not None and len(each.ids):
                places = np.minimum(np.searchsorted(each.ids, ids), len(each.ids) - 1)
                columns[:, number] = np.where(each.ids[places] == ids, each.odds[places], _NOT)
        return columns


def by_motion(best_first: Iterable[RankedMoment], motion: KeyframeMotion, sure: float) -> Iterator[RankedMoment]:
    """Those of at least this confidence, that in which most moves first; behind them the others as they come.

    A moment moves as much as the strongest half second of its keyframes' stretches; one whose motion nobody knows
    stands behind all whose motion is known.
    """
    others = iter(best_first)
    matches: list[RankedMoment] = []
    for each in others:
        if each.confidence < sure:
            others = chain([each], others)
            break
        matches.append(each)
    yield from sorted(matches, key=lambda each: -motion.highest_rise(each.first, each.last))
    yield from others


def cut_to_motion(space: Space, moment: Moment) -> Moment:
    """The moment without the stillness at both of its ends, its peak where most moves; as it is where nothing moves."""
    curve, motion = space.snapshot.motion(moment.video_id), space.motion()
    if curve is None:
        return moment
    codes = kinds(curve, int(motion.quiet[np.searchsorted(motion.ids, moment.keyframe_id)]))
    if not (codes[cells(Span(moment.start, moment.end))] >= KINDS.index(Kind.LITTLE)).any():
        return moment
    start, end = trimmed(codes.tobytes(), moment.start, moment.end)
    own = cells(Span(start, end))
    strongest = own.start + int(curve.levels[own].argmax())
    peak = (max(start, strongest * STEP) + min(end, (strongest + 1) * STEP)) / 2
    return replace(moment, start=start, end=end, peak=peak)
