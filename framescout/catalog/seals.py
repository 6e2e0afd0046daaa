"""Checksums of what is true: a row that is not as it was written is found, whether SQLite sees it or not.

A video, a file, an indexing (with its keyframes and its model) and a saved search carry one each, over the values as
SQLite stores them. Migration 0005 fills them in for older catalogs: another form of them is another function.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, Literal

from sqlalchemy import Connection

VIDEO = (
    "content_hash", "duration", "frame_rate", "is_variable_rate", "width_px", "height_px", "rotation",
    "sample_aspect_ratio", "start_offset", "codec", "has_audio", "created_at", "recorded_at", "recorded_from", "camera",
    "read_to", "is_complete", "end_detail", "indexed_at",
)  # fmt: skip
"""Columns that a video's seal covers."""
FILE = ("path", "size_bytes", "mtime_ns", "gone_at")
"""Of a file, besides the content hash of its video."""
INDEXING = (
    "density", "first_keyframe_id", "keyframe_count", "time_base_numerator", "time_base_denominator", "embeddings",
)  # fmt: skip
"""Of an indexing, besides its keyframes, the content hash of its video, and its model."""
KEYFRAME = ("id", "pts", "time", "span_start", "span_end")
KEYFRAMES = f"SELECT {', '.join(KEYFRAME)} FROM keyframe WHERE id BETWEEN ? AND ? AND video_id = ? ORDER BY id"  # noqa: S608
"""The rows that an indexing's seal covers, in the order that it covers them in."""
MODEL = ("name", "fingerprint", "dimensions")
SEARCH = ("name", "query", "command", "seen_below", "saved_at")


def seal(*rows: Iterable[Any]) -> str:
    """32 hexadecimal digits; other values, or the same in other places, have others."""
    digest = hashlib.blake2b(digest_size=16)
    for row in rows:
        for value in row:
            data = value if isinstance(value, bytes) else repr(value).encode("utf-8", "surrogateescape")
            digest.update(len(data).to_bytes(8, "little"))
            digest.update(data)
    return digest.hexdigest()


def seal_video(connection: Connection, video_id: int) -> None:
    """Seal a video's row as it is now."""
    connection.exec_driver_sql("UPDATE video SET seal = ? WHERE id = ?", (_of_video(connection, video_id), video_id))


def seal_file(connection: Connection, file_id: int) -> None:
    """Seal a file's row as it is now."""
    connection.exec_driver_sql("UPDATE file SET seal = ? WHERE id = ?", (_of_file(connection, file_id), file_id))


def seal_indexing(connection: Connection, video_id: int, model_id: int) -> None:
    """Seal a video's embeddings and keyframes by one model as they are now."""
    found = _of_indexing(connection, video_id, model_id)
    connection.exec_driver_sql(
        "UPDATE indexing SET seal = ? WHERE video_id = ? AND model_id = ?", (found, video_id, model_id)
    )


def seal_search(connection: Connection, name: str) -> None:
    """Seal a saved search as it is now."""
    found = _of_search(connection, name)
    connection.exec_driver_sql("UPDATE saved_search SET seal = ? WHERE name = ?", (found, name))


def altered(connection: Connection, table: Literal["video", "file"]) -> list[int]:
    """Ids of the rows that are not as they were sealed."""
    find = _of_video if table == "video" else _of_file
    rows = connection.exec_driver_sql(f"SELECT id, seal FROM {table} ORDER BY id").all()  # noqa: S608
    return [number for number, kept in rows if find(connection, number) != kept]


def altered_searches(connection: Connection) -> list[str]:
    """Names of the saved searches that are not as they were sealed."""
    rows = connection.exec_driver_sql("SELECT name, seal FROM saved_search ORDER BY name").all()
    return [name for name, kept in rows if _of_search(connection, name) != kept]


def is_altered(connection: Connection, video_id: int, model_id: int) -> bool:
    """Whether a video's embeddings or keyframes by this model are not as they were sealed."""
    kept = _one(connection, "SELECT seal FROM indexing WHERE video_id = ? AND model_id = ?", (video_id, model_id))
    return not kept or _of_indexing(connection, video_id, model_id) != str(kept[0])


def seal_all(connection: Connection) -> None:
    """Seal every row of a catalog that had no seals."""
    for video_id in _column(connection, "SELECT id FROM video"):
        seal_video(connection, video_id)
    for file_id in _column(connection, "SELECT id FROM file"):
        seal_file(connection, file_id)
    for video_id, model_id in connection.exec_driver_sql("SELECT video_id, model_id FROM indexing").all():
        seal_indexing(connection, video_id, model_id)
    for name in connection.exec_driver_sql("SELECT name FROM saved_search").scalars().all():
        seal_search(connection, name)


def _of_video(connection: Connection, video_id: int) -> str:
    return seal(_one(connection, f"SELECT {', '.join(VIDEO)} FROM video WHERE id = ?", (video_id,)))  # noqa: S608


def _of_file(connection: Connection, file_id: int) -> str:
    query = f"SELECT {', '.join(FILE)}, content_hash FROM file JOIN video ON video.id = video_id WHERE file.id = ?"  # noqa: S608
    return seal(_one(connection, query, (file_id,)))


def _of_search(connection: Connection, name: str) -> str:
    return seal(_one(connection, f"SELECT {', '.join(SEARCH)} FROM saved_search WHERE name = ?", (name,)))  # noqa: S608


def _of_indexing(connection: Connection, video_id: int, model_id: int) -> str:
    query = (
        f"SELECT content_hash, {', '.join(MODEL)}, {', '.join(INDEXING)} FROM indexing "  # noqa: S608
        "JOIN video ON video.id = video_id JOIN model ON model.id = model_id WHERE video_id = ? AND model_id = ?"
    )
    facts = _one(connection, query, (video_id, model_id))
    if not facts:
        return ""
    first, count = facts[5], facts[6]
    return seal(facts, *connection.exec_driver_sql(KEYFRAMES, (first, first + count - 1, video_id)))


def _one(connection: Connection, query: str, values: tuple[Any, ...]) -> Sequence[Any]:
    return connection.exec_driver_sql(query, values).first() or ()


def _column(connection: Connection, query: str) -> list[int]:
    return list(connection.exec_driver_sql(query).scalars())
