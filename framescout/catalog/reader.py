"""Reads one state of the catalog, and remembers what was read of it already.

What reads asks the database itself: SQLAlchemy, which writes, takes longer to import than a whole search.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np

from framescout.catalog.block_cache import BlockCache
from framescout.catalog.stored import path_of
from framescout.errors import FramescoutError
from framescout.roots import Roots

if TYPE_CHECKING:
    from framescout.catalog.session import Rows, Session

ANY_OF = "IN (SELECT value FROM json_each(?))"
"""Of numbers in one value, see `any_of`."""
_TRIES = 3
NO_ROOTS = Roots()
T = TypeVar("T")


class Reader:
    """Reads for a `Snapshot`, its spaces and its checks."""

    def __init__(
        self,
        session: Session,
        cache: BlockCache | None = None,
        known: dict[Hashable, Any] | None = None,
        roots: Roots = NO_ROOTS,
    ) -> None:
        """`cache`: of a catalog that stays open. `known`: what was read in this state already, to be added to."""
        self.session = session
        self.roots = roots
        """Where this machine has the roots of paths."""
        self.cache = cache
        self._known = {} if known is None else known

    def once(self, name: Hashable, read: Callable[[], T]) -> T:
        """What `read` returns; asked once in a state of a catalog that stays open, else once in a snapshot."""
        if name not in self._known:
            self._known[name] = read()
        value: T = self._known[name]
        return value

    def path(self, value: bytes | str) -> str:
        """A stored path as this machine has it."""
        return self.roots.here(path_of(value))

    def rows(self, query: str, *values: Any) -> Rows:
        """Tuples, as they are stored."""
        return self.session.execute(query, values)

    def stream(self, query: str, *values: Any) -> Iterator[Any]:
        """As `rows`, where they are too many to be in memory at once."""
        return self.session.stream(query, values)

    def value(self, query: str, *values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        row = self.session.execute(query, values).fetchone()
        return None if row is None else row[0]


class Readers:
    """Makes readers of one catalog; threads may share it."""

    def __init__(
        self, connect: Callable[[], Session], cache: BlockCache | None = None, roots: Callable[[], Roots] = Roots
    ) -> None:
        """`cache`: of a catalog that stays open; sessions, and what was read with them, are kept then."""
        self._connect = connect
        self._roots = roots
        self._cache = cache
        self._kept: list[_Kept] = []  # the one that was used last remembers the most, and is taken first
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def reader(self) -> Iterator[Reader]:
        """A reader of the state of now."""
        kept = self._take()
        try:
            yield Reader(kept.session, self._cache, kept.known_now() if self._cache else None, self._roots())
        finally:
            self._give_back(kept)

    def _take(self) -> _Kept:
        """One that was kept, unless another catalog was put in the place of its own, by a repair say."""
        while kept := self._pop():
            if kept.has_begun():
                return kept
            assert self._cache is not None
            self._cache.clear()
        for _ in range(_TRIES):
            new = _Kept(self._connect())
            if new.has_begun():
                return new
        raise FramescoutError("the catalog's database goes away again and again; try again in a moment")

    def _pop(self) -> _Kept | None:
        with self._lock:
            return self._kept.pop() if self._kept else None

    def _give_back(self, kept: _Kept) -> None:
        if self._cache is None:
            kept.session.close()
            return
        kept.session.end()
        with self._lock:
            self._kept.append(kept)


class _Kept(msgspec.Struct):
    session: Session
    version: int = -1
    known: dict[Hashable, Any] = msgspec.field(default_factory=dict)
    """What was read in this version."""

    def has_begun(self) -> bool:
        """Whether it begins to read; else it is closed."""
        try:
            if self.session.begin():
                return True
        except BaseException:
            self.session.close()
            raise
        self.session.close()
        return False

    def known_now(self) -> dict[Hashable, Any]:
        """What was read in the state that the session is in."""
        version = self.session.version()
        if version != self.version:
            self.version, self.known = version, {}
        return self.known


def any_of(numbers: Iterable[int]) -> str:
    """For `ANY_OF`: one statement however many there are."""
    return json.dumps([*numbers])


def integers(rows: Iterable[Iterable[int]], columns: int) -> np.ndarray:
    """(N, columns) int64; numpy takes 50 times as long to find out what rows are."""
    return np.fromiter((value for row in rows for value in row), np.int64).reshape(-1, columns)
