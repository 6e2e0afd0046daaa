"""What every kind of vector index does behind the protocol: one in memory, FAISS files, Lance datasets."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import asdict

from framescout import vectors
from framescout.catalog import Space
from framescout.catalog.blocks import EmbeddingBlock
from framescout.catalog.records import Generation, Model
from framescout.vectors.exact import search_blocks
from framescout.vectors.store import BuiltIndex
from tests.framescout.vectors.make import FAISS, KINDS, Archive, unit_rows

QUERIES = unit_rows(4, seed=77)


class Held:
    """Generations in memory; it notes how often one was searched."""

    def __init__(self) -> None:
        self.blocks: dict[str, list[EmbeddingBlock]] = {}
        self.searched = 0

    def open(self, generation: Generation, model: Model, *, questions: int | None = None) -> Held | None:
        self.opened = generation.file_name
        return self if generation.file_name in self.blocks else None

    def search(
        self, queries: np.ndarray, limit: int, ranges: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray] | None:
        self.searched += 1
        blocks = self.blocks.get(self.opened)
        return None if blocks is None else search_blocks(queries, blocks, limit, ranges)

    def is_tuned(self, count: int) -> bool:
        return False

    def publish(self, space: Space, sentences: np.ndarray | None = None) -> BuiltIndex:
        name = f"held {len(self.blocks)}"
        self.blocks[name] = list(space.blocks())
        count = space.keyframe_count()
        return BuiltIndex(name, "held", count, space.snapshot.next_keyframe_id(), "none", 0, None)

    def is_sound(self, generation: Generation) -> bool:
        return generation.file_name in self.blocks

    def verify(self, space: Space) -> list[str]:
        return []

    def drop(self, generation: Generation) -> None:
        del self.blocks[generation.file_name]

    def drop_stale(self, current: Iterable[Generation]) -> None:
        names = {generation.file_name for generation in current}
        self.blocks = {name: blocks for name, blocks in self.blocks.items() if name in names}


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive.make(tmp_path / "catalog")
    made.add([30, 5, 80, 12])
    return made


@pytest.fixture(params=["held", *KINDS])
def store(request: pytest.FixtureRequest, archive: Archive, tmp_path: Path) -> vectors.IndexStore:
    if request.param == "held":
        return Held()
    return vectors.store_in(archive.catalog.vectors_folder if request.param == FAISS else str(tmp_path / "sets"))


def published(archive: Archive, store: vectors.IndexStore) -> Generation:
    with archive.catalog.snapshot() as snapshot:
        built = store.publish(snapshot.space(archive.model))
    with archive.catalog.writer() as writer:
        return writer.publish_generation(model_id=archive.model.id, **asdict(built))


@pytest.mark.parametrize("ranges", [None, np.array([[10, 40], [90, 140]]), np.array([[3, 6]]), np.empty((0, 2), int)])
def test_what_is_new_gone_or_left_by_a_filter_is_answered_by_any_kind(
    archive: Archive, store: vectors.IndexStore, ranges: np.ndarray | None
) -> None:
    published(archive, store)
    archive.add([20, 7])
    archive.drop([2, 5])
    wanted, scores = archive.brute_force(QUERIES, 25, ranges)
    with archive.catalog.snapshot() as snapshot:
        for few in (0, 10):
            index = vectors.VectorIndex.open(snapshot.space(archive.model), store, few=few)
            assert index.generation is not None
            ids, found = index.search(QUERIES, 25, ranges)
            if isinstance(store, Held):
                assert (ids == wanted).all()
                assert np.allclose(found, scores, atol=1e-6)
            assert ((ids >= 0) == (wanted >= 0)).all()
            there = ids >= 0
            assert (found[there] >= scores[there] - 0.02).all()  # place for place as good, but for 8 bits
            allowed = set(archive.brute_force(QUERIES, 200, ranges)[0].ravel().tolist())
            assert set(ids.ravel().tolist()) <= allowed | {-1}
    if isinstance(store, Held):
        assert (store.searched > 0) == (ranges is None or len(ranges) > 0)


def test_a_generation_that_goes_after_it_was_opened_costs_time_alone(
    archive: Archive, store: vectors.IndexStore
) -> None:
    generation = published(archive, store)
    with archive.catalog.snapshot() as snapshot:
        assert not vectors.is_worth_building(snapshot.space(archive.model), store, few=0)
        index = vectors.VectorIndex.open(snapshot.space(archive.model), store, few=0)
        store.drop(generation)
        assert (index.search(QUERIES, 9)[0] == archive.brute_force(QUERIES, 9)[0]).all()
        assert vectors.is_worth_building(snapshot.space(archive.model), store, few=0)
        assert vectors.VectorIndex.open(snapshot.space(archive.model), store, few=0).generation is None
