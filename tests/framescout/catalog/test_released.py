"""A catalog of every schema that was ever in use, written by the program of its time, opens with all that it held."""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import zlib
from pathlib import Path

import pytest

from framescout.catalog import Catalog
from framescout.catalog.schema import NEWEST
from indexer.verify import check, mend

RELEASED = sorted(Path(__file__).with_name("released").glob("*.sql"))


def rows(path: Path) -> dict[str, list[dict[str, object]]]:
    """Every table but Alembic's own: its rows as name -> value."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.row_factory = sqlite3.Row
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            table: [
                {name: _text(name, value) for name, value in dict(row).items()}
                for row in database.execute(f"SELECT * FROM {table}")
            ]
            for table in tables
            if table != "alembic_version"
        }


def keyframes(held: dict[str, list[dict[str, object]]]) -> list[dict[str, object]]:
    """A row each, of a catalog that has them packed."""
    return [
        dict(
            zip(
                ("id", "video_id", "pts", "time", "span_start", "span_end"), (id_, row["video_id"], *facts), strict=True
            )
        )
        for row in held["keyframe_times"]
        for first in [row["first_keyframe_id"]]
        for id_, facts in enumerate(_facts(row["packed"]), first)  # type: ignore[call-overload]
    ]


def _facts(packed: object) -> list[tuple[object, ...]]:
    """(pts, time, start, end) of each keyframe: a column of int64, three of float64, compressed."""
    assert isinstance(packed, bytes)
    packed = zlib.decompress(packed)
    count = len(packed) // 32
    columns = (
        struct.unpack(f"<{count}q", packed[: 8 * count]),
        *(struct.unpack(f"<{count}d", packed[8 * count * part : 8 * count * (part + 1)]) for part in (1, 2, 3)),
    )
    return [*zip(*columns, strict=True)]


def _text(name: str, value: object) -> object:
    """Up to schema 0005 a path that is UTF-8 was text; bytes that are none stay what they are."""
    if name == "path" and isinstance(value, bytes):
        with contextlib.suppress(UnicodeDecodeError):
            return value.decode()
    return value


@pytest.fixture(params=RELEASED, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / "catalog.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.executescript(request.param.read_text())
        database.execute("PRAGMA journal_mode = WAL")
    return path


def test_the_newest_schema_has_a_fixture() -> None:
    assert RELEASED[-1].stem == NEWEST


def test_an_old_catalog_keeps_every_row_and_leaves_a_copy(old: Path) -> None:
    before = rows(old)
    catalog = Catalog.open(old.parent)
    after = rows(old)
    after["keyframe"] = keyframes(after)  # before schema 0011 each had a row
    assert catalog.check() == []
    assert len(before["video"]) == 3
    for table, held in before.items():
        assert [{name: row[name] for name in kept} for kept, row in zip(held, after[table], strict=True)] == held
    copy = old.with_name(f"{old.name}.before-{NEWEST}")
    if copy.exists():
        assert rows(copy) == before
    else:
        assert before.keys() == after.keys() - {"keyframe"}  # it was the newest


def test_what_verify_finds_in_an_old_catalog_is_mended(old: Path) -> None:
    catalog = Catalog.open(old.parent)
    problems = check(catalog)
    assert {problem.kind for problem in problems} <= {"file", "vectors"}  # neither footage nor index file are here
    assert mend(catalog, problems) == []
