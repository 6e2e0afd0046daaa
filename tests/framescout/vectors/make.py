"""Catalogs with known vectors, for tests of the index."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import numpy as np
from msgspec.structs import asdict, replace

import framescout
from framescout import vectors
from framescout.catalog import Catalog
from framescout.catalog.records import Generation, Model
from framescout.vectors import IndexStore, build, lists
from tests.framescout.catalog.make import make_indexed

DIMENSIONS = 16
FAISS, LANCE = "faiss", "lance"
HAS_LANCE = importlib.util.find_spec("lance") is not None
KINDS = [FAISS, LANCE] if HAS_LANCE else [FAISS]
"""Of stores that the same tests are held against."""


@dataclass
class Archive:
    """A catalog, and beside it what it must hold: plain numpy arrays."""

    catalog: Catalog
    model: Model
    kind: str = FAISS
    """Of the store that its generations are in."""
    added: int = 0
    place: str = ""
    """Of Lance datasets; empty: a folder beside the catalog."""

    @classmethod
    def make(cls, folder: Path, kind: str = FAISS) -> Archive:
        catalog = framescout.open(folder)
        with catalog.writer() as writer:
            return cls(catalog, writer.model("tiny", "fingerprint", DIMENSIONS), kind)

    @property
    def store(self) -> IndexStore:
        folder = self.catalog.vectors_folder
        return vectors.store_in(folder if self.kind == FAISS else self.place or str(folder / "sets"))

    def add(self, counts: list[int]) -> None:
        """Videos of so many keyframes; vectors lie in clusters, as those of footage do."""
        with self.catalog.writer() as writer:
            for count in counts:
                rows = unit_rows(count, seed=self.added)
                writer.commit_video(
                    make_indexed(f"/archive/{self.added}.mp4", embeddings=rows.astype(np.float16)), self.model
                )
                self.added += 1

    def drop(self, video_ids: list[int]) -> None:
        with self.catalog.writer() as writer:
            for video_id in video_ids:
                writer.drop_video(video_id)

    def publish(self, exact_at_most: int = 10_000, *, every_list: bool = False) -> Generation:
        few = mock.patch.object(lists, "_A_LIST", 20)  # so that small archives have many lists
        exact = mock.patch.object(build, "EXACT_AT_MOST", exact_at_most)
        with self.catalog.snapshot() as snapshot, few, exact:
            built = self.store.publish(snapshot.space(self.model))
        if every_list:
            built = replace(built, nprobe=built.vector_count)
        with self.catalog.writer() as writer:
            return writer.publish_generation(model_id=self.model.id, **asdict(built))

    def search(
        self, queries: np.ndarray, limit: int, ranges: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Through the index wherever there is a sound one, however small."""
        with self.catalog.snapshot() as snapshot:
            index = vectors.VectorIndex.open(snapshot.space(self.model), self.store, few=0)
            return index.search(queries, limit, ranges)

    def brute_force(
        self, queries: np.ndarray, limit: int, ranges: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The answer by definition."""
        with self.catalog.snapshot() as snapshot:
            blocks = list(snapshot.space(self.model).blocks())
        known = {
            block.first_keyframe_id + i: row.astype(np.float32)
            for block in blocks
            for i, row in enumerate(block.embeddings)
            if ranges is None or any(a <= block.first_keyframe_id + i < b for a, b in ranges)
        }
        ids, scores = np.full((len(queries), limit), -1), np.full((len(queries), limit), -np.inf, np.float32)
        for q, query in enumerate(queries):
            best = sorted(((-float(row @ query), i) for i, row in known.items()))[:limit]
            ids[q, : len(best)], scores[q, : len(best)] = [i for _, i in best], [-s for s, _ in best]
        return ids, scores

    def is_indexed(self) -> bool:
        with self.catalog.snapshot() as snapshot:
            opened = vectors.VectorIndex.open(snapshot.space(self.model), self.store, few=0)
            return opened.generation is not None

    def verify(self) -> list[str]:
        with self.catalog.snapshot() as snapshot:
            return self.store.verify(snapshot.space(self.model))


def unit_rows(count: int, seed: int) -> np.ndarray:
    """(count, D) float32 unit rows around a few centres."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(3, DIMENSIONS))
    rows = centres[random.integers(0, 3, count)] + 0.5 * random.normal(size=(count, DIMENSIONS))
    return unit(rows).astype(np.float32)


def unit(rows: np.ndarray) -> np.ndarray:
    """(N, D), each row divided by its length."""
    divided: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return divided
