"""Compares every vector of a version of a Lance dataset with the catalog and says what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from framescout.catalog.records import Generation
from framescout.vectors import lance_datasets
from framescout.vectors.store import faults
from framescout.vectors.widths import widened, width_of

if TYPE_CHECKING:
    from framescout.catalog import Space


def verify(space: Space, generation: Generation, dataset: Any) -> list[str]:
    """What is wrong with it; reads all of it, and every embedding of the model.

    Raises:
        One of lance_datasets.FAILURES: files are missing or damaged.
    """
    missing = wrong = alive = 0
    width = width_of(space.model.dimensions)
    stored = _Stored(dataset, width)
    for block in space.blocks():
        below = generation.covers_below - block.first_keyframe_id
        rows = widened(block.embeddings[: max(0, below)], width)
        is_there, is_same = stored.compare(block.first_keyframe_id, rows)
        missing += int((~is_there).sum())
        wrong += int((is_there & ~is_same).sum())
        alive += len(rows)
    claims_more = generation.vector_count < alive or lance_datasets.indexed_rows(dataset) != generation.vector_count
    return faults(generation, missing, wrong, claims_more=claims_more)


class _Stored:
    """The rows of a dataset, read once in order of id."""

    def __init__(self, dataset: Any, width: int) -> None:
        self._parts = lance_datasets.rows_in(dataset)
        self._ids, self._rows = self._nothing = np.empty(0, np.int64), np.empty((0, width), np.float16)

    def compare(self, first: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the ids from `first` on (n,): whether they are stored, and whether as (n, W) float16 `rows` say.

        What lies before `first` is forgotten.
        """
        end = first + len(rows)
        is_there, is_same = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        while True:
            begin, stop = np.searchsorted(self._ids, [first, end])
            places = self._ids[begin:stop] - first
            is_there[places] = True
            is_same[places] = (self._rows[begin:stop] == rows[places]).all(axis=1)
            if stop < len(self._ids):
                self._ids, self._rows = self._ids[stop:], self._rows[stop:]
                return is_there, is_same
            following = next(self._parts, None)
            self._ids, self._rows = following or self._nothing
            if following is None:
                return is_there, is_same
