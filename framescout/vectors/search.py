"""Finds the keyframes nearest to query vectors: in the current generation, and in the catalog for the rest.

All kinds of index share this: keyframes newer than the generation are searched exactly, deleted ones are left out, and
where a narrow filter leaves few keyframes these are read from the catalog.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Self

import numpy as np

from framescout.catalog.blocks import EmbeddingBlock
from framescout.catalog.records import Generation
from framescout.vectors.exact import common, merge, nothing, search_blocks, tidy, touching
from framescout.vectors.store import GenerationIndex, IndexStore

if TYPE_CHECKING:
    from framescout.catalog import Space

FEW = 20_000
"""So many vectors are read from the catalog sooner than FAISS is imported: 40 ms against 200 ms (D = 384)."""


class VectorIndex:
    """All embeddings of one space; valid as long as its snapshot is."""

    def __init__(
        self,
        space: Space,
        generation: Generation | None = None,
        opened: GenerationIndex | None = None,
        few: int = FEW,
    ) -> None:
        self.generation = generation
        """The generation that is used; None where everything is read from the catalog."""
        self._opened = opened
        self._space = space
        self._few = few

    @classmethod
    def open(cls, space: Space, store: IndexStore, *, few: int = FEW, questions: int | None = None) -> Self:
        """Open the current generation of the space.

        One that is missing, damaged or at odds with the catalog is passed over: the search is exact then, and slower.
        Up to `few` vectors the catalog is read in any case.

        `questions`: how many are asked before this process ends, where that is known.
        """
        generation = space.generation()
        without = cls(space, few=few)
        if generation is None or generation.vector_count <= few:
            return without
        opened = store.open(generation, space.model, questions=questions)
        index = cls(space, generation, opened, few)
        return without if opened is None or index._alive_count > generation.vector_count else index

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
        assert self._opened is not None
        allowed = self._allowed(asked)
        # so few are read sooner than an index is walked, and an approximate one would miss some
        is_narrow = allowed is not None and int((allowed[:, 1] - allowed[:, 0]).sum()) <= self._few
        nearest = None if is_narrow else self._opened.search(queries, limit, allowed)
        return search_blocks(queries, self._blocks(allowed), limit, allowed) if nearest is None else nearest

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
        return self._space.blocks_of(videos[touching(videos[:, 1:], ranges)], in_parts=True)

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
