"""Reads what can still be read of a damaged SQLite table, and skips the damaged pages."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator, Sequence
from typing import Any

UNREADABLE = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What reading a damaged database may raise: SQLite's own sentence may hold bytes of it that are no UTF-8."""

_HIGHEST = 2**40  # no id of ours comes near
_ENOUGH = 2000  # ids in a row that can't be read: the last page is damaged, there is nothing behind it


def readable_rows(database: sqlite3.Connection, table: str, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """(id, *columns) of each row that can be read; in no order.

    From both ends of a range of ids as far as it goes; what is between is halved, and so on.
    """
    ranges, failed = [(0, _HIGHEST)], 0
    while ranges and failed < _ENOUGH:
        first, last = ranges.pop()
        low = yield from _read(database, table, columns, first, last, "ASC")
        if low is None:
            failed = 0
            continue
        high = yield from _read(database, table, columns, low, last, "DESC")
        if high is None:
            continue
        failed += low == high
        if low < high:
            middle = (low + high) // 2
            ranges += [(middle + 1, high), (low, middle)]


def _read(
    database: sqlite3.Connection, table: str, columns: Sequence[str], first: int, last: int, order: str
) -> Generator[tuple[Any, ...], None, int | None]:
    """Rows with ids in [first, last]; returns the id from which on they could not be read, None where all could."""
    query = f"SELECT rowid, {', '.join(columns)} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid {order}"
    expected, step = (first, 1) if order == "ASC" else (last, -1)
    try:
        for row in database.execute(query, (first, last)):
            if not first <= row[0] <= last or (row[0] - expected) * step < 0:  # the page of another place
                return expected
            yield row
            expected = row[0] + step
    except UNREADABLE:
        return expected
    return None
