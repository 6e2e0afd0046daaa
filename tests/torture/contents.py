"""What a catalog says, read with plain SQL and not with the code under test, in a form that two runs can be held by.

Left out is what may differ between two good runs: ids, clock times, the count of attempts, the measured speed.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

_TOLERANCE = 2e-3
"""Of a float16 vector: a batch of other pictures around it may move its last bit."""


@dataclass
class Comparison:
    """What was found to differ, and how many vectors were the same to the bit and within float16."""

    differences: list[str] = field(default_factory=list)
    same_bits: int = 0
    same_within: int = 0

    def add(self, other: Comparison) -> None:
        self.differences += other.differences
        self.same_bits += other.same_bits
        self.same_within += other.same_within


Contents = dict[tuple[str, ...], Any]


def contents(file: Path) -> Contents:
    """Everything that a catalog's database says, of any schema: key -> value.

    Raises:
        AssertionError: something is there twice, or a row belongs to nothing.
    """
    with contextlib.closing(sqlite3.connect(file)) as database:
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if "video" not in tables:  # made, and killed before there were any
            return {}
        rows = [*_files(database), *_videos(database), *_embeddings(database), *_active_model(database)]
        rows += [row for table, read in _LATER_TABLES.items() if table in tables for row in read(database)]
        _assert_no_strays(database)
    found = dict(rows)
    assert len(found) == len(rows), "something is there twice"
    return found


def _files(database: sqlite3.Connection) -> list[tuple[tuple[str, ...], Any]]:
    files = database.execute(
        "SELECT path, content_hash, gone_at IS NULL, size_bytes FROM file JOIN video ON video.id = video_id"
    )
    quarantine = database.execute("SELECT path, reason FROM quarantine")
    return [(("file", _text(path)), facts) for path, *facts in files] + [
        (("quarantine", _text(path)), reason) for path, reason in quarantine
    ]


def _text(path: str | bytes) -> str:
    """Up to schema 0005 paths were text."""
    return path if isinstance(path, str) else os.fsdecode(path)


def _videos(database: sqlite3.Connection) -> list[tuple[tuple[str, ...], Any]]:
    has_tags = any(row[1] == "tags" for row in database.execute("PRAGMA table_info(video)"))  # since schema 0009
    tags = "tags" if has_tags else "NULL"
    facts = f"content_hash, duration, frame_rate, width_px, height_px, codec, {tags}, read_to, is_complete"
    return [(("video", name), facts) for name, *facts in database.execute(f"SELECT {facts} FROM video")]


def _embeddings(database: sqlite3.Connection) -> list[tuple[tuple[str, ...], Any]]:
    found = []
    for name, model, density, first, count, dimensions, blob in database.execute(
        "SELECT content_hash, fingerprint, density, first_keyframe_id, keyframe_count, dimensions, embeddings "
        "FROM indexing JOIN video ON video.id = video_id JOIN model ON model.id = model_id"
    ):
        keyframes = _keyframes(database, first, count)
        rows = np.frombuffer(blob, "<f2").reshape(-1, dimensions)
        found.append((("embeddings", name, model), (density, keyframes, rows)))
    return found


def _keyframes(database: sqlite3.Connection, first: int, count: int) -> list[tuple[Any, ...]]:
    """(pts, time, start, end) of each."""
    if not _are_packed(database):
        query = "SELECT pts, time, span_start, span_end FROM keyframe WHERE id BETWEEN ? AND ? ORDER BY id"
        return database.execute(query, (first, first + count - 1)).fetchall()
    query = "SELECT packed FROM keyframe_times WHERE first_keyframe_id = ?"
    ((packed,),) = database.execute(query, (first,)).fetchall()
    packed = zlib.decompress(packed)
    columns = np.frombuffer(packed, "<i8", len(packed) // 32), *np.frombuffer(packed[len(packed) // 4 :]).reshape(3, -1)
    return [*zip(*(column.tolist() for column in columns), strict=True)]


def _are_packed(database: sqlite3.Connection) -> bool:
    """Since schema 0011."""
    return bool(database.execute("PRAGMA table_info(keyframe_times)").fetchall())


def _active_model(database: sqlite3.Connection) -> list[tuple[tuple[str, ...], Any]]:
    found = database.execute(
        "SELECT fingerprint FROM state JOIN model ON model.id = value WHERE key = 'active_model_id'"
    )
    return [(("active model",), name) for (name,) in found]


def _labels(database: sqlite3.Connection) -> list[tuple[tuple[str, ...], Any]]:
    found = database.execute(
        "SELECT label_set.name, content_hash, codes FROM labelling JOIN video ON video.id = video_id "
        "JOIN label_set ON label_set.id = label_set_id"
    )
    return [(("labels", name, video), codes) for name, video, codes in found]


def _alerts(database: sqlite3.Connection) -> list[tuple[tuple[str, ...], Any]]:
    found = database.execute(
        "SELECT event.name, content_hash, start, peak FROM alert JOIN video ON video.id = video_id "
        "JOIN event ON event.id = event_id"
    )
    return [(("alert", name, video, str(start)), peak) for name, video, start, peak in found]


def _searches(database: sqlite3.Connection) -> list[tuple[tuple[str, ...], Any]]:
    return [(("search", name), query) for name, query in database.execute("SELECT name, query FROM saved_search")]


_LATER_TABLES = {"labelling": _labels, "alert": _alerts, "saved_search": _searches}


def _assert_no_strays(database: sqlite3.Connection) -> None:
    if _are_packed(database):
        every = database.execute("SELECT packed FROM keyframe_times")
        count = f"SELECT {sum(len(zlib.decompress(packed)) // 32 for (packed,) in every)}"
    else:
        count = "SELECT count(*) FROM keyframe"
    rows, owned = database.execute(
        f"SELECT ({count}), (SELECT coalesce(sum(keyframe_count), 0) FROM indexing)"
    ).fetchone()
    assert rows == owned, f"{rows} keyframes for {owned} embeddings"
    (current,) = database.execute(
        "SELECT coalesce(max(n), 0) FROM (SELECT sum(is_current) AS n FROM generation GROUP BY model_id)"
    ).fetchone()
    assert current <= 1, "two current vector indexes of a model"


def compare_between(found: Contents, before: Contents, after: Contents) -> Comparison:
    """Whether a state is one that a run from `before` to `after` may stop in: each thing is as it was or as it will
    be; what is in both is there."""
    result = Comparison()
    for key in found.keys() | (before.keys() & after.keys()):
        known = [state[key] for state in (before, after) if key in state]
        if key not in found:
            result.differences.append(f"lost: {' '.join(key)}")
        elif not any(_same(key, found[key], value, result) for value in known):
            result.differences.append(f"neither as before nor as after: {' '.join(key)}")
    return result


def compare(found: Contents, expected: Contents) -> Comparison:
    """Whether a state is exactly the expected one."""
    return compare_between(found, expected, expected)


def _same(key: tuple[str, ...], found: Any, known: Any, result: Comparison) -> bool:
    if key[0] != "embeddings":
        return bool(found == known)
    (density, keyframes, rows), (known_density, known_keyframes, known_rows) = found, known
    if (density, keyframes, rows.shape) != (known_density, known_keyframes, known_rows.shape):
        return False
    same = (rows == known_rows).all(axis=1)
    near = np.abs(rows.astype(np.float32) - known_rows.astype(np.float32)).max(axis=1) <= _TOLERANCE
    result.same_bits += int(same.sum())
    result.same_within += int((near & ~same).sum())
    return bool(near.all())
