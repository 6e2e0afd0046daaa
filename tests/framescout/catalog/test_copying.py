"""A catalog's copy is the same bit for bit, both ways, whatever interrupts it; seals of every version stay valid."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from framescout import export_log
from framescout.address import place_of
from framescout.catalog import Catalog
from framescout.catalog.copying import copy
from framescout.catalog.opening import store_of
from framescout.catalog.records import Alert
from framescout.catalog.tables import METADATA
from framescout.errors import (
    CatalogLockedError,
    CatalogNotFoundError,
    DamagedCatalogError,
    UnfinishedCopyError,
    UsageError,
)
from tests.conftest import Place, Program
from tests.framescout.catalog.databases import execute
from tests.framescout.catalog.make import fill, make_indexed
from tests.postgresql import Server

Places = Callable[[], AbstractContextManager[Place]]
RELEASED = sorted(Path(__file__).with_name("released").glob("*.sql"))


def stored(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """All that its tables hold, as the store gives it, with the kind of each value."""
    found = {}
    with contextlib.closing(store_of(place_of(place)).session()) as session:
        session.begin()
        for table in METADATA.sorted_tables:
            names = ", ".join(f'"{column.name}"' for column in table.columns)
            own = "WHERE key <> 'changes' AND key NOT LIKE 'writer%'" if table.name == "state" else ""
            rows = session.execute(f"SELECT {names} FROM {table.name} {own}").fetchall()
            found[table.name] = sorted(tuple((type(value).__name__, repr(value)) for value in row) for row in rows)
    return found


def copied(source: Place, target: Place) -> str:
    return copy(store_of(place_of(source)), store_of(place_of(target)), lambda _: None).checksum


def test_a_copy_is_another_catalog(places: Places, tmp_path: Path) -> None:
    source = fill(tmp_path / "source")
    with source.writer() as writer:
        writer.identify()
    with source.snapshot() as snapshot:
        first = snapshot.identity()
    assert first is not None
    with places() as target:
        copied(tmp_path / "source", target)
        own = []
        for _ in range(2):
            with Catalog.open(target).writer() as writer:
                writer.identify()
            with Catalog.open(target).snapshot() as snapshot:
                own.append(snapshot.identity())
    assert own[0] == own[1]
    assert own[0] != first


def test_there_and_back_every_value_is_the_same(places: Places, tmp_path: Path) -> None:
    source = fill(tmp_path / "source")
    before = stored(tmp_path / "source")
    assert all(before.values())
    with places() as between:
        checksum = copied(tmp_path / "source", between)
        assert stored(between) == before
        assert copied(between, tmp_path / "back") == checksum
        for place in (between, tmp_path / "back"):
            catalog = Catalog.open(place, create=False)
            with catalog.snapshot() as snapshot, source.snapshot() as wanted:
                checks = snapshot.checks
                assert checks.altered_videos() == checks.altered_files() == []
                assert checks.altered_searches() == checks.altered_marks() == []
                for model in snapshot.models():
                    altered = [checks.is_altered(video, model.id) for video in snapshot.space(model).densities()]
                    assert altered
                    assert not any(altered)
                assert snapshot.videos() == wanted.videos()
            assert catalog.rules == source.rules
            assert (catalog.folder / "vectors" / "one").read_bytes() == b"vectors"
            assert (catalog.folder / "exports.jsonl").read_text() == "{}\n"
    assert stored(tmp_path / "back") == before


def test_a_copy_goes_on_by_itself(places: Places, tmp_path: Path) -> None:
    """What is written to one is not in the other, and no id is given twice."""
    fill(tmp_path / "source")
    with places() as place:
        copied(tmp_path / "source", place)
        catalog = Catalog.open(place)
        with catalog.writer() as writer:
            model = writer.model("new", "f3", 8)
            assert model.id == 3
            writer.commit_video(make_indexed("/new.mp4"), model)
            writer.put_alerts(model, "gate", "y", [Alert(1, 0.0, 1.0, 0.5, 1, 0.9, None)])
        with catalog.snapshot() as snapshot, Catalog.open(tmp_path / "source").snapshot() as wanted:
            assert snapshot.totals().videos == wanted.totals().videos + 1
            assert snapshot.next_keyframe_id() == wanted.next_keyframe_id() + 5
            assert snapshot.space(model).keyframe_ranges()[0, 0] == wanted.next_keyframe_id()


@pytest.mark.parametrize("step", ["file", "indexing", "state", "checking"])
def test_an_interrupted_copy_cannot_be_opened_and_goes_on(step: str, places: Places, tmp_path: Path) -> None:
    source = fill(tmp_path / "source")

    def interrupt(table: str) -> None:
        if table == step:
            raise KeyboardInterrupt

    with places() as place:
        with pytest.raises(KeyboardInterrupt):
            copy(store_of(tmp_path / "source"), store_of(place_of(place)), interrupt)
        for create in (True, False):
            with pytest.raises(UnfinishedCopyError, match="framescout catalog copy again"):
                Catalog.open(place, create=create)
        with source.writer() as writer:  # what changes until it goes on is in the copy, too
            writer.drop_video(7)
            writer.mark_gone(["/a/9.mp4"])
            writer.commit_video(make_indexed("/a/5.mp4", content_hash="other", seed=99), writer.model("late", "f9", 8))
        exports = source.folder / export_log.NAME
        exports.write_text("{}\n{}\n")
        copied(tmp_path / "source", place)
        assert stored(place) == stored(tmp_path / "source")
        assert (Catalog.open(place).folder / export_log.NAME).read_bytes() == exports.read_bytes()


def test_whatever_would_lose_something_is_refused(places: Places, tmp_path: Path) -> None:
    source = fill(tmp_path / "source")
    with places() as place:
        there = fill(place)
        before = stored(place)
        with pytest.raises(UsageError, match="name an empty place"):
            copied(tmp_path / "source", place)
        with pytest.raises(UsageError, match="into itself"):
            copied(place, place)
        assert stored(place) == before
        with there.writer(), pytest.raises(CatalogLockedError):
            copied(place, tmp_path / "new")
    with source.writer(), places() as place, pytest.raises(CatalogLockedError):
        copied(tmp_path / "source", place)
    with places() as place, pytest.raises(CatalogNotFoundError):
        copied(tmp_path / "nowhere", place)


def test_a_copy_that_was_changed_meanwhile_is_not_said_to_be_whole(places: Places, tmp_path: Path) -> None:
    fill(tmp_path / "source")
    with places() as place:

        def damage(table: str) -> None:
            if table == "checking":
                ((packed,),) = execute(place, "SELECT packed FROM keyframe_times WHERE first_keyframe_id = 1")
                changed = bytes([packed[0] ^ 1]) + packed[1:]
                execute(place, "UPDATE keyframe_times SET packed = ? WHERE first_keyframe_id = 1", changed)

        with pytest.raises(DamagedCatalogError, match="table keyframe_times"):
            copy(store_of(tmp_path / "source"), store_of(place_of(place)), damage)
        with pytest.raises(UnfinishedCopyError):
            Catalog.open(place)
        copied(tmp_path / "source", place)
        assert stored(place) == stored(tmp_path / "source")


@pytest.mark.parametrize("text", RELEASED, ids=lambda path: path.stem)
def test_seals_of_every_version_stay_valid(text: Path, postgresql: Server, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with contextlib.closing(sqlite3.connect(tmp_path / "old" / "catalog.sqlite")) as database:
        database.executescript(text.read_text())
    with postgresql.database() as address:
        copied(tmp_path / "old", address)
        for catalog in (Catalog.open(tmp_path / "old"), Catalog.open(address)):
            with catalog.snapshot() as snapshot:
                checks, models = snapshot.checks, snapshot.models()
                assert checks.altered_videos() == checks.altered_files() == []
                assert checks.altered_searches() == checks.altered_marks() == []
                indexed = [(video, model) for model in models for video in snapshot.space(model).densities()]
                assert indexed
                assert not any(checks.is_altered(video, model.id) for video, model in indexed)


def test_the_command_says_what_it_did(program: Program, postgresql: Server, tmp_path: Path) -> None:
    fill(tmp_path / "source")
    with postgresql.database() as address:
        said = program("catalog", "copy", tmp_path / "source", address, timeout=120)
        assert (said.returncode, said.stdout) == (0, "")
        assert "rows are the same in both" in said.stderr
        said = program("catalog", "copy", address, tmp_path / "source", timeout=120)
        assert said.returncode == 2
        assert "name an empty place" in said.stderr


def test_times_are_the_same_to_the_microsecond(postgresql: Server, tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    with catalog.writer() as writer:
        writer.mark_gone([])
        writer.commit_video(make_indexed(), writer.model("starter", "f1", 8))
    for at in (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)):
        execute(tmp_path, "UPDATE video SET indexed_at = ?", at.replace(tzinfo=None).isoformat(" ", "microseconds"))
        with postgresql.database() as address:
            copied(tmp_path, address)
            assert stored(address) == stored(tmp_path)
