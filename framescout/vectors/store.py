"""The protocols that a kind of vector index implements; the FAISS files of faiss_files.py are the first kind.

A generation is one state of a model's index, as a row of the catalog names it. search.py handles newer keyframes,
deleted keyframes and narrow filters for all kinds alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import msgspec
import numpy as np

from framescout.catalog.records import Generation, Model

if TYPE_CHECKING:
    from framescout.catalog import Space


class BuiltIndex(msgspec.Struct, frozen=True):
    """A written generation: what Writer.publish_generation wants to know."""

    file_name: str
    kind: str
    vector_count: int
    covers_below: int
    checksum: str
    nprobe: int
    recall: float | None


class GenerationIndex(Protocol):
    """An opened generation."""

    def search(
        self, queries: np.ndarray, limit: int, ranges: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray] | None:
        """The nearest of the vectors that the generation covers.

        Args:
            queries: (Q, D) float32, rows of unit length, C-contiguous.
            limit: columns of the answer at most, K.
            ranges: (M, 2) int64, sorted and apart: only ids in one of these [first, last + 1). None: all.

        Returns:
            ids (Q, at most K) int64 and scores (Q, the same) float32, the cosine to about 0.001; best first, -1 and
            -inf where there are fewer. None where the generation was taken away after it was opened.
        """


class IndexStore(Protocol):
    """Where the generations of a catalog lie."""

    def open(self, generation: Generation, model: Model, *, questions: int | None = None) -> GenerationIndex | None:
        """A generation, ready to be searched; None where it is missing, damaged or not worth opening.

        `questions`: how many are asked before this process ends, where that is known.
        """

    def is_tuned(self, count: int) -> bool:
        """Whether a generation of so many vectors is tuned with questions: whether `publish` wants sentences for it."""

    def publish(self, space: Space, sentences: np.ndarray | None = None) -> BuiltIndex:
        """Write a generation of all embeddings of the space; it is not yet the current one.

        `sentences`: (S, D) float32 unit vectors of sentences as people ask them, to be tuned with.

        Raises:
            DiskFullError: it doesn't fit.
        """

    def is_sound(self, generation: Generation) -> bool:
        """Whether a generation is there, of a kind that is known, and looks as it was written; quick."""

    def verify(self, space: Space) -> list[str]:
        """What is wrong with the current generation of the space, in sentences; reads all of it and of the catalog."""

    def drop(self, generation: Generation) -> None:
        """Delete a generation."""

    def drop_stale(self, current: Iterable[Generation]) -> None:
        """Delete every generation but these. A search that has one open keeps it."""


def faults(generation: Generation, missing: int, wrong: int, *, claims_more: bool) -> list[str]:
    """What a comparison with the catalog found, in sentences: `missing` keyframes, and `wrong` vectors."""
    name = generation.file_name
    found = []
    if missing:
        found.append(f"the vector index {name} lacks {missing} keyframes of the catalog")
    if wrong:
        found.append(f"the vector index {name} has {wrong} vectors that differ from the catalog")
    if claims_more:
        found.append(f"the vector index {name} claims to cover more than it holds")
    return found
