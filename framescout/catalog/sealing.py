"""Reads rows of the catalog as a version of a seal covers them, to write their seals and to check them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

from sqlalchemy import Column, Connection, Dialect, LargeBinary, TypeDecorator, update
from sqlalchemy.dialects import sqlite

from framescout.catalog import packed_times
from framescout.catalog.seals import Record, Version, newest
from framescout.catalog.session import Session
from framescout.catalog.tables import (
    METADATA,
    AlertMarkRow,
    FilePath,
    FileRow,
    IndexingRow,
    SavedSearchRow,
    VideoRow,
)
from framescout.catalog.writable import plain


class _Bytes(TypeDecorator[bytes]):
    """Bytes and nothing else: one flipped bit in a row can turn them into a text."""

    impl = LargeBinary
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes:
        if not isinstance(value, bytes):
            raise TypeError(f"not bytes: {value!r}")
        return value


def seal_video(connection: Connection, video_id: int) -> None:
    """Seal a video's row as it is now."""
    seal = of_video(plain(connection), newest(), video_id)
    connection.execute(update(VideoRow).where(VideoRow.id == video_id).values(seal=seal))


def seal_file(connection: Connection, file_id: int) -> None:
    """Seal a file's row as it is now."""
    seal = of_file(plain(connection), newest(), file_id)
    connection.execute(update(FileRow).where(FileRow.id == file_id).values(seal=seal))


def seal_indexing(connection: Connection, video_id: int, model_id: int) -> None:
    """Seal a video's embeddings and keyframes by one model as they are now."""
    seal = of_indexing(plain(connection), newest(), video_id, model_id)
    own = (IndexingRow.video_id == video_id) & (IndexingRow.model_id == model_id)
    connection.execute(update(IndexingRow).where(own).values(seal=seal))


def seal_search(connection: Connection, name: str) -> None:
    """Seal a saved search as it is now."""
    seal = of_search(plain(connection), newest(), name)
    connection.execute(update(SavedSearchRow).where(SavedSearchRow.name == name).values(seal=seal))


def seal_mark(connection: Connection, event: str, content_hash: str, start: float) -> None:
    """Seal what a person said of an alert as it is now."""
    seal = of_mark(plain(connection), newest(), event, content_hash, start)
    own = (AlertMarkRow.event == event) & (AlertMarkRow.content_hash == content_hash) & (AlertMarkRow.start == start)
    connection.execute(update(AlertMarkRow).where(own).values(seal=seal))


def of_video(database: Session, version: Version, video_id: int) -> str | None:
    """The seal that the row should have; None where there is no such row."""
    row = _read(database, version, "video", version.video, {"id": video_id})
    return None if row is None else version.of_video(row)


def of_file(database: Session, version: Version, file_id: int) -> str | None:
    """As `of_video`, of a file."""
    row = _read(database, version, "file", (*version.file, "video_id"), {"id": file_id})
    if row is None:
        return None
    if version.is_raw and not isinstance(row["path"], bytes):
        raise TypeError("a path that is no bytes was not written so")
    return version.of_file(row, _content_hash(database, row["video_id"]))


def of_indexing(database: Session, version: Version, video_id: int, model_id: int) -> str | None:
    """As `of_video`, of a video's embeddings and keyframes by one model."""
    row = _read(database, version, "indexing", version.indexing, {"video_id": video_id, "model_id": model_id})
    model = _read(database, version, "model", version.model, {"id": model_id})
    if row is None or model is None:
        return None
    first = row["first_keyframe_id"]
    query = "SELECT packed FROM keyframe_times WHERE first_keyframe_id = ? AND video_id = ?"
    times = database.execute(query, (first, video_id)).fetchone()
    count = most_keyframes(row)
    keyframes = packed_times.rows(first, times[0], count, version.keyframe) if times else ()
    return version.of_indexing(row, _content_hash(database, video_id), model, keyframes)


def most_keyframes(indexing: Record) -> int:
    """How many keyframes it says that it has; no more than its embeddings can have, whatever it says."""
    return int(min(indexing["keyframe_count"], len(indexing["embeddings"]) // 2))


def of_search(database: Session, version: Version, name: str) -> str | None:
    """As `of_video`, of a saved search."""
    row = _read(database, version, "saved_search", version.search, {"name": name})
    return None if row is None else version.of_search(row)


def of_mark(database: Session, version: Version, event: str, content_hash: str, start: float) -> str | None:
    """As `of_video`, of what a person said of an alert."""
    key = {"event": event, "content_hash": content_hash, "start": start}
    row = _read(database, version, "alert_mark", version.mark or (*key,), key)
    return None if row is None else version.of_mark(row)


def as_sealed(version: Version, table: str, row: Record) -> Record:
    """What SQLite stores in a row, as the values that a version's seals cover.

    Raises TypeError, ValueError or OverflowError where a column can't hold its value.
    """
    if version.is_raw:
        return row
    processors = _processors(table)
    return {name: processors[name](value) if name in processors else value for name, value in row.items()}


def _read(
    database: Session, version: Version, table: str, columns: Iterable[str], key: dict[str, Any]
) -> Record | None:
    names = [*columns]
    query = f"SELECT {_quoted(names, ', ')} FROM {table} WHERE {_quoted(key, ' = ? AND ')} = ?"
    row = database.execute(query, (*key.values(),)).fetchone()
    return None if row is None else as_sealed(version, table, dict(zip(names, row, strict=True)))


def _quoted(names: Iterable[str], between: str) -> str:
    """Names of columns: "end" is a word of SQL."""
    return between.join(f'"{name}"' for name in names)


def _content_hash(database: Session, video_id: int) -> str:
    (content_hash,) = database.execute("SELECT content_hash FROM video WHERE id = ?", (video_id,)).fetchone()
    return str(content_hash)


@cache
def _processors(table: str) -> dict[str, Callable[[Any], Any]]:
    """Of each column whose values are not those that SQLite stores, what makes them of these."""
    dialect = sqlite.dialect()
    processors = {
        column.name: _sealed_type(column).dialect_impl(dialect).result_processor(dialect, None)
        for column in METADATA.tables[table].columns
    }
    return {name: process for name, process in processors.items() if process}


def _sealed_type(column: Column[Any]) -> Any:
    """The type of the values that seals cover: of a path its bytes, since a text there is not what was written."""
    return _Bytes() if isinstance(column.type, FilePath) else column.type
