"""Every fact that a catalog in a folder states, read with plain SQL, in a form in which two can be compared to the bit.

Left out is what differs between two good runs: ids, clock times of the run, and seals, which cover those.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

_OWN = {"id", "seal", "indexed_at", "video_id", "model_id", "first_keyframe_id", "at"}
_VIDEO, _MODEL = "JOIN video ON video.id = video_id", "JOIN model ON model.id = model_id"
_FACTS = {
    "video": ("", ""),
    "file": (", content_hash", _VIDEO),
    "indexing": (", content_hash, fingerprint", f"{_VIDEO} {_MODEL}"),
    "keyframe_times": (", content_hash", _VIDEO),
    "quarantine": ("", ""),
    "model": ("", ""),
}
"""Table -> whose it is, and where that is said."""


def facts(catalog: Path) -> dict[str, list[Any]]:
    """Table -> its rows, each with the content hash of its video and the fingerprint of its model."""
    with contextlib.closing(sqlite3.connect(catalog / "catalog.sqlite")) as database:
        return {table: sorted(_rows(database, table), key=repr) for table in _FACTS}


def _rows(database: sqlite3.Connection, table: str) -> list[Any]:
    whose, joined = _FACTS[table]
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    columns = ", ".join(f"{table}.{name}" for name in names if name not in _OWN)
    return database.execute(f"SELECT {columns}{whose} FROM {table} {joined}").fetchall()
