from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import asdict

from framescout import vectors
from framescout.catalog.records import Generation
from framescout.errors import DiskFullError
from framescout.file_checksums import FileChecksum
from tests.framescout.vectors.make import Archive, unit_rows

QUERIES = unit_rows(3, seed=2000)


@pytest.fixture(params=[10_000, 100], ids=["flat-fp16", "ivf-int8"])
def published(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Archive, Path]:
    archive = Archive.make(tmp_path / "catalog")
    archive.add([50] * 10)
    generation = archive.publish(exact_at_most=request.param)
    return archive, archive.catalog.vectors_folder / generation.file_name


def damage_missing(path: Path) -> None:
    path.unlink()


def damage_truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def damage_empty(path: Path) -> None:
    path.write_bytes(b"")


def damage_magic(path: Path) -> None:
    overwrite(path, 0, b"\xff" * 8)


def damage_middle(path: Path) -> None:
    overwrite(path, path.stat().st_size // 2, os.urandom(64))


def damage_replaced(path: Path) -> None:
    path.unlink()
    path.mkdir()


def overwrite(path: Path, at: int, content: bytes) -> None:
    with path.open("rb+") as file:
        file.seek(at)
        file.write(content)


@pytest.mark.parametrize(
    "damage", [damage_missing, damage_truncated, damage_empty, damage_magic, damage_middle, damage_replaced]
)
def test_a_damaged_file_costs_nothing_but_time(published: tuple[Archive, Path], damage: object) -> None:
    archive, path = published
    wanted = archive.brute_force(QUERIES, 10)
    assert archive.is_indexed()
    damage(path)  # type: ignore[operator]
    assert not archive.is_indexed()
    assert np.array_equal(archive.search(QUERIES, 10)[0], wanted[0])
    assert archive.verify() != []
    with archive.catalog.snapshot() as snapshot:
        assert vectors.is_worth_building(snapshot.space(archive.model), archive.store)


def test_a_sound_file_verifies(published: tuple[Archive, Path]) -> None:
    archive, _ = published
    archive.drop([2])
    archive.add([10])
    assert archive.verify() == []


def test_a_copied_catalog_keeps_its_index(published: tuple[Archive, Path]) -> None:
    archive, path = published
    os.utime(path, (1, 1))
    assert archive.is_indexed()
    assert path.stat().st_mtime_ns != 1_000_000_000  # its time is as noted again: the next search reads it only once


def test_a_file_of_other_vectors_is_found_by_verify(published: tuple[Archive, Path], tmp_path: Path) -> None:
    archive, path = published
    other = Archive.make(tmp_path / "other")
    other.added = 77
    other.add([50] * 10)
    exact_at_most = 10_000 if path.name.startswith("1-flat") else 100
    wrong = other.publish(exact_at_most)
    (other.catalog.vectors_folder / wrong.file_name).replace(path.with_name(wrong.file_name))
    republish(archive, wrong)
    assert archive.is_indexed()
    (problem,) = archive.verify()
    assert "differ from the catalog" in problem


def test_a_file_that_lacks_vectors_is_found_by_verify(published: tuple[Archive, Path]) -> None:
    archive, _ = published
    with archive.catalog.snapshot() as snapshot:
        generation = snapshot.space(archive.model).generation()
    assert generation is not None
    archive.add([5])
    with archive.catalog.snapshot() as snapshot:
        claims = snapshot.next_keyframe_id()
    republish(archive, generation, covers_below=claims)
    assert not archive.is_indexed()
    assert any("lacks 5 keyframes" in problem for problem in archive.verify())


def test_a_file_of_another_size_of_vectors_is_passed_over(published: tuple[Archive, Path]) -> None:
    archive, _ = published
    with archive.catalog.snapshot() as snapshot:
        generation = snapshot.space(archive.model).generation()
    assert generation is not None
    republish(archive, generation, vector_count=generation.vector_count + 1)
    assert not archive.is_indexed()


def test_a_file_of_an_older_version_is_replaced(published: tuple[Archive, Path]) -> None:
    archive, path = published
    with archive.catalog.snapshot() as snapshot:
        generation = snapshot.space(archive.model).generation()
    assert generation is not None
    republish(archive, generation, kind="ivf-sq8")
    assert not archive.is_indexed()
    assert np.array_equal(archive.search(QUERIES, 10)[0], archive.brute_force(QUERIES, 10)[0])
    assert archive.verify() == []
    with archive.catalog.snapshot() as snapshot:
        assert vectors.is_worth_building(snapshot.space(archive.model), vectors.store_in(path.parent))


def test_an_index_is_built_when_it_is_worth_it(tmp_path: Path) -> None:
    archive = Archive.make(tmp_path)

    def is_worth_it() -> bool:
        with archive.catalog.snapshot() as snapshot:
            return vectors.is_worth_building(snapshot.space(archive.model), archive.store, few=400)

    archive.add([40] * 10)
    assert not is_worth_it()
    archive.add([50] * 2)
    assert is_worth_it()
    archive.publish()
    assert not is_worth_it()
    archive.add([50])
    assert not is_worth_it()
    archive.drop([1, 2, 3])
    assert is_worth_it()
    archive.publish()
    archive.add([2100])
    assert is_worth_it()


def test_an_index_of_nothing_is_sound_too(published: tuple[Archive, Path]) -> None:
    archive, path = published
    archive.drop(list(range(1, 11)))
    path.unlink()
    with archive.catalog.snapshot() as snapshot:
        assert vectors.is_worth_building(snapshot.space(archive.model), vectors.store_in(path.parent))
    archive.publish()
    assert archive.verify() == []
    assert (archive.search(QUERIES, 3)[0] == -1).all()


def test_only_current_files_stay(published: tuple[Archive, Path]) -> None:
    archive, path = published
    archive.add([3])
    current = archive.publish()
    (path.parent / "interrupted.part").write_bytes(b"x")
    (path.parent / "mine.txt").write_bytes(b"x")
    vectors.store_in(path.parent).drop_stale([current])
    assert {found.name for found in path.parent.iterdir()} == {current.file_name, "mine.txt"}


def test_an_index_that_does_not_fit_leaves_the_old_one(
    published: tuple[Archive, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, path = published

    def no_room(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)
    with pytest.raises(DiskFullError, match="No space left"), archive.catalog.snapshot() as snapshot:
        vectors.store_in(path.parent).publish(snapshot.space(archive.model))
    assert [found.name for found in path.parent.iterdir()] == [path.name]
    assert archive.is_indexed()


def test_a_checksum_survives_being_written_down() -> None:
    checksum = FileChecksum("0a", 12, 34)
    assert FileChecksum.parse(str(checksum)) == checksum
    assert FileChecksum.parse("md5:0a:12:34") is None
    assert FileChecksum.parse("") is None


def republish(archive: Archive, generation: Generation, **changes: int | str) -> None:
    facts = {**asdict(generation), **changes}
    for name in ("id", "built_at"):
        del facts[name]
    with archive.catalog.writer() as writer:
        writer.publish_generation(**facts)
