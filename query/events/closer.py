"""Looks a second time where an event might be, within a bound.

Of an event that asks for much or sudden motion, it looks at jerks in place of coded sizes; of any other, it embeds more
pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from framescout.catalog.records import Model
from framescout.embedding import Embedder, load_embedder
from framescout.errors import MediaError, ModelNotAvailableError
from framescout.media.frames import pictures_at
from query.events.jerks import STEP as JERK_STEP
from query.events.jerks import jerk_odds

SECONDS_AN_HOUR = 36.0
"""Of footage that a second look decodes for each hour of a camera's footage, at most: one in a hundred."""
STEP = 0.5
"""Seconds between the pictures of a second look."""

_ENOUGH = 192, 192  # pixels into which pictures are fitted before their jerks are looked at
_SUSPECTED = -3.0  # score from which a stretch might be an event: twenty times as usual as an alarm


@dataclass(frozen=True, slots=True)
class Closer:
    """What a second look needs: the model's image tower, and somebody who is told of it beforehand."""

    embedder: Embedder
    tell: Callable[[str], None]

    @classmethod
    def of(cls, model: Model, cache: Path, tell: Callable[[str], None]) -> Closer:
        """Raises ModelNotAvailableError where the model that made the catalog's vectors isn't here."""
        embedder = load_embedder(model.name, cache=cache)
        if embedder.fingerprint != model.fingerprint:
            raise ModelNotAvailableError(
                f"the catalog was made with other weights of {model.name} than this machine has; "
                "run framescout index again"
            )
        return cls(embedder, tell)

    def jerk_odds(self, path: str, start: float, end: float) -> float:
        """Log-odds by the jerks of a stretch; NaN where its pictures can't be had, or hardly differ."""
        try:
            return jerk_odds(pictures_at(path, np.arange(start, end, JERK_STEP).tolist(), size=_ENOUGH))
        except (MediaError, OSError):
            return np.nan

    def rows(self, path: str, times: np.ndarray) -> np.ndarray | None:
        """(N, D) float32 of the pictures shown at these seconds, rising; None where they can't be had."""
        try:
            pictures = list(pictures_at(path, times.tolist()))
        except (MediaError, OSError):
            return None
        return self.embedder.encode_images(pictures).astype(np.float16).astype(np.float32)


def suspects(scores: np.ndarray, lengths: np.ndarray) -> list[int]:
    """Keyframes whose stretch is worth a second look, the likeliest first, as far as the bound goes."""
    left = SECONDS_AN_HOUR * float(lengths.sum()) / 3600
    chosen = []
    for place in np.argsort(-scores, kind="stable").tolist():
        if scores[place] < _SUSPECTED:
            break
        if lengths[place] > STEP and lengths[place] <= left:
            chosen.append(place)
            left -= float(lengths[place])
    return chosen


def times_within(start: float, end: float, known: float) -> np.ndarray:
    """(N,) seconds of further pictures in a stretch that `known` stands for, STEP apart, in rising order."""
    times = np.arange(start, end, STEP)
    far: np.ndarray = times[np.abs(times - known) >= STEP / 2]
    return far


def spans_of(start: float, end: float, times: np.ndarray) -> Iterator[tuple[float, float]]:
    """The part of the stretch for which each of these pictures stands: up to the next one."""
    edges = [start, *times[1:].tolist(), end]
    yield from pairwise(edges)
