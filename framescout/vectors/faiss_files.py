"""Generations as FAISS files: exact ones while that is fast enough, inverted lists above."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framescout.catalog.records import Generation, Model
from framescout.vectors import files
from framescout.vectors.build import EXACT_AT_MOST, build
from framescout.vectors.files import FLAT, load_faiss, open_index, threads_for
from framescout.vectors.lists import search_lists
from framescout.vectors.store import BuiltIndex
from framescout.vectors.verify import verify
from framescout.vectors.walk import Lists
from framescout.vectors.widths import widened

if TYPE_CHECKING:
    from framescout.catalog import Space

_ALONE_QUERIES, _ALONE_ROWS = 4, 50_000  # what numpy does sooner than FAISS is imported


class FaissFiles:
    """An `IndexStore`: a file a generation, in one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, generation: Generation, model: Model, *, questions: int | None = None) -> FaissIndex | None:
        """As `IndexStore.open`. For few questions FAISS is not imported, if that can be helped."""
        lists = None
        if questions is not None and questions <= _ALONE_QUERIES and self.is_sound(generation):
            if generation.kind == FLAT:  # that few are read from the catalog sooner, too
                return None
            lists = Lists.open(self._path(generation), generation.vector_count, model.dimensions)
        opened = FaissIndex(generation, model, self._folder, lists)
        return opened if opened.is_usable else None

    def is_tuned(self, count: int) -> bool:
        """As `IndexStore.is_tuned`: inverted lists are, exact indexes needn't be."""
        return count > EXACT_AT_MOST

    def publish(self, space: Space, sentences: np.ndarray | None = None) -> BuiltIndex:
        """As `IndexStore.publish`."""
        return build(space, self._folder, sentences)

    def is_sound(self, generation: Generation) -> bool:
        """As `IndexStore.is_sound`."""
        return files.is_sound(generation, self._folder)

    def verify(self, space: Space) -> list[str]:
        """As `IndexStore.verify`."""
        return verify(space, self._folder)

    def drop(self, generation: Generation) -> None:
        """As `IndexStore.drop`."""
        self._path(generation).unlink(missing_ok=True)

    def drop_stale(self, current: Iterable[Generation]) -> None:
        """As `IndexStore.drop_stale`."""
        files.delete_stale(self._folder, current)

    def _path(self, generation: Generation) -> Path:
        return self._folder / Path(generation.file_name).name


class FaissIndex:
    """A `GenerationIndex`: the file is walked by numpy for a few questions, by FAISS for more."""

    def __init__(self, generation: Generation, model: Model, folder: Path, lists: Lists | None) -> None:
        self._generation, self._model, self._folder, self._lists = generation, model, folder, lists

    @property
    def is_usable(self) -> bool:
        """Whether numpy or FAISS can read the file."""
        return self._lists is not None or self._index is not None

    def search(
        self, queries: np.ndarray, limit: int, ranges: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """As `GenerationIndex.search`."""
        generation = self._generation
        count = generation.vector_count if ranges is None else int((ranges[:, 1] - ranges[:, 0]).sum())
        # A filter may leave few in the nearest lists: as much as it leaves out, so many more lists are walked.
        lists = -(-generation.nprobe * generation.vector_count // count)
        if self._lists is not None and self._lists.rows_in(lists) <= _ALONE_ROWS:
            with contextlib.suppress(OSError):
                return self._lists.search(queries, min(limit, count), lists, ranges)
        if self._index is None:  # an index run took it away between opening and asking
            return None
        with threads_for(len(queries)):
            if generation.kind == FLAT:
                return self._search_flat(queries, limit, ranges)
            select = None if ranges is None else _selector(ranges, generation.covers_below)
            return search_lists(self._index, queries, min(limit, count), min(self._index.nlist, lists), select)

    def _search_flat(self, queries: np.ndarray, limit: int, ranges: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Ids and scores (Q, at most K). Ids grow with the position, so ranges of ids are ranges of positions."""
        faiss = load_faiss()
        places = None if ranges is None else np.searchsorted(self._flat_ids, ranges)
        select = None if places is None else _selector(places, len(self._flat_ids))
        inner = faiss.downcast_index(self._index.index)
        scores, positions = inner.search(
            widened(queries, inner.d), min(limit, len(self._flat_ids)), params=faiss.SearchParameters(sel=select)
        )
        ids = np.where(positions < 0, -1, self._flat_ids[positions])
        return ids, np.where(positions < 0, -np.inf, scores)

    @cached_property
    def _index(self) -> Any:
        """The index as FAISS opens it; None where it can't be used."""
        return open_index(self._generation, self._model, self._folder)

    @cached_property
    def _flat_ids(self) -> np.ndarray:
        ids: np.ndarray = load_faiss().vector_to_array(self._index.id_map)
        return ids


def _selector(ranges: np.ndarray, end: int) -> Any:
    """FAISS's selector of ids below `end` that lie in one of these ranges."""
    faiss = load_faiss()
    if len(ranges) == 1:
        return faiss.IDSelectorRange(int(ranges[0, 0]), int(ranges[0, 1]))
    return faiss.IDSelectorBitmap(bitmap(ranges, end))


def bitmap(ranges: np.ndarray, end: int) -> np.ndarray:
    """(B,) uint8: a bit for each id below `end`, the lowest first; set in these ranges, which are sorted and apart.

    Whole bytes are set as runs, and the two at the ends of a range bit by bit: no step is taken for an id.
    """
    first, last = ranges[ranges[:, 1] > ranges[:, 0]].T
    begin, stop = -(-first // 8), last // 8
    steps = np.zeros(-(-end // 8) + 1, np.int8)
    is_long = stop > begin
    np.add.at(steps, begin[is_long], 1)
    np.add.at(steps, stop[is_long], -1)
    bits = -np.cumsum(steps[:-1], dtype=np.int8).view(np.uint8)
    below = ((1 << (last % 8)) - 1).astype(np.uint8)  # of the last byte, those under the end
    above = (256 - (1 << (first % 8))).astype(np.uint8)  # of the first byte, those from the beginning on
    is_one = first // 8 == stop
    np.bitwise_or.at(bits, stop[is_one], (above & below)[is_one])
    begins, ends = ~is_one & (first % 8 > 0), ~is_one & (last % 8 > 0)
    np.bitwise_or.at(bits, first[begins] // 8, above[begins])
    np.bitwise_or.at(bits, stop[ends], below[ends])
    return bits
