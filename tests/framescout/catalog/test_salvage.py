"""Of a damaged catalog, what is saved is as it was, row by row; the damaged file stays; nothing is overwritten."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import framescout
from framescout.catalog import Catalog
from framescout.catalog.records import FileIdentity
from framescout.errors import DamagedCatalogError, FramescoutError
from indexer.verify import check, rescue
from tests.framescout.catalog.make import make_embeddings, make_indexed

PAGE = 4096
SAVED = ("video", "file", "model", "indexing", "keyframe_times", "saved_search", "alert_mark")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty videos by two models, some moved or gone, searches, holes in the ids, several levels of pages."""
    catalog = framescout.open(tmp_path_factory.mktemp("whole"))
    with catalog.writer() as writer:
        models = [writer.model("large", "f1", 192), writer.model("small", "f2", 8)]
        for number in range(40):
            path, count = f"/archive/cam{number % 5}/{number:03}.mp4", 1 + number * 7 % 40
            for model in models if number % 3 else models[:1]:
                rows = make_embeddings(count, model.dimensions, seed=number)
                video = writer.commit_video(make_indexed(path, embeddings=rows), model)
            if number % 9 == 5:
                writer.drop_video(video)
            elif number % 11 == 3:
                moved = FileIdentity(f"{path}.moved", 1000, 2, f"hash of {path}")
                writer.link_file(moved, video)
                writer.mark_gone([path])
        writer.activate(models[0])
        writer.identify()
    for number in range(6):
        catalog.saved_searches.save(f"search {number}", {"text": "a dog" * number}, ["mail", "me"], number)
    catalog.saved_searches.mark_seen("search 1", 500)
    for number in range(5):
        catalog.alert_marks.put(
            "fighting", f"hash of {number}", 2.0 * number, 3.0 * number, [True, False, None][number % 3]
        )
    assert {problem.kind for problem in check(catalog)} == {"file"}  # the footage is not here
    return catalog.folder / "catalog.sqlite"


def rows(path: Path) -> dict[str, set[tuple[object, ...]]]:
    with contextlib.closing(sqlite3.connect(path)) as database:
        return {table: set(database.execute(f"SELECT * FROM {table}")) for table in SAVED}


def placed(whole: Path, folder: Path) -> Path:
    """A copy of the catalog in an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return Path(shutil.copyfile(whole, folder / "catalog.sqlite"))


def zeroed(page: bytearray, _chance: random.Random, _pages: list[bytes]) -> None:
    page[:] = bytes(len(page))


def noise(page: bytearray, chance: random.Random, _pages: list[bytes]) -> None:
    page[:] = chance.randbytes(len(page))


def another_page(page: bytearray, chance: random.Random, pages: list[bytes]) -> None:
    page[:] = chance.choice(pages)


def flipped(page: bytearray, chance: random.Random, _pages: list[bytes]) -> None:
    for _ in range(chance.randint(1, 8)):
        page[chance.randrange(len(page))] ^= 1 << chance.randrange(8)


def half_written(page: bytearray, chance: random.Random, pages: list[bytes]) -> None:
    page[512 * chance.randint(1, 7) :] = chance.choice(pages)[: len(page)][-(len(page) - 512) :]
    del page[PAGE:]
    page += bytes(PAGE - len(page))


DAMAGES: list[Callable[[bytearray, random.Random, list[bytes]], None]] = [
    zeroed, noise, another_page, flipped, half_written,
]  # fmt: skip


def damage(path: Path, numbers: list[int], how: Callable[[bytearray, random.Random, list[bytes]], None]) -> None:
    data, chance = path.read_bytes(), random.Random(repr(numbers))
    pages = [data[start : start + PAGE] for start in range(0, len(data), PAGE)]
    changed = [bytearray(page) for page in pages]
    for number in numbers:
        how(changed[number % len(pages)], chance, pages)
    path.write_bytes(b"".join(changed))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(numbers=st.lists(st.integers(1, 10_000), min_size=1, max_size=5), how=st.sampled_from(DAMAGES))
def test_whatever_is_saved_is_as_it_was(
    whole: Path, tmp_path: Path, numbers: list[int], how: Callable[[bytearray, random.Random, list[bytes]], None]
) -> None:
    path = placed(whole, tmp_path / "catalog")
    damage(path, numbers, how)
    broken, before = path.read_bytes(), rows(whole)
    salvage = Catalog.salvage(path.parent)
    assert salvage.damaged.read_bytes() == broken
    after = rows(path)
    for table in SAVED:
        assert after[table] <= before[table], table
    assert salvage.videos == len(after["video"])
    catalog = Catalog.open(path.parent)
    assert {problem.kind for problem in check(catalog)} <= {"file"}  # the footage is not here
    assert not list(path.parent.glob("*.part*"))


def test_a_schema_that_is_no_text_any_more_is_damage(whole: Path, tmp_path: Path) -> None:
    """SQLite names what is wrong by its bytes, which Python's sqlite3 can't read as UTF-8."""
    path = placed(whole, tmp_path / "catalog")
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute(
            "UPDATE sqlite_master SET name = CAST(x'ffe6ff' AS TEXT), tbl_name = CAST(x'ffe6ff' AS TEXT), "
            "sql = CAST(x'43ff' AS TEXT) WHERE name = 'alert'"
        )
    with pytest.raises(DamagedCatalogError):
        Catalog.open(path.parent)
    salvage, catalog = rescue(path.parent)
    assert salvage
    assert salvage.videos == salvage.of_videos
    assert {problem.kind for problem in check(catalog)} <= {"file"}


def test_a_catalog_that_lost_tables_is_no_stranger(whole: Path, tmp_path: Path) -> None:
    path = placed(whole, tmp_path / "catalog")
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.execute("PRAGMA writable_schema = ON")
        database.execute("DELETE FROM sqlite_master WHERE name IN ('video', 'alembic_version')")
    salvage = Catalog.salvage(path.parent)
    assert (salvage.videos, salvage.of_videos, salvage.searches) == (0, None, 6)
    assert rows(path)["saved_search"] == rows(whole)["saved_search"]
    assert rows(path)["alert_mark"] == rows(whole)["alert_mark"]
    assert salvage.marks == 5


def test_nothing_is_lost_of_a_sound_catalog(whole: Path, tmp_path: Path) -> None:
    path = placed(whole, tmp_path / "catalog")
    salvage = Catalog.salvage(path.parent)
    assert rows(path) == rows(whole)
    assert (salvage.videos, salvage.searches) == (salvage.of_videos, 6)
    with Catalog.open(path.parent).snapshot() as now, Catalog.open(whole.parent).snapshot() as then:
        assert now.active_model() == then.active_model()
        assert now.next_keyframe_id() == then.next_keyframe_id()
        assert now.identity() == then.identity()


def test_a_damaged_page_takes_little_with_it(whole: Path, tmp_path: Path) -> None:
    """The shares of videos that are saved where one page of each twenty is zeroed, one after the other."""
    shares = []
    total = len(rows(whole)["indexing"])
    for number in range(1, whole.stat().st_size // PAGE, 20):
        path = placed(whole, tmp_path / "catalog")
        damage(path, [number], zeroed)
        Catalog.salvage(path.parent)
        shares.append(len(rows(path)["indexing"]) / total)
    shares.sort()
    assert shares[len(shares) // 2] >= 0.95
    assert sum(shares) / len(shares) >= 0.8
    assert sum(share == 0 for share in shares) <= 0.1 * len(shares)


@pytest.mark.parametrize("content", [b"no database at all" * 500, b"", b"SQLite format 3\0" + b"\xff" * 9000])
def test_where_nothing_can_be_saved_the_file_is_kept_and_a_new_catalog_begun(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(content)
    salvage = Catalog.salvage(tmp_path)
    assert salvage.videos == 0
    assert salvage.damaged.read_bytes() == content
    assert check(Catalog.open(tmp_path)) == []


def test_a_log_that_was_not_folded_in_is_saved_too(whole: Path, tmp_path: Path) -> None:
    path = placed(whole, tmp_path / "catalog")
    catalog = Catalog.open(path.parent)
    holder = sqlite3.connect(path)
    holder.execute("SELECT count(*) FROM video").fetchone()
    with catalog.writer() as writer:
        model = writer.model("small", "f2", 8)
        writer.commit_video(make_indexed("/archive/last.mp4"), model)
    log = path.with_name("catalog.sqlite-wal").read_bytes()
    holder.close()
    path.with_name("catalog.sqlite-wal").write_bytes(log)  # as a kill leaves it
    damage(path, [30], noise)
    Catalog.salvage(path.parent)
    assert b"/archive/last.mp4" in {row[1] for row in rows(path)["file"]}


def test_another_process_that_reads_is_named_and_nothing_touched(whole: Path, tmp_path: Path) -> None:
    path = placed(whole, tmp_path / "catalog")
    catalog = Catalog.open(path.parent)
    with catalog.snapshot() as held, catalog.writer() as writer:
        held.totals()
        writer.commit_video(make_indexed("/archive/last.mp4"), writer.model("small", "f2", 8))
        before = path.read_bytes()
    with catalog.snapshot() as held:
        held.totals()
        with catalog.writer() as writer:
            writer.commit_video(make_indexed("/archive/more.mp4"), writer.model("small", "f2", 8))
        with pytest.raises(FramescoutError, match="end it"):
            Catalog.salvage(path.parent)
    assert len(before) <= path.stat().st_size
    assert not list(path.parent.glob("*damaged*"))


def test_another_programs_database_and_an_old_catalog_are_left_alone(tmp_path: Path) -> None:
    for name, sql in (("songs", "CREATE TABLE songs (id INTEGER)"), ("old", "CREATE TABLE video (id INTEGER)")):
        path = tmp_path / name / "catalog.sqlite"
        path.parent.mkdir()
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.execute(sql)
        before = path.read_bytes()
        with pytest.raises(DamagedCatalogError):
            Catalog.salvage(path.parent)
        assert path.read_bytes() == before
        assert not list(path.parent.glob("*damaged*"))


def test_a_sound_catalog_is_not_rescued(whole: Path, tmp_path: Path) -> None:
    path = placed(whole, tmp_path / "catalog")
    saved, _ = rescue(path.parent)
    assert saved is None


@pytest.mark.parametrize("table", ["video", "file", "indexing", "keyframe_times"])
def test_one_changed_value_is_found_though_sqlite_sees_nothing(whole: Path, tmp_path: Path, table: str) -> None:
    path = placed(whole, tmp_path / "catalog")
    change = {
        "video": "UPDATE video SET duration = duration + 1e-9 WHERE id = 7",
        "file": "UPDATE file SET mtime_ns = mtime_ns + 1 WHERE id = 7",
        "indexing": "UPDATE indexing SET density = 'thorough' WHERE video_id = 7",
        "keyframe_times": "UPDATE keyframe_times SET packed = changed(packed) WHERE video_id = 7",
    }[table]
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        database.create_function("changed", 1, lambda data: zlib.compress(b"\1" + zlib.decompress(data)[1:]))
        assert database.execute(change).rowcount >= 1
    kinds = {problem.kind for problem in check(Catalog.open(path.parent))}
    assert ("row" if table == "file" else "video") in kinds
