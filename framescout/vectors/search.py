"""Query vectors in, nearest keyframes out: the current index for what it covers, the catalog itself for the rest."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from framescout.catalog.blocks import EmbeddingBlock
from framescout.catalog.records import Generation
from framescout.vectors.exact import common, merge, nothing, search_blocks, tidy, touching
from framescout.vectors.files import FLAT, is_sound, load_faiss, open_index, threads_for
from framescout.vectors.lists import search_lists
from framescout.vectors.walk import Lists

if TYPE_CHECKING:
    from framescout.catalog import Space

FEW = 20_000
"""So many vectors are read from the catalog sooner than FAISS is imported: 40 ms against 200 ms (D = 384)."""
_ALONE_QUERIES, _ALONE_ROWS = 4, 50_000  # what numpy does sooner than FAISS is imported


class VectorIndex:
    """All embeddings of one space; valid as long as its snapshot is."""

    def __init__(
        self,
        space: Space,
        folder: Path,
        generation: Generation | None,
        lists: Lists | None,
        few: int,
    ) -> None:
        self.generation = generation
        """The generation that is used; None where everything is read from the catalog."""
        self._space = space
        self._folder = folder
        self._lists = lists
        self._few = few

    @classmethod
    def open(cls, space: Space, folder: Path, *, few: int = FEW, questions: int | None = None) -> Self:
        """Open the space's current generation in `folder`, the catalog's folder of index files.

        A file that is missing, damaged or at odds with the catalog is passed over: the search is exact then, and
        slower. Up to `few` vectors the catalog is read in any case.

        `questions`: how many are asked before this process ends, where that is known. For one FAISS is not imported, if
        that can be helped.
        """
        generation = space.generation()
        without = cls(space, folder, None, None, few)
        if generation is None or generation.vector_count <= few:
            return without
        lists = None
        if questions is not None and questions <= _ALONE_QUERIES and is_sound(generation, folder):
            if generation.kind == FLAT:  # that few are read from the catalog sooner, too
                return without
            lists = Lists.open(
                folder / Path(generation.file_name).name, generation.vector_count, space.model.dimensions
            )
        opened = cls(space, folder, generation, lists, few)
        if (lists is None and opened._index is None) or opened._alive_count > generation.vector_count:
            return without
        return opened

    def search(
        self, queries: np.ndarray, limit: int, ranges: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The nearest keyframes of each query.

        Args:
            queries: (Q, D) float32, rows of unit length.
            limit: rows of the answer, K.
            ranges: (M, 2) int64: only keyframes with an id in one of these [first, last + 1); None: all.

        Returns:
            ids (Q, K) int64 and scores (Q, K) float32, the cosine, out of inverted lists to about 0.001; best first, -1
            and -inf where there are fewer. Only keyframes that are in the snapshot.
        """
        queries = np.ascontiguousarray(queries, np.float32)
        if queries.ndim != 2 or queries.shape[1] != self._space.model.dimensions:
            raise ValueError(f"queries must be (Q, {self._space.model.dimensions}), not {queries.shape}")
        asked = None if ranges is None else tidy(ranges)
        if limit <= 0 or not len(queries) or (asked is not None and not len(asked)):
            return nothing(len(queries), max(0, limit))
        if self.generation is None:
            return search_blocks(queries, self._blocks(asked), limit, asked)
        covered = self._search_covered(queries, limit, asked)
        if self._has_rest:
            blocks = self._space.blocks(from_keyframe_id=self.generation.covers_below)
            return merge(*search_blocks(queries, blocks, limit, asked), *covered)
        return covered if covered[0].shape[1] == limit else merge(*nothing(len(queries), limit), *covered)

    def _search_covered(
        self, queries: np.ndarray, limit: int, asked: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        assert self.generation is not None
        allowed = self._allowed(asked)
        if allowed is None:
            count = self.generation.vector_count
        else:
            count = int((allowed[:, 1] - allowed[:, 0]).sum())
            if count <= self._few:  # so few are read sooner than the index is walked, and IVF would miss some
                return search_blocks(queries, self._blocks(allowed), limit, allowed)
        # A filter may leave few in the nearest lists: as much as it leaves out, so many more lists are walked.
        lists = -(-self.generation.nprobe * self.generation.vector_count // count)
        if self._lists is not None and self._lists.rows_in(lists) <= _ALONE_ROWS:
            with contextlib.suppress(OSError):
                return self._lists.search(queries, min(limit, count), lists, allowed)
        if self._index is None:  # an index run took it away between opening and asking
            return search_blocks(queries, self._blocks(allowed), limit, allowed)
        with threads_for(len(queries)):
            if self.generation.kind == FLAT:
                return self._search_flat(queries, limit, allowed)
            return self._search_ivf(queries, min(limit, count), allowed, lists)

    def _search_flat(
        self, queries: np.ndarray, limit: int, allowed: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Ids and scores (Q, at most K). Ids grow with the position, so ranges of ids are ranges of positions."""
        faiss = load_faiss()
        places = None if allowed is None else np.searchsorted(self._flat_ids, allowed)
        select = None if places is None else _selector(places, len(self._flat_ids))
        inner = faiss.downcast_index(self._index.index)
        scores, found = inner.search(
            queries, min(limit, len(self._flat_ids)), params=faiss.SearchParameters(sel=select)
        )
        ids = np.where(found < 0, -1, self._flat_ids[found])
        return ids, np.where(found < 0, -np.inf, scores)

    def _search_ivf(
        self, queries: np.ndarray, limit: int, allowed: np.ndarray | None, lists: int
    ) -> tuple[np.ndarray, np.ndarray]:
        assert self.generation is not None
        select = None if allowed is None else _selector(allowed, self.generation.covers_below)
        return search_lists(self._index, queries, limit, min(self._index.nlist, lists), select)

    def _allowed(self, asked: np.ndarray | None) -> np.ndarray | None:
        """Ids of the index that may be answered, as (M, 2) ranges; None: every one."""
        assert self.generation is not None
        below = self.generation.covers_below
        if self._alive_count == self.generation.vector_count:
            return None if asked is None else common(asked, np.array([[0, below]]))
        alive = tidy(self._video_ranges[:, 1:])
        alive = common(alive, np.array([[0, below]]))
        return alive if asked is None else common(alive, asked)

    def _blocks(self, ranges: np.ndarray | None) -> Iterable[EmbeddingBlock]:
        """The catalog's embeddings: all, or those of the videos that have keyframes in these sorted ranges."""
        if ranges is None:
            return self._space.blocks()
        videos = self._video_ranges
        touched = videos[touching(videos[:, 1:], ranges), 0]
        return self._space.blocks(video_ids=touched.tolist())

    @cached_property
    def _index(self) -> Any:
        """The index as FAISS opens it; None where it can't be used."""
        return None if self.generation is None else open_index(self.generation, self._space.model, self._folder)

    @cached_property
    def _alive_count(self) -> int:
        """How many of the generation's keyframes are still in the catalog."""
        assert self.generation is not None
        return self._space.keyframe_count(below=self.generation.covers_below)

    @cached_property
    def _has_rest(self) -> bool:
        """Whether there are keyframes that came after the generation."""
        assert self.generation is not None
        return bool((self._video_ranges[:, 1] >= self.generation.covers_below).any())

    @cached_property
    def _video_ranges(self) -> np.ndarray:
        return self._space.video_ranges()

    @cached_property
    def _flat_ids(self) -> np.ndarray:
        faiss = load_faiss()
        ids: np.ndarray = faiss.vector_to_array(self._index.id_map)
        return ids


def _selector(ranges: np.ndarray, end: int) -> Any:
    """FAISS's selector of ids below `end` that lie in one of these ranges."""
    faiss = load_faiss()
    if len(ranges) == 1:
        return faiss.IDSelectorRange(int(ranges[0, 0]), int(ranges[0, 1]))
    # One bit an id: the same cost for one range as for thousands.
    steps = np.zeros(end + 1, np.int8)
    np.add.at(steps, ranges[:, 0], 1)
    np.add.at(steps, ranges[:, 1], -1)
    bits = np.packbits(np.cumsum(steps[:-1], dtype=np.int8).view(bool), bitorder="little")
    return faiss.IDSelectorBitmap(bits)
