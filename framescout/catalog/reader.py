"""A plain SQLite connection in one snapshot, and what was read through it already.

What reads asks SQLite itself: SQLAlchemy, which writes, takes longer to import than a whole search.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from framescout.catalog.block_cache import BlockCache

PATIENCE = 30.0
"""Seconds to wait for another process's transaction."""
LARGEST_LOG = 256 * 2**20
"""Bytes of the write-ahead log beyond which somebody must have held an old state for long."""
T = TypeVar("T")


class Reader:
    """Reads for a `Snapshot`, its spaces and its checks."""

    def __init__(
        self, connection: sqlite3.Connection, cache: BlockCache | None = None, known: dict[Hashable, Any] | None = None
    ) -> None:
        """`cache`: of a catalog that stays open. `known`: what was read in this state already, to be added to."""
        self.connection = connection
        self.cache = cache
        self._known = {} if known is None else known

    def once(self, name: Hashable, read: Callable[[], T]) -> T:
        """What `read` returns; asked once in a state of a catalog that stays open, else once in a snapshot."""
        if name not in self._known:
            self._known[name] = read()
        value: T = self._known[name]
        return value

    def rows(self, query: str, *values: Any) -> sqlite3.Cursor:
        """Tuples, as they are stored."""
        return self.connection.execute(query, values)

    def value(self, query: str, *values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        row = self.connection.execute(query, values).fetchone()
        return None if row is None else row[0]


class Readers:
    """Makes readers of one catalog file; threads may share it."""

    def __init__(self, path: Path, cache: BlockCache | None = None) -> None:
        """`cache`: of a catalog that stays open; connections, and what was read with them, are kept then."""
        self._path = path
        self._cache = cache
        self._kept: list[_Kept] = []  # the one that was used last remembers the most, and is taken first
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        """A reader of the state of now."""
        kept = self._take()
        try:
            kept.connection.execute("BEGIN")
            yield Reader(kept.connection, self._cache, kept.known_now() if self._cache else None)
        finally:
            self._give_back(kept)

    def _take(self) -> _Kept:
        """One that was kept, unless another catalog was put in the place of its own, by a repair say."""
        inode = _inode(self._path)
        with self._lock:
            while self._kept:
                kept = self._kept.pop()
                if kept.inode == inode:
                    return kept
                kept.connection.close()
                assert self._cache is not None
                self._cache.clear()
        return _Kept(connect(self._path), inode)

    def _give_back(self, kept: _Kept) -> None:
        if self._cache is None:
            kept.connection.close()
            return
        kept.connection.rollback()
        with self._lock:
            self._kept.append(kept)


@dataclass(slots=True)
class _Kept:
    connection: sqlite3.Connection
    inode: int | None
    version: int = -1
    """SQLite's data version: it changes when another connection has written."""
    known: dict[Hashable, Any] = field(default_factory=dict)
    """What was read in this version."""

    def known_now(self) -> dict[Hashable, Any]:
        """What was read in the state that the connection is in."""
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        if version != self.version:
            self.version, self.known = version, {}
        return self.known


def connect(path: Path) -> sqlite3.Connection:
    """A connection that begins no transaction by itself."""
    connection = sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)
    try:
        configure(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def configure(connection: sqlite3.Connection) -> None:
    """What every connection to a catalog needs."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")  # a committed video survives a power cut
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA journal_size_limit = {LARGEST_LOG}")  # a log that grew gives its room back


def any_of(numbers: Iterable[int]) -> str:
    """For `IN (SELECT value FROM json_each(?))`: one statement however many there are."""
    return json.dumps([*numbers])


def integers(rows: Iterable[Iterable[int]], columns: int) -> np.ndarray:
    """(N, columns) int64; numpy takes 50 times as long to find out what rows are."""
    return np.fromiter((value for row in rows for value in row), np.int64).reshape(-1, columns)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
