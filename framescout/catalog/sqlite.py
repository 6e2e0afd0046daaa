"""A catalog in a folder: connections to its SQLite file, and SQLite's errors as sentences."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from framescout.catalog.session import Value
from framescout.errors import CatalogNotFoundError, DamagedCatalogError, DiskFullError, FramescoutError

PATIENCE = 30.0
"""Seconds to wait for another process's transaction."""
LARGEST_LOG = 256 * 2**20
"""Bytes of the write-ahead log beyond which somebody must have held an old state for long."""


class SqliteSession:
    """A session of a catalog file; see `Session`."""

    def __init__(self, connection: sqlite3.Connection, path: Path | None = None, inode: int | None = None) -> None:
        """`path`, `inode`: of the file, where the session is to read several states."""
        self.connection = connection
        self._path, self._inode = path, inode
        self.execute = connection.execute

    @classmethod
    def of(cls, path: Path) -> SqliteSession:
        """A new one of this file."""
        inode = _inode(path)  # before: another file that takes its place meanwhile is noticed
        return cls(connect(path), path, inode)

    def stream(self, query: str, values: Sequence[Any] = (), /) -> Iterator[Any]:
        """SQLite never reads ahead."""
        return self.connection.execute(query, values)

    def value(self, table: str, column: str, row: Mapping[str, int], /) -> Value:
        """As `Session.value`."""
        own = " = ? AND ".join(row)
        (number,) = self.execute(f"SELECT rowid FROM {table} WHERE {own} = ?", (*row.values(),)).fetchone()
        return _Blob(self.connection.blobopen(table, column, number, readonly=True))

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Any], /) -> None:
        """As `Session.put`."""
        marks = ", ".join("?" * len(columns))
        self.connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def begin(self) -> bool:
        """As `Session.begin`; a repair puts another file in the place of this one's."""
        if self._path and _inode(self._path) != self._inode:
            return False
        self.connection.execute("BEGIN")
        return True

    def version(self) -> int:
        """SQLite's data version: it changes when another connection has written."""
        (version,) = self.connection.execute("PRAGMA data_version").fetchone()
        return int(version)

    def end(self) -> None:
        """Let go of the state that was read."""
        self.connection.rollback()

    def close(self) -> None:
        """End the session."""
        self.connection.close()


class _Blob:
    """SQLite finds the pages of a long value once, while the blob is open."""

    def __init__(self, blob: sqlite3.Blob) -> None:
        self._blob = blob
        self.size = len(blob)

    def between(self, start: int, end: int, /) -> bytes:
        """As `Value.between`."""
        self._blob.seek(start)
        return self._blob.read(end - start)


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


def sentence_of(error: BaseException | None, where: Path) -> FramescoutError:
    """What a person is told of an error of SQLite's in the catalog `where`."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary == sqlite3.SQLITE_FULL:
        return DiskFullError(f"the disk of {where} is full; free some space and run the same command again")
    if primary == sqlite3.SQLITE_BUSY:
        return FramescoutError(f"the catalog {where} is busy; try again in a moment")
    if primary == sqlite3.SQLITE_IOERR:
        return FramescoutError(f"the disk of {where} fails ({error}); look at it, then run the same command again")
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return CatalogNotFoundError(f"the catalog {where} can't be opened for writing ({error}); check its permissions")
    return DamagedCatalogError(
        f"the catalog {where} can't be read ({error}); framescout verify --repair saves what can be saved"
    )


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None
