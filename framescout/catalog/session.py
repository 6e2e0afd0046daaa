"""What the catalog asks of a connection to its database, whichever that is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol


class Rows(Protocol):
    """What a statement answers."""

    def fetchone(self) -> Any:
        """The next row; None behind the last."""

    def fetchall(self) -> list[Any]:
        """All rows that are left."""

    def __iter__(self) -> Iterator[Any]: ...


class Value(Protocol):
    """A long value, of which parts can be read while the state is read that it is of."""

    size: int
    """Bytes."""

    def between(self, start: int, end: int, /) -> bytes:
        """The bytes [start, end)."""


class Session(Protocol):
    """A connection to the catalog's database.

    Statements are written as SQLite takes them, and values come as SQLite stores them: times and JSON as text, truth
    as 0 and 1.
    """

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Rows:
        """Run one statement; `values` stand for its question marks."""

    def stream(self, query: str, values: Sequence[Any] = (), /) -> Iterator[Any]:
        """The rows of a statement; only few of them are in memory at once."""

    def value(self, table: str, column: str, row: Mapping[str, int], /) -> Value:
        """The value of bytes in the one row whose columns have these numbers."""

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Any], /) -> None:
        """Write rows as they are stored; columns are quoted where that is needed."""

    def begin(self) -> bool:
        """Begin to read one state; False where the session is no longer one of the catalog that is there now."""

    def version(self) -> int:
        """Of the state that is read: another one after each change by another session."""

    def end(self) -> None:
        """Let go of the state that was read."""

    def close(self) -> None:
        """End the session."""
