"""Sessions with a PostgreSQL server that answers as SQLite does, and the server's errors as sentences.

psycopg is imported here and in postgresql_store.py alone.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

from framescout.address import Address
from framescout.catalog.reader import ANY_OF
from framescout.catalog.session import Rows, Value
from framescout.errors import (
    CatalogNotFoundError,
    DamagedCatalogError,
    DiskFullError,
    FramescoutError,
    NotAvailableError,
    UsageError,
)

OLDEST = 15
"""The oldest server that is taken."""
_FULL = ("too many clients", "too many connections", "remaining connection slots")
"""What servers say in English; libpq gives no code while it connects, so others say it in their own language."""
_LOST = (psycopg.OperationalError, psycopg.InterfaceError)
_NUMBERS = itertools.count()
_AT_ONCE = 16  # rows of a stream that are fetched together: a matrix has some hundred kB
_EPOCH = datetime(2000, 1, 1)
_SETTINGS = {
    "default_transaction_isolation": "read committed",  # a reader asks for more when it begins
    "lock_timeout": "30s",
    "extra_float_digits": "1",  # floats as text are exact
    "tcp_keepalives_idle": "30",  # a writer whose machine is gone holds its lock for a minute, not for two hours
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
}


class _Truth(Loader):  # type: ignore[misc]
    format = Format.BINARY

    def load(self, data: Buffer) -> int:
        """0 or 1."""
        return int(bytes(data) != b"\x00")


class _Time(Loader):  # type: ignore[misc]
    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        """As SQLite stores it, from microseconds since 2000."""
        time = _EPOCH + timedelta(microseconds=int.from_bytes(bytes(data), "big", signed=True))
        return time.isoformat(" ", "microseconds")


class _Text(Loader):  # type: ignore[misc]
    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        """JSON as it was written."""
        return bytes(data).decode()


class PostgresqlSession:
    """A session with the server at an address; see `Session`."""

    def __init__(self, connection: psycopg.Connection[Any], address: Address) -> None:
        self.connection = connection
        self._address = address

    @classmethod
    def of(cls, address: Address) -> PostgresqlSession:
        """A new one."""
        return cls(connect(address, autocommit=True), address)

    def execute(self, query: str, values: Sequence[Any] = (), /) -> Rows:
        """As `Session.execute`; all rows are in memory when it returns."""
        with sentences(self._address):
            rows: Rows = self.connection.cursor(binary=True).execute(_translated(query), values)
            return rows

    def stream(self, query: str, values: Sequence[Any] = (), /) -> Iterator[Any]:
        """As `Session.stream`, by a cursor of the server's."""
        with sentences(self._address), self.connection.cursor(f"rows{next(_NUMBERS)}", binary=True) as cursor:
            cursor.itersize = _AT_ONCE
            cursor.execute(_translated(query), values)
            yield from cursor

    def value(self, table: str, column: str, row: Mapping[str, int], /) -> Value:
        """As `Session.value`."""
        return _Bytea(self, column, f"FROM {table} WHERE {' = ? AND '.join(row)} = ?", (*row.values(),))

    def put(self, table: str, columns: Sequence[str], rows: Sequence[Any], /) -> None:
        """As `Session.put`; ids that are given out later are larger than those of the rows."""
        with sentences(self._address), self.connection.cursor() as cursor:
            with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:  # as text: 1 is true, too
                for row in rows:
                    copy.write_row(row)
            if "id" in columns:
                largest = f"(SELECT max(id) FROM {table})"
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {largest})")

    def begin(self) -> bool:
        """As `Session.begin`; False where the server has ended the session."""
        try:
            self.connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        except _LOST:
            return False
        return True

    def version(self) -> int:
        """A number that every transaction that writes raises by one."""
        row = self.execute("SELECT value FROM state WHERE key = ?", (CHANGES,)).fetchone()
        return int(row[0]) if row else 0

    def end(self) -> None:
        """Let go of the state that was read."""
        with contextlib.suppress(*_LOST):  # the next `begin` says so
            self.connection.execute("ROLLBACK")

    def close(self) -> None:
        """End the session."""
        self.connection.close()


class _Bytea:
    """PostgreSQL reads only the pages of the part: embeddings are stored uncompressed, since they don't compress."""

    def __init__(self, session: PostgresqlSession, column: str, own: str, key: tuple[int, ...]) -> None:
        self._session, self._key = session, key
        (self.size,) = session.execute(f"SELECT octet_length({column}) {own}", key).fetchone()
        self._part = f"SELECT substring({column} FROM ? FOR ?) {own}"

    def between(self, start: int, end: int, /) -> bytes:
        """As `Value.between`."""
        (part,) = self._session.execute(self._part, (start + 1, end - start, *self._key)).fetchone()
        return bytes(part)


CHANGES = "changes"
"""Key in the table `state` of the number of transactions that have written; its row is locked by the one that does."""


def connect(address: Address, *, autocommit: bool) -> psycopg.Connection[Any]:
    """A connection whose binary cursors give values as SQLite stores them.

    Raises:
        CatalogNotFoundError: the server can't be reached, or lets nobody in.
        NotAvailableError: it is too old, takes no more connections, or the database is not in UTF-8.
    """
    try:
        connection = psycopg.connect(
            address,
            autocommit=autocommit,
            application_name=f"framescout {os.getpid()} on {socket.gethostname()}"[:63],
            client_encoding="UTF8",
            connect_timeout=10,
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
        )
    except psycopg.Error as error:
        if any(words in _reason(error) for words in _FULL):
            raise _no_more_connections(address) from error
        raise CatalogNotFoundError(
            f"the database {address} can't be opened ({_reason(error)}); look at the address, at the server, and at "
            "~/.pgpass or $PGPASSWORD"
        ) from error
    try:
        _refuse(connection, address)
        for oid, loader in ((16, _Truth), (1114, _Time), (114, _Text)):  # boolean, timestamp, json
            connection.adapters.register_loader(oid, loader)
        with sentences(address):
            chosen = ", ".join(f"set_config('{name}', '{value}', false)" for name, value in _SETTINGS.items())
            connection.execute(f"SELECT {chosen}")
            if not autocommit:
                connection.commit()
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse(connection: psycopg.Connection[Any], address: Address) -> None:
    version, encoding = connection.info.server_version, connection.info.parameter_status("server_encoding")
    if version < OLDEST * 10_000:
        raise NotAvailableError(
            f"the server of {address} is PostgreSQL {version // 10_000}; framescout needs {OLDEST} or newer"
        )
    if encoding != "UTF8":
        raise NotAvailableError(
            f"the database {address} stores text as {encoding}; make another one with: "
            "createdb --template template0 --encoding UTF8 --locale C NAME"
        )


@contextlib.contextmanager
def sentences(address: Address) -> Iterator[None]:
    """Turn the server's troubles into sentences; a fault of framescout's own stays what it is."""
    try:
        yield
    except psycopg.Error as error:
        raise sentence_of(error, address) from error


def sentence_of(error: Any, address: Address) -> BaseException:
    """What a person is told of an error of the server's; the error itself where framescout is to blame."""
    own: BaseException = error
    state, reason = error.sqlstate or "", _reason(error)
    if state == "22021" or (isinstance(error, psycopg.DataError) and "NUL" in reason):
        return UsageError(f"a text holds a NUL, which {address} can't keep ({reason}); write it without")
    if state.startswith("22"):
        return DamagedCatalogError(
            f"a value is none that {address} can keep ({reason}); framescout verify names rows that are damaged"
        )
    if state.startswith("53") and state != "53300":
        return DiskFullError(
            f"the server of {address} has no room ({reason}); free some and run the same command again"
        )
    if state == "53300":
        return _no_more_connections(address)
    if state in ("55P03", "40001", "40P01", "57014"):
        return FramescoutError(f"the catalog {address} is busy ({reason}); try again in a moment")
    if state == "42501":
        return NotAvailableError(f"the user of {address} may not do that ({reason}); GRANT it, or name another user")
    if state == "25006":
        return NotAvailableError(f"the server of {address} only reads; name the one that is written to")
    if state in ("XX001", "XX002"):
        return DamagedCatalogError(f"the database {address} is damaged ({reason}); restore a backup of it")
    if state.startswith(("08", "57", "58")) or state == "25P03" or (not state and isinstance(error, _LOST)):
        return FramescoutError(
            f"the connection to {address} was lost ({reason}); what was committed is there, run the same command again"
        )
    return own


def _no_more_connections(address: Address) -> NotAvailableError:
    return NotAvailableError(
        f"the server of {address} takes no more connections; try again in a moment, or raise its limit "
        "(max_connections, or that of the user or the database)"
    )


def _reason(error: psycopg.Error) -> str:
    """The first line of what the server, or libpq, says."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@lru_cache(maxsize=500)
def _translated(query: str) -> str:
    """A statement as SQLite takes it, as psycopg takes it."""
    any_of = ANY_OF.replace("value FROM json_each(?)", "value::bigint FROM json_array_elements_text(?::json)")
    return query.replace("%", "%%").replace(ANY_OF, any_of).replace("?", "%s")
