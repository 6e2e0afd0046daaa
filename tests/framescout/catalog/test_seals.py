"""Seals of every version stay valid until their row is written again; a repair drops no more than damage alters."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sqlalchemy import Column, Double

import framescout
from framescout.catalog import Catalog, schema
from framescout.catalog.seals import VERSIONS, newest, version_of
from framescout.catalog.tables import METADATA
from framescout.errors import FramescoutError
from framescout.resources import bundled
from indexer.verify import check, mend
from tests.conftest import Program
from tests.framescout.catalog.make import make_indexed

RELEASED = sorted(Path(__file__).with_name("released").glob("*.sql"))
COLUMN = """
import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{newest}"


def upgrade() -> None:
    op.add_column("video", sa.Column("hub", sa.Double))
"""


def released(text: Path, folder: Path) -> Path:
    path = folder / "catalog.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(text.read_text())
        database.execute("PRAGMA journal_mode = WAL")
    return path


def execute(path: Path, statement: str, *values: object) -> list[tuple[object, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        return database.execute(statement, values).fetchall()


@pytest.fixture
def later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A framescout to come, whose videos have another column, which seals cover."""
    place = tmp_path / "migrations"
    shutil.copytree(bundled("migrations"), place, ignore=shutil.ignore_patterns("__pycache__"))
    (place / "versions" / "9000_hub.py").write_text(COLUMN.format(newest=schema.NEWEST))
    monkeypatch.setattr(schema, "bundled", lambda _: place)
    monkeypatch.setattr(schema, "NEWEST", "9000")
    number = newest().number + 1
    monkeypatch.setitem(VERSIONS, number, replace(newest(), number=number, video=(*newest().video, "hub")))
    columns = METADATA.tables["video"]
    column: Column[float] = Column("hub", Double)
    columns.append_column(column)
    yield
    columns._columns.remove(column)


@pytest.mark.parametrize("text", RELEASED, ids=lambda path: path.stem)
def test_a_new_column_leaves_every_older_catalog_as_it_was(text: Path, tmp_path: Path, later: None) -> None:
    path = released(text, tmp_path)
    catalog = Catalog.open(tmp_path)
    problems = check(catalog)
    assert {problem.kind for problem in problems} <= {"file", "vectors"}  # neither footage nor index file are here
    before = execute(path, "SELECT id, content_hash FROM video ORDER BY id")
    assert mend(catalog, problems) == []
    assert execute(path, "SELECT id, content_hash FROM video ORDER BY id") == before
    with catalog.writer() as writer:  # a row that is written again has a seal of the newest version
        (_, identity), *_ = before
        again = make_indexed("/archive/again.mp4", content_hash=str(identity))
        assert writer.commit_video(again, writer.model("later", "f9", 8)) == 1
    seals = dict(execute(path, "SELECT id, seal FROM video"))
    assert str(seals[1]).startswith(f"{newest().number}:")
    assert not str(seals[2]).startswith(f"{newest().number}:")
    assert {problem.kind for problem in check(catalog)} <= {"file", "vectors"}
    execute(path, "UPDATE video SET hub = 0.5")
    assert [problem.video_id for problem in check(catalog) if problem.kind == "video"] == [1]
    saved = Catalog.salvage(tmp_path)
    assert saved.videos == len(before) - 1


def test_migrations_import_nothing_that_lives_on() -> None:
    for path in (bundled("migrations") / "versions").glob("*.py"):
        assert "framescout" not in path.read_text(encoding="utf-8").replace("framescout's", ""), path.name


def test_a_seal_that_names_no_known_version_fits_nothing() -> None:
    assert version_of("ab" * 16) is VERSIONS[0]
    assert version_of(f"{newest().number}:{'ab' * 16}") is newest()
    for seal in (None, "", "999:ab", "x:ab", "²:ab", 7, b"1:ab"):
        assert version_of(seal) is None  # type: ignore[arg-type]


NAMES = ("/archive/plain.mp4", "/archive/größe.mp4", "/archive/\udcff\udcfe.mp4")


def test_names_that_are_no_utf8_are_the_same_before_and_after_the_upgrade(tmp_path: Path) -> None:
    """Up to schema 0005 such a path alone was bytes."""
    path = released(RELEASED[4], tmp_path)
    migrated = bundled("migrations") / "versions" / "0005_seals.py"
    scope: dict[str, Callable[..., str]] = {}
    exec(compile(migrated.read_text(), str(migrated), "exec"), scope)
    for number, name in enumerate(NAMES, 1):
        stored = name if name.isprintable() else name.encode("utf-8", "surrogateescape")
        execute(
            path,
            "INSERT OR REPLACE INTO file (id, path, size_bytes, mtime_ns, video_id) VALUES (?, ?, 1, 2, 1)",
            number,
            stored,
        )
        (values,) = execute(
            path,
            f"SELECT {scope['FILE']}, content_hash FROM file JOIN video ON video.id = 1 WHERE file.id = ?",
            number,
        )
        execute(path, "UPDATE file SET seal = ? WHERE id = ?", scope["seal"]([values]), number)
    execute(path, "DELETE FROM file WHERE id > 3")
    catalog = Catalog.open(tmp_path)
    with catalog.snapshot() as snapshot:
        assert set(snapshot.known_files()) == set(NAMES)
        assert snapshot.checks.altered_files() == []
    assert {kind for (kind,) in execute(path, "SELECT typeof(path) FROM file")} == {"blob"}
    execute(path, "UPDATE file SET path = CAST(path AS TEXT) WHERE id = 1")  # one flipped bit does that
    with catalog.snapshot() as snapshot:
        assert snapshot.checks.altered_files() == [NAMES[0]]


def filled(folder: Path, videos: int) -> Catalog:
    catalog = framescout.open(folder)
    with catalog.writer() as writer:
        model = writer.model("made-up", "0", 8)
        for number in range(videos):
            writer.commit_video(make_indexed(f"/archive/{number}.mp4", count=1, seed=number), model)
    return catalog


@pytest.mark.parametrize(("videos", "altered", "is_refused"), [(20, 1, False), (12, 10, False), (40, 11, True)])
def test_a_repair_that_would_drop_much_has_to_be_forced(
    tmp_path: Path, videos: int, altered: int, is_refused: bool
) -> None:
    catalog = filled(tmp_path, videos)
    path = tmp_path / "catalog.sqlite"
    execute(path, "UPDATE video SET duration = duration + 1 WHERE id <= ?", altered)
    problems = [problem for problem in check(catalog) if problem.kind == "video"]
    assert len(problems) == altered
    if is_refused:
        with pytest.raises(FramescoutError, match=f"drop {altered} of {videos} videos.*--force"):
            mend(catalog, problems)
        assert execute(path, "SELECT count(*) FROM video") == [(videos,)]
    mend(catalog, problems, force=is_refused)
    assert execute(path, "SELECT count(*) FROM video") == [(videos - altered,)]


def test_what_is_altered_is_named_before_it_is_dropped(tmp_path: Path, program: Program) -> None:
    filled(tmp_path, 40)
    path = tmp_path / "catalog.sqlite"
    execute(path, "UPDATE file SET mtime_ns = 9")
    refused = program("--catalog", tmp_path, "verify", "--repair")
    assert (refused.returncode, refused.stderr.count("forgets it")) == (1, 40)
    assert execute(path, "SELECT count(*) FROM file") == [(40,)]
    program("--catalog", tmp_path, "verify", "--repair", "--force")
    assert execute(path, "SELECT count(*) FROM file") == [(0,)]
    assert execute(path, "SELECT count(*) FROM video") == [(40,)]  # index finds them again by their content


@settings(max_examples=15, deadline=None)
@given(st.lists(st.lists(st.none() | st.integers(1, 3), min_size=1, max_size=4), min_size=1, max_size=5))
def test_a_video_is_shown_by_its_first_present_file(
    tmp_path_factory: pytest.TempPathFactory, gone: list[list[int | None]]
) -> None:
    folder = tmp_path_factory.mktemp("files")
    catalog = filled(folder, len(gone))
    execute(folder / "catalog.sqlite", "DELETE FROM file")
    wanted = {}
    for video_id, days in enumerate(gone, 1):
        for place, day in enumerate(days):
            at = None if day is None else f"2026-01-0{day} 00:00:00.000000"
            name = f"/archive/{video_id}-{place}.mp4"
            execute(
                folder / "catalog.sqlite",
                "INSERT INTO file (path, size_bytes, mtime_ns, video_id, gone_at) VALUES (?, 1, 1, ?, ?)",
                name.encode(), video_id, at,
            )  # fmt: skip
        place = min(range(len(days)), key=lambda place, days=days: (days[place] or 0, place))
        wanted[video_id] = f"/archive/{video_id}-{place}.mp4", days[place] is not None
    with catalog.snapshot() as snapshot:
        assert {video.id: (video.path, video.is_gone) for video in snapshot.videos()} == wanted
        assert {video.id: video.path for video in snapshot.video_facts()} == {
            i: path for i, (path, _) in wanted.items()
        }
