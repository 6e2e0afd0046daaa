"""A database connection in one snapshot, and what was read through it already."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

import numpy as np
from sqlalchemy import Connection

from framescout.catalog.block_cache import BlockCache

MANY = 500
"""Ids in one statement: below SQLite's limit on variables."""
_KNOWN = "framescout: known"  # in a connection's `info`: SQLite's data version, and what was read in that state
T = TypeVar("T")


class Reader:
    """Reads for a `Snapshot`, its spaces and its checks."""

    def __init__(self, connection: Connection, cache: BlockCache | None = None) -> None:
        """`cache`: of a catalog that stays open; what is asked once a state is remembered then, too."""
        self.connection = connection
        self.cache = cache
        self._known = {} if cache is None else _known_of(connection)

    def once(self, name: Hashable, read: Callable[[], T]) -> T:
        """What `read` returns; asked once in a state of a catalog that stays open, else once in a snapshot."""
        if name not in self._known:
            self._known[name] = read()
        value: T = self._known[name]
        return value


def forget(connection: Connection) -> None:
    """Forget what was read with this connection, which is about to write: the data version tells of others' changes."""
    connection.info.pop(_KNOWN, None)


def integers(rows: Iterable[Iterable[int]], columns: int) -> np.ndarray:
    """(N, columns) int64; numpy takes 50 times as long to find out what SQLAlchemy's rows are."""
    return np.fromiter((value for row in rows for value in row), np.int64).reshape(-1, columns)


def _known_of(connection: Connection) -> dict[Hashable, Any]:
    """What this connection has read again and again in the state that it is in, to be added to."""
    version = connection.exec_driver_sql("PRAGMA data_version").scalar()
    known = connection.info.get(_KNOWN)
    if known is None or known[0] != version:
        known = connection.info[_KNOWN] = (version, {})
    read: dict[Hashable, Any] = known[1]
    return read
