"""A single question is answered without FAISS, and as FAISS answers it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from framescout.catalog.records import Generation
from framescout.resources import bundled
from framescout.vectors import VectorIndex, faiss_files, lists
from framescout.vectors.walk import Lists
from tests.framescout.vectors.make import DIMENSIONS, Archive, unit_rows

QUERIES = unit_rows(3, seed=2000)
RANGES = np.array([[40, 90], [120, 125], [300, 480]])
Published = tuple[Archive, Generation, Path]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Published:
    return publish(tmp_path_factory.mktemp("catalog"))


def publish(folder: Path) -> Published:
    archive = Archive.make(folder)
    archive.add([50] * 20)
    generation = archive.publish(exact_at_most=100)
    return archive, generation, archive.catalog.vectors_folder / generation.file_name


def ask(
    archive: Archive, questions: int | None, limit: int = 20, ranges: np.ndarray | None = None, few: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    with archive.catalog.snapshot() as snapshot:
        index = VectorIndex.open(snapshot.space(archive.model), archive.store, few=few, questions=questions)
        return index.search(QUERIES, limit, ranges)


def assert_same(got: tuple[np.ndarray, np.ndarray], wanted: tuple[np.ndarray, np.ndarray]) -> None:
    assert np.allclose(got[1], wanted[1], atol=1e-6)
    assert np.array_equal(
        *(np.take_along_axis(ids, np.lexsort((ids, -scores.round(5))), 1) for ids, scores in (got, wanted))
    )


def faiss_is_not_to_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise AssertionError("FAISS was imported")

    monkeypatch.setattr(faiss_files, "load_faiss", fail)
    monkeypatch.setattr("framescout.vectors.files.load_faiss", fail)


@pytest.mark.parametrize("limit", [1, 20, 600, 5000])
@pytest.mark.parametrize("ranges", [None, RANGES], ids=["all", "filtered"])
def test_numpy_walks_the_lists_as_faiss_does(
    published: Published, monkeypatch: pytest.MonkeyPatch, limit: int, ranges: np.ndarray | None
) -> None:
    archive, generation, _ = published
    assert generation.nprobe < list_count(published)
    wanted = ask(archive, None, limit, ranges)
    faiss_is_not_to_be_used(monkeypatch)
    assert_same(ask(archive, 1, limit, ranges), wanted)


def list_count(published: Published) -> int:
    _, generation, path = published
    opened = Lists.open(path, generation.vector_count, DIMENSIONS)
    assert opened is not None
    return len(opened.sizes)


def test_what_is_gone_and_what_is_new_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, _, _ = publish(tmp_path)
    archive.drop([3, 4])
    archive.add([7])
    wanted = ask(archive, None)
    faiss_is_not_to_be_used(monkeypatch)
    assert_same(ask(archive, 1), wanted)


def test_a_small_index_is_not_opened_for_one_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive.make(tmp_path)
    archive.add([50] * 4)
    archive.publish()
    faiss_is_not_to_be_used(monkeypatch)
    assert_same(ask(archive, 1), archive.brute_force(QUERIES, 20))


def test_many_questions_or_many_rows_are_left_to_faiss(published: Published, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, _, _ = published
    wanted = ask(archive, None)
    with monkeypatch.context() as patched:
        patched.setattr(faiss_files, "_ALONE_ROWS", 10)
        assert_same(ask(archive, 1), wanted)
    faiss_is_not_to_be_used(monkeypatch)
    with pytest.raises(AssertionError, match="FAISS was imported"):
        ask(archive, 100)
    monkeypatch.setattr(faiss_files, "_ALONE_ROWS", 10)
    with pytest.raises(AssertionError, match="FAISS was imported"):
        ask(archive, 1)


@pytest.mark.parametrize("ranges", [None, RANGES], ids=["all", "filtered"])
def test_centres_in_a_tree_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ranges: np.ndarray | None) -> None:
    monkeypatch.setattr(lists, "_FLAT_AT_MOST", 4)
    monkeypatch.setattr(lists, "_SPARE", 10_000)  # FAISS looks at all of them, too
    published = publish(tmp_path)
    archive, generation, _ = published
    assert generation.nprobe < list_count(published)
    wanted = ask(archive, None, 20, ranges)
    faiss_is_not_to_be_used(monkeypatch)
    assert_same(ask(archive, 1, 20, ranges), wanted)


@pytest.mark.parametrize("flat_at_most", [4, 1000], ids=["tree", "flat"])
def test_a_file_that_is_laid_out_otherwise_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flat_at_most: int
) -> None:
    monkeypatch.setattr(lists, "_FLAT_AT_MOST", flat_at_most)
    _, generation, path = publish(tmp_path / "catalog")
    content, other = path.read_bytes(), tmp_path / "other.faiss"
    for size in (0, 1, 40, 80, 100, len(content) // 2, len(content) - 1):
        other.write_bytes(content[:size])
        assert Lists.open(other, generation.vector_count, DIMENSIONS) is None
    other.write_bytes(content + b"\0")
    assert Lists.open(other, generation.vector_count, DIMENSIONS) is None
    assert Lists.open(path, generation.vector_count - 1, DIMENSIONS) is None
    assert Lists.open(path, generation.vector_count, DIMENSIONS + 1) is None
    assert Lists.open(tmp_path / "gone", 1, DIMENSIONS) is None


@pytest.mark.parametrize("damage", ["missing", "truncated", "changed"])
def test_a_damaged_file_costs_nothing_but_time(tmp_path: Path, damage: str) -> None:
    archive, _, path = publish(tmp_path)
    content = path.read_bytes()
    path.unlink()
    if damage == "truncated":
        path.write_bytes(content[: len(content) // 2])
    if damage == "changed":
        path.write_bytes(bytes(len(content)))
    assert_same(ask(archive, 1), archive.brute_force(QUERIES, 20))


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_file_that_goes_between_opening_and_asking_costs_nothing_but_time(tmp_path: Path, damage: str) -> None:
    archive, _, path = publish(tmp_path)
    with archive.catalog.snapshot() as snapshot:
        index = VectorIndex.open(snapshot.space(archive.model), archive.store, few=0, questions=1)
        if damage == "missing":
            path.unlink()
        else:
            os.truncate(path, path.stat().st_size - 1000 * DIMENSIONS)
        assert_same(index.search(QUERIES, 20), archive.brute_force(QUERIES, 20))


def test_faiss_is_not_imported_for_one_question(published: Published) -> None:
    archive, _, _ = published
    program = (
        "import sys, numpy, framescout; from framescout.vectors import VectorIndex, store_in\n"
        f"catalog = framescout.open({str(archive.catalog.folder)!r})\n"
        "with catalog.snapshot() as snapshot:\n"
        "    (model,) = snapshot.models()\n"
        "    index = VectorIndex.open(snapshot.space(model), store_in(catalog.vectors_folder), few=0, questions=1)\n"
        "    assert index.generation is not None\n"
        f"    assert (index.search(numpy.ones((1, {DIMENSIONS}), 'f4'), 5)[0] > 0).all()\n"
        "assert 'faiss' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, cwd=bundled("configs").parent)
