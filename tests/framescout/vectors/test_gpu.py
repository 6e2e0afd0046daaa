"""Building an index with GPUs: here the shards are the processor's, in the very type that FAISS gives."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faiss
import numpy as np
import pytest

from framescout.vectors import lists
from framescout.vectors.gpu import on_gpus
from tests.framescout.vectors.make import DIMENSIONS, Archive, unit_rows


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, Any]]:
    """What was copied to two pretended GPUs: (type of index, options)."""
    copies: list[tuple[Any, Any]] = []

    def to_all(index: Any, co: Any) -> Any:
        copies.append((type(faiss.downcast_index(index)), co))
        return shards_of(faiss.downcast_index(index))

    if not hasattr(faiss, "GpuMultipleClonerOptions"):  # faiss-cpu
        monkeypatch.setattr(faiss, "GpuMultipleClonerOptions", SimpleNamespace, raising=False)
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 2)
    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", to_all)
    return copies


def shards_of(index: Any) -> Any:
    """What index_cpu_to_all_gpus makes of a flat index for two GPUs, on the processor; of others a copy."""
    if not isinstance(index, faiss.IndexFlat):
        return faiss.clone_index(index)
    shards = faiss.IndexShards(index.d, True, True)
    rows = index.reconstruct_n(0, index.ntotal) if index.ntotal else np.empty((0, index.d), np.float32)
    parts = [faiss.IndexFlat(index.d, index.metric_type) for _ in range(2)]
    for part, some in zip(parts, np.array_split(rows, 2), strict=True):
        part.add(some)
        shards.add_shard(part)
    return shards


def test_without_a_card_the_index_itself_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 0)
    index = faiss.IndexFlatIP(4)
    assert on_gpus(index) is index


def test_an_index_is_spread_over_all_cards_in_half_precision(copied: list[tuple[Any, Any]]) -> None:
    index = faiss.IndexFlatIP(DIMENSIONS)
    index.add(unit_rows(7, seed=1))
    queries = unit_rows(3, seed=2)
    assert np.array_equal(on_gpus(index).search(queries, 4)[1], index.search(queries, 4)[1])
    ((_, options),) = copied
    assert options.shard
    assert options.useFloat16


def test_without_room_on_the_cards_the_processor_does_it(monkeypatch: pytest.MonkeyPatch, copied: list[Any]) -> None:
    def no_room(*_: Any, **__: Any) -> None:
        raise RuntimeError("Error in void* faiss::gpu::StandardGpuResourcesImpl::allocMemory: out of memory")

    monkeypatch.setattr(faiss, "index_cpu_to_all_gpus", no_room)
    index = faiss.IndexFlatIP(4)
    assert on_gpus(index) is index


@pytest.mark.parametrize("is_tree", [False, True], ids=["flat centres", "centres in a tree"])
def test_the_file_is_the_processors_wherever_it_was_built(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, copied: list[tuple[Any, Any]], is_tree: bool
) -> None:
    if is_tree:
        monkeypatch.setattr(lists, "_FLAT_AT_MOST", 4)
    archive = Archive.make(tmp_path / "catalog")
    archive.add([50] * 10)
    built = archive.publish(exact_at_most=100)
    learned, placed = copied[:-1], copied[-1]
    assert {kind for kind, _ in learned} == {faiss.IndexFlatIP}
    assert placed[0] is (faiss.IndexIVFScalarQuantizer if is_tree else faiss.IndexFlatIP)
    path = archive.catalog.vectors_folder / built.file_name
    index = faiss.read_index(str(path))
    assert type(faiss.downcast_index(index)) is faiss.IndexIVFScalarQuantizer
    assert type(faiss.downcast_index(index.quantizer)) is placed[0]

    monkeypatch.setattr(faiss, "get_num_gpus", lambda: 0)
    (before := path.with_name("on-gpus.faiss")).write_bytes(path.read_bytes())
    again = archive.publish(exact_at_most=100)
    assert (archive.catalog.vectors_folder / again.file_name).read_bytes() == before.read_bytes()
    assert archive.verify() == []
