"""Replaces a damaged catalog by a sound one that holds all rows that can be read and fit their seals.

No row is saved that fails its seal. The damaged file stays, complete, beside the new one. The next `index` reads lost
videos again; labels, events and vector indexes are not saved, since they can be made again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from framescout.catalog import packed_times, schema
from framescout.catalog.lock import writer_lock
from framescout.catalog.readable import UNREADABLE, readable_rows
from framescout.catalog.sealing import as_sealed, most_keyframes
from framescout.catalog.seals import Record, Version, version_of
from framescout.catalog.sqlite_store import sentences
from framescout.catalog.stored import IDENTITY
from framescout.catalog.tables import METADATA
from framescout.durable import replace, sync
from framescout.errors import DamagedCatalogError, FramescoutError

_LARGEST = 2**53  # a number of the catalog's own beyond this is damage


class Salvage(msgspec.Struct, frozen=True):
    """What was saved of a damaged catalog."""

    videos: int
    of_videos: int | None
    """How many there were, where that could be read."""
    keyframes: int
    searches: int
    marks: int
    """What people said of alerts."""
    damaged: Path
    """Where the damaged file is kept."""

    @property
    def sentence(self) -> str:
        """For a person."""
        of = "" if self.of_videos is None else f" of {self.of_videos}"
        marks = f", and what was said of {self.marks} alerts" if self.marks else ""
        return (
            f"saved {self.videos}{of} videos with {self.keyframes} keyframes, and {self.searches} saved searches"
            f"{marks}; the damaged file is kept as {self.damaged}; framescout index reads the other videos again, "
            "and labels and events have to be made anew"
        )


def salvage(folder: Path) -> Salvage:
    """As `Catalog.salvage`."""
    path, new = folder / "catalog.sqlite", folder / "catalog.sqlite.part"
    with writer_lock(folder), sentences(path):
        try:
            fold_log_in(path)
            _delete(new)
            schema.prepare(new)
            counts = copy_what_is_sound(path, new)
            return Salvage(*counts, put_in_place(new, path))
        finally:
            _delete(new)


def _delete(path: Path) -> None:
    """A database file with its log."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


def copy_what_is_sound(damaged: Path, new: Path) -> tuple[int, int | None, int, int, int]:
    """Fill the empty catalog file `new` from `damaged`; return what Salvage counts.

    Raises:
        DamagedCatalogError: it is another program's database, or older than seals.
    """
    with (
        contextlib.closing(sqlite3.connect(damaged, timeout=30, isolation_level=None)) as source,
        contextlib.closing(sqlite3.connect(new)) as target,
    ):
        with contextlib.suppress(*UNREADABLE):  # what can't be read is passed over below
            source.execute("PRAGMA writable_schema = ON")  # lets tables be read beside others whose schema is damaged
            source.execute("PRAGMA cell_size_check = ON")
            source.execute("BEGIN IMMEDIATE")  # nobody saves a search meanwhile
        _refuse_strangers(source, damaged)
        saving = _Saving(source, target)
        with target:
            saving.run()
        return saving.videos, _count(source, "video"), saving.keyframes, saving.searches, saving.marks


class _Saving:
    """Copies table by table; a table comes after those that its rows point to."""

    def __init__(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        self._source, self._target = source, target
        self.videos = self.keyframes = self.searches = self.marks = 0
        self._next_id = 1

    def run(self) -> None:
        videos = {row["id"]: row for row in self._rows("video") if _is_sealed(row, _video_seal)}
        files = [
            row
            for row in self._rows("file")
            for video in [videos.get(row["video_id"])]
            if video and _is_sealed(row, _file_seal, video["content_hash"])
        ]
        hashes = {row["video_id"]: videos[row["video_id"]]["content_hash"] for row in files}
        models = self._models()
        for video_id in sorted(hashes):
            self._put("video", videos[video_id])
        for row in files:
            self._put("file", row)
        used = self._indexings(hashes, models)
        self._searches()
        self._marks()
        self._state(used)
        self.videos = len(hashes)

    def _models(self) -> dict[int, Record]:
        """By id; of some, `dimensions` may be missing. The index knows names and fingerprints too."""
        models: dict[int, Record] = {}
        with contextlib.suppress(*UNREADABLE):
            query = "SELECT rowid, name, fingerprint FROM model INDEXED BY sqlite_autoindex_model_1"
            for number, name, fingerprint in self._source.execute(query):
                models[number] = {"id": number, "name": name, "fingerprint": fingerprint}
        return models | {row["id"]: row for row in self._rows("model")}

    def _indexings(self, hashes: dict[int, str], models: dict[int, Record]) -> dict[int, int]:
        """Model id -> how many videos were saved of it."""
        used: dict[int, int] = {}
        for row in self._rows("indexing"):
            video_id, model_id = row["video_id"], row["model_id"]
            first, count = row["first_keyframe_id"], row["keyframe_count"]
            if video_id not in hashes or model_id not in models or not _are_numbers(first, count) or not count:
                continue
            model = {"dimensions": len(row["embeddings"]) // (2 * count), **models[model_id]}
            times = self._times(video_id, first, count)
            if not _is_sealed(row, _indexing_seal, hashes[video_id], model, times):
                continue
            if model_id not in used:
                self._put("model", model)
            self._put("indexing", row)
            self._put("keyframe_times", {"first_keyframe_id": first, "video_id": video_id, "packed": times})
            used[model_id] = used.get(model_id, 0) + 1
            self.keyframes += count
            self._next_id = max(self._next_id, first + count)
        return used

    def _times(self, video_id: int, first: int, count: int) -> bytes:
        """The packed times of a video's keyframes; nothing where they can't be read."""
        query = "SELECT packed FROM keyframe_times WHERE first_keyframe_id = ? AND video_id = ?"
        with contextlib.suppress(*UNREADABLE):
            row = self._source.execute(query, (first, video_id)).fetchone()
            return bytes(row[0]) if row and isinstance(row[0], bytes) else b""
        # before schema 0011 each keyframe had a row
        query = "SELECT pts, time, span_start, span_end FROM keyframe WHERE id BETWEEN ? AND ? AND video_id = ?"
        with contextlib.suppress(*UNREADABLE, *packed_times.UNFIT):
            rows = self._source.execute(f"{query} ORDER BY id", (first, first + count - 1, video_id)).fetchall()
            return packed_times.packed_rows(rows)
        return b""

    def _searches(self) -> None:
        for row in self._rows("saved_search"):
            if _is_sealed(row, _search_seal):
                search = {"opened_below": row["seen_below"], **row}  # before schema 0012 nobody opened one
                self._put("saved_search", search)
                self.searches += 1
                self._next_id = max(self._next_id, search["seen_below"], search["opened_below"])

    def _marks(self) -> None:
        for row in self._rows("alert_mark"):
            if _is_sealed(row, _mark_seal):
                self._put("alert_mark", row)
                self.marks += 1

    def _state(self, used: dict[int, int]) -> None:
        known = {row["key"]: row["value"] for row in self._rows("state") if _are_numbers(row["value"])}
        next_id = max(self._next_id, known.get("next_keyframe_id", 1))
        self._put("state", {"key": "next_keyframe_id", "value": next_id})
        if IDENTITY in known:
            self._put("state", {"key": IDENTITY, "value": known[IDENTITY]})
        active = known.get("active_model_id")
        if used:
            active = active if active in used else max(used, key=lambda model_id: used[model_id])
            self._put("state", {"key": "active_model_id", "value": active})

    def _rows(self, table: str) -> Iterator[Record]:
        names = self._columns(table)
        if not names:  # an older catalog has no such table
            return
        for number, *values in readable_rows(self._source, table, [name for name in names if name != "id"]):
            yield dict(zip([name for name in names if name != "id"], values, strict=True), id=number)

    def _columns(self, table: str) -> list[str]:
        """The table's columns that the damaged catalog has: an older one lacks some."""
        with contextlib.suppress(*UNREADABLE):
            there = {row[1] for row in self._source.execute(f"PRAGMA table_info({table})")}
            return [column.name for column in METADATA.tables[table].columns if column.name in there]
        return [column.name for column in METADATA.tables[table].columns]

    def _put(self, table: str, row: Record) -> None:
        values = {column.name: row[column.name] for column in METADATA.tables[table].columns if column.name in row}
        if isinstance(values.get("path"), str):  # of a time when only paths that are no UTF-8 were stored as bytes
            values["path"] = values["path"].encode()
        marks = ", ".join("?" * len(values))
        query = f"INSERT OR IGNORE INTO {table} ({', '.join(values)}) VALUES ({marks})"
        self._target.execute(query, tuple(values.values()))


def _is_sealed(row: Record, seal_of: Callable[..., str], *others: Any) -> bool:
    """Whether `seal_of`, by the version that the row's seal names, finds that seal of it and of what belongs to it."""
    version = version_of(row["seal"])
    try:
        return version is not None and seal_of(version, row, *others) == row["seal"]
    except (KeyError, TypeError, ValueError, OverflowError):  # a column is missing, or holds what it can't hold
        return False


def _video_seal(version: Version, video: Record) -> str:
    return version.of_video(as_sealed(version, "video", video))


def _file_seal(version: Version, file: Record, content_hash: str) -> str:
    return version.of_file(as_sealed(version, "file", file), content_hash)


def _indexing_seal(version: Version, indexing: Record, content_hash: str, model: Record, times: bytes) -> str:
    return version.of_indexing(
        as_sealed(version, "indexing", indexing),
        content_hash,
        as_sealed(version, "model", model),
        packed_times.rows(indexing["first_keyframe_id"], times, most_keyframes(indexing), version.keyframe),
    )


def _search_seal(version: Version, search: Record) -> str:
    return version.of_search(as_sealed(version, "saved_search", search))


def _mark_seal(version: Version, mark: Record) -> str:
    return version.of_mark(as_sealed(version, "alert_mark", mark))


def put_in_place(new: Path, path: Path) -> Path:
    """Let the whole file `new` take the place of the damaged `path`; return where that one is kept.

    At every moment `path` is one of the two.
    """
    sync(new)  # a disk that refuses it does so while nothing is changed yet
    kept = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    log, kept_log = path.with_name(f"{path.name}-wal"), path.with_name(f"{kept.name}-wal")
    os.link(path, kept)
    if log.exists():  # it is damaged too, or it would have been folded in
        os.link(log, kept_log)
        log.unlink()
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    replace(new, path)
    return kept


def fold_log_in(path: Path) -> None:
    """Move what was committed from the write-ahead log into the file, as closing a catalog does.

    Raises:
        FramescoutError: another process has the catalog open.
    """
    with contextlib.suppress(*UNREADABLE), contextlib.closing(sqlite3.connect(path, timeout=5)) as database:
        if database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise FramescoutError(
                f"another process reads from the catalog {path.parent}; end it (framescout serve, say) and run the "
                "same command again"
            )


def _refuse_strangers(source: sqlite3.Connection, path: Path) -> None:
    with contextlib.suppress(*UNREADABLE):
        tables = {name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not tables & {*METADATA.tables, "alembic_version"}:  # damage may have taken some of them
            raise DamagedCatalogError(f"{path} is a database, but not framescout's; choose another --catalog folder")
        columns = {row[1] for row in source.execute("PRAGMA table_info(video)")}
        if columns and "seal" not in columns:
            raise DamagedCatalogError(
                f"the catalog {path} is damaged, and so old that what is sound in it can't be told from what isn't; "
                "restore a copy of it, or index into a new --catalog"
            )


def _count(source: sqlite3.Connection, table: str) -> int | None:
    with contextlib.suppress(*UNREADABLE):
        return int(source.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    return None


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int) and 0 <= value < _LARGEST for value in values)
