"""Evidence of motion alone, for a question that asks for nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from framescout.catalog import Space
from framescout.motion import Kind
from query.evidence import Keyframes
from query.motion import keyframes_that_show

_SURE = 3.0  # log-odds of what passes an exact filter
_NOT = -10.0
_PER_OCTAVE = 0.5


@dataclass(frozen=True, slots=True)
class Moving:
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
        ids, rises = keyframes_that_show(space, kind)
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
