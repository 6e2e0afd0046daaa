"""Reads rows of the catalog as a version of a seal covers them, to write their seals and to check them."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    LargeBinary,
    Select,
    TypeDecorator,
    bindparam,
    select,
    type_coerce,
    update,
)
from sqlalchemy.types import NullType, TypeEngine

from framescout.catalog.seals import Record, Version, newest
from framescout.catalog.tables import (
    AlertMarkRow,
    FilePath,
    FileRow,
    IndexingRow,
    KeyframeRow,
    ModelRow,
    Row,
    SavedSearchRow,
    VideoRow,
)


class _Bytes(TypeDecorator[bytes]):
    """Bytes and nothing else: one flipped bit in a row can turn them into a text."""

    impl = LargeBinary
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Dialect) -> bytes:
        if not isinstance(value, bytes):
            raise TypeError(f"not bytes: {value!r}")
        return value


_AS_STORED = NullType()  # what is read as such, no type converts


def seal_video(connection: Connection, video_id: int) -> None:
    """Seal a video's row as it is now."""
    seal = of_video(connection, newest(), video_id)
    connection.execute(update(VideoRow).where(VideoRow.id == video_id).values(seal=seal))


def seal_file(connection: Connection, file_id: int) -> None:
    """Seal a file's row as it is now."""
    seal = of_file(connection, newest(), file_id)
    connection.execute(update(FileRow).where(FileRow.id == file_id).values(seal=seal))


def seal_indexing(connection: Connection, video_id: int, model_id: int) -> None:
    """Seal a video's embeddings and keyframes by one model as they are now."""
    seal = of_indexing(connection, newest(), video_id, model_id)
    own = (IndexingRow.video_id == video_id) & (IndexingRow.model_id == model_id)
    connection.execute(update(IndexingRow).where(own).values(seal=seal))


def seal_search(connection: Connection, name: str) -> None:
    """Seal a saved search as it is now."""
    seal = of_search(connection, newest(), name)
    connection.execute(update(SavedSearchRow).where(SavedSearchRow.name == name).values(seal=seal))


def seal_mark(connection: Connection, event: str, content_hash: str, start: float) -> None:
    """Seal what a person said of an alert as it is now."""
    seal = of_mark(connection, newest(), event, content_hash, start)
    own = (AlertMarkRow.event == event) & (AlertMarkRow.content_hash == content_hash) & (AlertMarkRow.start == start)
    connection.execute(update(AlertMarkRow).where(own).values(seal=seal))


def of_video(connection: Connection, version: Version, video_id: int) -> str | None:
    """The seal that the row should have; None where there is no such row."""
    row = _read(connection, _video(version), {"id": video_id})
    return None if row is None else version.of_video(row)


def of_file(connection: Connection, version: Version, file_id: int) -> str | None:
    """As `of_video`, of a file."""
    row = _read(connection, _file(version), {"id": file_id})
    return None if row is None else version.of_file(row, row["content_hash"])


def of_indexing(connection: Connection, version: Version, video_id: int, model_id: int) -> str | None:
    """As `of_video`, of a video's embeddings and keyframes by one model."""
    row = _read(connection, _indexing(version), {"video": video_id, "model": model_id})
    if row is None:
        return None
    first, count = row["first_keyframe_id"], row["keyframe_count"]
    span = {"video": video_id, "first": first, "last": first + count - 1}
    return version.of_indexing(row, row["content_hash"], row, connection.execute(_keyframes(version), span))


def of_search(connection: Connection, version: Version, name: str) -> str | None:
    """As `of_video`, of a saved search."""
    row = _read(connection, _search(version), {"name": name})
    return None if row is None else version.of_search(row)


def of_mark(connection: Connection, version: Version, event: str, content_hash: str, start: float) -> str | None:
    """As `of_video`, of what a person said of an alert."""
    row = _read(connection, _mark(version), {"event": event, "content_hash": content_hash, "start": start})
    return None if row is None else version.of_mark(row)


def _read(connection: Connection, query: Select[Any], asked: dict[str, Any]) -> Record | None:
    row = connection.execute(query, asked).first()
    return None if row is None else row._asdict()


@cache
def _video(version: Version) -> Select[Any]:
    return select(*_columns(version, VideoRow, version.video)).where(VideoRow.id == bindparam("id"))


@cache
def _file(version: Version) -> Select[Any]:
    query = select(*_columns(version, FileRow, version.file), VideoRow.content_hash)
    return query.join_from(FileRow, VideoRow, FileRow.video_id == VideoRow.id).where(FileRow.id == bindparam("id"))


@cache
def _indexing(version: Version) -> Select[Any]:
    facts = (*_columns(version, ModelRow, version.model), *_columns(version, IndexingRow, version.indexing))
    return (
        select(*facts, VideoRow.content_hash)
        .join_from(IndexingRow, VideoRow, IndexingRow.video_id == VideoRow.id)
        .join_from(IndexingRow, ModelRow, IndexingRow.model_id == ModelRow.id)
        .where(IndexingRow.video_id == bindparam("video"), IndexingRow.model_id == bindparam("model"))
    )


@cache
def _keyframes(version: Version) -> Select[Any]:
    within = KeyframeRow.id.between(bindparam("first"), bindparam("last"))
    columns = _columns(version, KeyframeRow, version.keyframe)
    return select(*columns).where(within, KeyframeRow.video_id == bindparam("video")).order_by(KeyframeRow.id)


@cache
def _search(version: Version) -> Select[Any]:
    return select(*_columns(version, SavedSearchRow, version.search)).where(SavedSearchRow.name == bindparam("name"))


@cache
def _mark(version: Version) -> Select[Any]:
    keys = ("event", "content_hash", "start")
    own = [AlertMarkRow.__table__.c[name] == bindparam(name) for name in keys]
    return select(*_columns(version, AlertMarkRow, version.mark or keys)).where(*own)


def _columns(version: Version, table: Row, names: tuple[str, ...]) -> list[ColumnElement[Any]]:
    return [_column(version, table.__table__.c[name]) for name in names]


def _column(version: Version, column: Column[Any]) -> ColumnElement[Any]:
    is_as_stored = version.is_raw and not isinstance(column.type, FilePath)
    return type_coerce(column, _AS_STORED if is_as_stored else sealed_type(column)).label(column.name)


def sealed_type(column: Column[Any]) -> TypeEngine[Any]:
    """The type of the values that seals cover: of a path its bytes, since a text there is not what was written."""
    return _Bytes() if isinstance(column.type, FilePath) else column.type
