"""Searches a version of a Lance dataset."""

from __future__ import annotations

import time
from functools import cached_property
from typing import Any

import numpy as np

from framescout.distinct import distinct
from framescout.vectors import lance_datasets
from framescout.vectors.exact import merge, nothing, tidy
from framescout.vectors.lance_datasets import FAILURES
from framescout.vectors.widths import widened, width_of

PAUSE = 30.0
"""Seconds."""


class Pause:
    """Keeps questions from a store that did not answer one: it takes seconds to fail, and would hold up each."""

    def __init__(self) -> None:
        self._ends_at = 0.0  # as time.monotonic()

    @property
    def is_on(self) -> bool:
        """Whether the store is not to be asked yet."""
        return time.monotonic() < self._ends_at

    def begin(self) -> None:
        """Ask nothing for PAUSE seconds from now."""
        self._ends_at = time.monotonic() + PAUSE


class LanceIndex:
    """A `GenerationIndex`."""

    def __init__(self, dataset: Any, partitions: int, *, vector_count: int, nprobe: int) -> None:
        self._dataset = dataset
        self._partitions, self._vector_count, self._nprobe = partitions, vector_count, nprobe
        self._pause = Pause()

    def search(
        self, queries: np.ndarray, limit: int, ranges: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """As `GenerationIndex.search`."""
        if self._pause.is_on:
            return None
        try:
            return self.found(queries, limit, ranges, self._nprobe)
        except FAILURES:
            self._pause.begin()
            return None

    def found(
        self, queries: np.ndarray, limit: int, ranges: np.ndarray | None, nprobe: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `search`, in so many partitions; in as many more of them as a filter leaves fewer vectors.

        Raises:
            One of FAILURES: files are missing or damaged.
        """
        places = None if ranges is None else self._places(ranges)
        count = self._vector_count if places is None else int((places[:, 1] - places[:, 0]).sum())
        ids, scores = nothing(len(queries), min(limit, count))
        if not ids.size:
            return ids, scores
        allowed = None if places is None else lance_datasets.allowlist(self._row_addresses(places))
        partitions = min(self._partitions, -(-nprobe * self._vector_count // count))
        wide = widened(queries, width_of(queries.shape[1]))
        found = lance_datasets.search(self._dataset, wide, min(limit, count), partitions, allowed)
        for row, (found_ids, found_scores) in enumerate(found):
            ids[row, : len(found_ids)], scores[row, : len(found_ids)] = found_ids, found_scores
        return merge(*nothing(len(queries), ids.shape[1]), ids, scores)

    def _places(self, ranges: np.ndarray) -> np.ndarray:
        """Ranges of ids -> the same as (M, 2) ranges of places in the dataset, which has its rows in order of id."""
        firsts, places = self._runs
        run = np.maximum(np.searchsorted(firsts, ranges, side="right") - 1, 0)
        found: np.ndarray = places[run] + np.clip(ranges - firsts[run], 0, places[run + 1] - places[run])
        return tidy(found)

    @cached_property
    def _runs(self) -> tuple[np.ndarray, np.ndarray]:
        """Where runs of ids that follow each other begin: their first ids (R,), and their first places (R + 1,)."""
        firsts, places = [], []
        place, following = 0, -1
        for ids in lance_datasets.ids_in(self._dataset):
            begins = np.flatnonzero(np.diff(ids, prepend=following - 1) != 1)
            firsts.append(ids[begins])
            places.append(place + begins)
            place, following = place + len(ids), int(ids[-1]) + 1
        return np.concatenate(firsts), np.concatenate([*places, [place]])

    def _row_addresses(self, places: np.ndarray) -> np.ndarray:
        """Ranges of places -> (R, 2) ranges of addresses: the fragment's number in the upper half, the row below."""
        numbers, starts = self._fragments
        cuts = distinct(np.concatenate([places.ravel(), starts]))
        pieces = np.stack([cuts[:-1], cuts[1:]], axis=1)
        owner = np.searchsorted(places[:, 0], pieces[:, 0], side="right") - 1
        pieces = pieces[(owner >= 0) & (pieces[:, 0] < places[np.maximum(owner, 0), 1])]
        fragment = np.searchsorted(starts, pieces[:, 0], side="right") - 1
        addresses: np.ndarray = pieces + ((numbers[fragment] << 32) - starts[fragment])[:, None]
        return addresses

    @cached_property
    def _fragments(self) -> tuple[np.ndarray, np.ndarray]:
        """The number of each fragment (F,), and the place where it begins (F + 1,)."""
        numbers, rows = np.array(lance_datasets.fragments_of(self._dataset), np.int64).T
        return numbers, np.concatenate([[0], np.cumsum(rows)])
