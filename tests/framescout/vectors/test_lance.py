"""What is particular to generations that are versions of Lance datasets."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import asdict

from framescout import vectors
from framescout.catalog.records import Generation
from framescout.vectors import VectorIndex
from tests.framescout.vectors.make import LANCE, Archive, unit_rows

lance = pytest.importorskip("lance", reason="Lance is not installed")

from framescout.vectors import lance_datasets, lance_index, lance_sets  # noqa: E402
from framescout.vectors.lance_sets import KEPT, Version  # noqa: E402

QUERIES = unit_rows(3, seed=2000)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    lance_sets._warn.cache_clear()
    made = Archive.make(tmp_path / "catalog", LANCE)
    made.add([50] * 10)
    return made


def folder_of(archive: Archive, generation: Generation) -> Path:
    version = Version.of(generation)
    assert version is not None
    return archive.catalog.vectors_folder / "sets" / version.dataset


def numbers(archive: Archive, generation: Generation) -> list[int]:
    return [each["version"] for each in lance.dataset(str(folder_of(archive, generation))).versions()]


def is_worth_building(archive: Archive) -> bool:
    with archive.catalog.snapshot() as snapshot:
        return vectors.is_worth_building(snapshot.space(archive.model), archive.store, few=0)


def damage_gone(folder: Path) -> None:
    shutil.rmtree(folder)


def damage_cut(folder: Path) -> None:
    (codes,) = folder.glob("_indices/*/auxiliary.idx")
    os.truncate(codes, codes.stat().st_size // 2)


def damage_empty(folder: Path) -> None:
    (index,) = folder.glob("_indices/*/index.idx")
    index.write_bytes(b"")


def damage_no_index(folder: Path) -> None:
    shutil.rmtree(folder / "_indices")


def damage_no_rows(folder: Path) -> None:
    shutil.rmtree(folder / "data")


def damage_no_manifest(folder: Path) -> None:
    for path in (folder / "_versions").glob("*.manifest"):
        path.unlink()


def damage_swapped(folder: Path) -> None:
    other = Archive.make(folder.parent / "other", LANCE)
    other.added = 77
    other.add([50] * 10)
    shutil.rmtree(folder)
    shutil.copytree(folder_of(other, other.publish()), folder)


@pytest.mark.parametrize(
    "damage",
    [damage_gone, damage_cut, damage_empty, damage_no_index, damage_no_rows, damage_no_manifest, damage_swapped],
)
@pytest.mark.parametrize("is_open", [False, True])
def test_a_damaged_dataset_costs_nothing_but_time(
    archive: Archive, damage: Callable[[Path], None], is_open: bool, caplog: pytest.LogCaptureFixture
) -> None:
    generation = archive.publish()
    wanted = archive.brute_force(QUERIES, 10)
    if is_open:
        assert archive.is_indexed()
    damage(folder_of(archive, generation))
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert np.array_equal(archive.search(QUERIES, 10)[0], wanted[0])
    assert not archive.is_indexed()
    assert caplog.text.count("is missing or damaged") == 1
    assert archive.verify() != []
    assert is_worth_building(archive)
    archive.publish()
    assert archive.is_indexed()
    assert archive.verify() == []


def test_damage_that_keeps_the_size_of_a_file_is_found_by_verify(archive: Archive) -> None:
    (codes,) = folder_of(archive, archive.publish()).glob("_indices/*/auxiliary.idx")
    with codes.open("rb+") as file:
        file.seek(codes.stat().st_size // 2)
        file.write(b"\x55" * 64)
    (problem,) = archive.verify()
    assert "is damaged: it is not as it was written" in problem


def test_a_sound_dataset_verifies(archive: Archive) -> None:
    archive.publish()
    archive.drop([2])
    archive.add([10])
    assert archive.verify() == []


def test_a_dataset_of_other_vectors_is_found_by_verify(archive: Archive) -> None:
    other = Archive.make(archive.catalog.folder / "other", LANCE)
    other.added = 77
    other.add([50] * 10)
    wrong = other.publish()
    shutil.copytree(folder_of(other, wrong), folder_of(archive, wrong))
    republish(archive, wrong)
    assert archive.is_indexed()
    (problem,) = archive.verify()
    assert "500 vectors that differ from the catalog" in problem


def test_a_dataset_that_lacks_vectors_is_found_by_verify(archive: Archive) -> None:
    generation = archive.publish()
    archive.add([5])
    with archive.catalog.snapshot() as snapshot:
        claims = snapshot.next_keyframe_id()
    republish(archive, generation, covers_below=claims)
    assert not archive.is_indexed()
    assert any("lacks 5 keyframes" in problem for problem in archive.verify())


@pytest.mark.parametrize(
    "changed", [{"vector_count": 501}, {"kind": "ivf-int8"}, {"file_name": "x"}, {"checksum": "lance:0"}]
)
def test_a_row_that_does_not_fit_the_dataset_is_passed_over(archive: Archive, changed: dict[str, object]) -> None:
    republish(archive, archive.publish(), **changed)
    assert not archive.is_indexed()
    assert np.array_equal(archive.search(QUERIES, 10)[0], archive.brute_force(QUERIES, 10)[0])


def republish(archive: Archive, generation: Generation, **changed: object) -> None:
    values = {key: value for key, value in asdict(generation).items() if key not in ("id", "built_at")}
    with archive.catalog.writer() as writer:
        writer.publish_generation(**values | {"model_id": archive.model.id} | changed)  # type: ignore[arg-type]


def test_an_index_of_nothing_is_sound_too(archive: Archive) -> None:
    archive.publish()
    archive.drop(list(range(1, 11)))
    generation = archive.publish()
    assert archive.store.is_sound(generation)
    assert archive.verify() == []
    assert (archive.search(QUERIES, 3)[0] == -1).all()


def test_the_last_generations_stay_for_who_reads_them(archive: Archive) -> None:
    archive.publish()
    wanted = archive.brute_force(QUERIES, 10)[1]
    with archive.catalog.snapshot() as held:
        space = held.space(archive.model)
        index = VectorIndex.open(space, archive.store, few=0)
        for _ in range(KEPT - 1):
            archive.add([40])
            archive.store.drop_stale([archive.publish()])
        lance_sets._opened.cache_clear()
        assert index._opened is not None
        assert index._opened.search(QUERIES, 10, None) is not None
        for reader in (index, VectorIndex.open(space, archive.store, few=0)):
            assert reader.generation is not None
            assert np.allclose(reader.search(QUERIES, 10)[1], wanted, atol=0.02)
        archive.store.drop_stale([archive.publish()])  # one more: answers are exact now
        assert np.allclose(VectorIndex.open(space, archive.store, few=0).search(QUERIES, 10)[1], wanted, atol=1e-5)


def test_only_the_last_generations_and_nothing_half_built_stay(archive: Archive) -> None:
    built = [archive.publish() for _ in range(KEPT + 2)]
    (folder_of(archive, built[-1]) / "data" / "left.lance").write_bytes(b"by a build that was killed")
    archive.store.drop_stale([built[-1]])
    wanted = [version.number for version in map(Version.of, built[-KEPT:]) if version]
    assert numbers(archive, built[-1]) == wanted
    assert not (folder_of(archive, built[-1]) / "data" / "left.lance").exists()
    assert archive.verify() == []


BUILD = """
import os, signal, sys
import framescout
from framescout import vectors
from framescout.vectors import lance_datasets
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(lance_datasets, sys.argv[2], die)
catalog = framescout.open(sys.argv[1])
with catalog.snapshot() as snapshot:
    vectors.store_in(sys.argv[3]).publish(snapshot.space(snapshot.models()[0]))
os.kill(os.getpid(), signal.SIGKILL)  # between the tag and the row
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("step", ["add_index", "tag", "nothing"])
@pytest.mark.parametrize("is_first", [False, True])
def test_a_builder_that_is_killed_leaves_what_was(archive: Archive, step: str, is_first: bool) -> None:
    if not is_first:
        archive.store.drop_stale([archive.publish()])
    archive.add([60])
    place = archive.catalog.vectors_folder / "sets"
    command = [sys.executable, "-c", BUILD, str(archive.catalog.folder), step, str(place)]
    killed = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert killed.returncode == -9, killed.stderr
    assert archive.is_indexed() != is_first
    assert np.allclose(archive.search(QUERIES, 10)[1], archive.brute_force(QUERIES, 10)[1], atol=0.02)
    assert is_worth_building(archive) == is_first
    generation = archive.publish()
    archive.store.drop_stale([generation])
    assert archive.is_indexed()
    assert archive.verify() == []
    before = 0 if is_first else 1
    assert len(numbers(archive, generation)) == before + 1  # nothing of the killed build
    named = {path.stem for path in (folder_of(archive, generation) / "_refs" / "tags").iterdir()}
    assert len(named) == before + 1


def test_addresses_of_ids_are_those_of_their_rows(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gaps between ids, and several fragments."""
    monkeypatch.setattr(lance_datasets, "_A_FRAGMENT", 64)
    archive.drop([2, 5, 6])
    version = Version.of(archive.publish())
    assert version is not None
    dataset = lance.dataset(str(archive.catalog.vectors_folder / "sets" / version.dataset))
    table = dataset.scanner(columns=["id"], with_row_address=True).to_table()
    where = dict(zip(table["id"].to_pylist(), table["_rowaddr"].to_pylist(), strict=True))
    assert len({address >> 32 for address in where.values()}) > 3
    index = lance_index.LanceIndex(dataset, 4, vector_count=350, nprobe=4)
    random = np.random.default_rng(3)
    for _ in range(50):
        ranges = vectors.tidy(np.sort(random.integers(0, 560, (random.integers(1, 6), 2)), axis=1))
        inside = {address for i, address in where.items() if any(a <= i < b for a, b in ranges)}
        addresses = index._row_addresses(index._places(ranges))
        assert {x for a, b in addresses.tolist() for x in range(a, b)} == inside
        ids, _ = index.found(QUERIES, 500, ranges, 4)
        assert {where[i] for i in ids[0].tolist() if i >= 0} == inside


def test_every_second_row_of_many_can_be_asked_for(tmp_path: Path) -> None:
    """So many rows apart are a bitmap's third kind of container; a few are a list, and neighbours are runs."""
    archive = Archive.make(tmp_path / "many", LANCE)
    archive.add([10_000])
    archive.publish()
    firsts = np.arange(1, 10_001, 2)
    ranges = np.stack([firsts, firsts + 1], axis=1)
    with archive.catalog.snapshot() as snapshot:
        index = VectorIndex.open(snapshot.space(archive.model), archive.store, few=0)
        found = index.search(QUERIES, 50, ranges)[0]
    assert (found % 2 == 1).all()
    wanted = archive.brute_force(QUERIES, 50)[0]
    odd = [row[row % 2 == 1] for row in wanted]
    assert np.mean([np.isin(o, f).mean() for o, f in zip(odd, found, strict=True)]) >= 0.9


def test_lance_is_not_imported_where_no_place_is_set(archive: Archive) -> None:
    code = (
        "import sys, framescout, query, indexer.publish; sys.exit('lance' in sys.modules or 'pyarrow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=120).returncode == 0
