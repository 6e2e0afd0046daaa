"""Looks a second time where an event might be, within a bound.

Of an event that asks for much or sudden motion, it glances at jerks; of any other, it embeds more pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np

from framescout.catalog.records import Model
from framescout.embedding import Embedder, load_embedder
from framescout.errors import MediaError, ModelNotAvailableError
from framescout.media.frames import pictures_at
from query.events.over_time import NEVER

SECONDS_AN_HOUR = 36.0
"""Of footage that a second look takes in of each hour of a camera's footage, at most: one in a hundred."""
STEP = 0.5
"""Seconds between the pictures of a second look."""


class Closer(msgspec.Struct, frozen=True):
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

    def rows(self, path: str, times: np.ndarray) -> np.ndarray | None:
        """(N, D) float32 of the pictures shown at these seconds, rising; None where they can't be had."""
        try:
            pictures = list(pictures_at(path, times.tolist()))
        except (MediaError, OSError):
            return None
        return self.embedder.encode_images(pictures).astype(np.float16).astype(np.float32)


def suspects(scores: np.ndarray, lengths: np.ndarray, costs: np.ndarray) -> list[int]:
    """Keyframes whose stretch is looked at again: in each hour of footage the likeliest, as far as the bound goes.

    A last hour that is not full counts as one. (N,) each: scores, seconds of footage, seconds that a look takes in,
    where it is finite.
    """
    hours = ((np.cumsum(lengths) - lengths) // 3600).astype(np.int64)
    left = dict.fromkeys(hours.tolist(), SECONDS_AN_HOUR)
    chosen = []
    for place in np.argsort(-scores, kind="stable").tolist():
        hour = int(hours[place])
        if scores[place] > NEVER / 2 and costs[place] <= left[hour]:
            chosen.append(place)
            left[hour] -= float(costs[place])
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
