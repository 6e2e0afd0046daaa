"""Keeps a catalog's truth in a PostgreSQL database; what is derived from it lies in a folder of each machine."""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import psycopg

from framescout.address import Address
from framescout.catalog.holder import Holder, locked
from framescout.catalog.postgresql import CHANGES, PostgresqlSession, connect, sentence_of, sentences
from framescout.catalog.reader import Reader
from framescout.catalog.schema import NEWEST, UNFINISHED, unfinished, upgrade
from framescout.catalog.sqlite_store import size_below
from framescout.errors import (
    CatalogLockedError,
    CatalogNotFoundError,
    CatalogTooNewError,
    DamagedCatalogError,
    NotAvailableError,
)
from framescout.recording import Said

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, ExceptionContext

WRITER = "writer"
"""Key in the table `state` of the number of the writer that came last; notes of it have keys that begin so."""
_LOCK = (0x66726D73, 1)  # the writer's: one catalog a database, so one lock
_MIGRATING = 2
_HELD = (
    "FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 2 AND classid = %s AND objid = %s "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"
_SORTED_BY_BYTES = "SELECT string_agg(x, '' ORDER BY x) = '-B_ab' FROM unnest(ARRAY['a', 'B', '_', '-', 'b']) AS x"


class PostgresqlStore:
    """The truth of the catalog at an address; see `Store`."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self.folder: Path = address.folder

    def __str__(self) -> str:
        return str(self.address)

    def prepare(self, *, create: bool) -> None:
        """As `Store.prepare`; in one transaction, so that a failure leaves what was there before."""
        self._bring_to_newest(create=create)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise NotAvailableError(
                f"the folder {self.folder}, for what is derived from {self}, can't be made ({error.strerror}); "
                "choose another place with $XDG_DATA_HOME"
            ) from error

    def _bring_to_newest(self, *, create: bool) -> None:
        with contextlib.closing(connect(self.address, autocommit=True)) as connection, sentences(self.address):
            revision = _revision(connection)
            if revision == NEWEST:
                return
            if revision == UNFINISHED:
                raise unfinished(self)
            if revision is None and not create:
                raise CatalogNotFoundError(
                    f"there is no catalog in {self}; make one with: "
                    f"framescout --catalog {shlex.quote(str(self))} index FOLDER"  # a shell obeys & and ?
                )
            if not _one(connection, _SORTED_BY_BYTES):
                raise NotAvailableError(
                    f"the database {self} sorts text by a language; make another one with: "
                    "createdb --template template0 --encoding UTF8 --locale C NAME"
                )
            connection.execute("SELECT pg_advisory_lock(%s, %s)", (_LOCK[0], _MIGRATING))
            revision = _revision(connection)  # once more: another process may have been faster
            if revision != NEWEST:
                self._upgrade(revision, connection)

    def _upgrade(self, revision: str | None, connection: psycopg.Connection[Any]) -> None:
        tables = {name for (name,) in connection.execute(_TABLES)}
        if tables if revision is None else not {"video", "state"} <= tables:
            raise DamagedCatalogError(f"{self} is a database with tables of another program; name an empty one")
        if revision is not None and revision > NEWEST:
            raise CatalogTooNewError(
                f"the catalog {self} has schema {revision}, newer than this framescout's {NEWEST}; "
                "upgrade framescout to open it"
            )
        if not _one(connection, "SELECT pg_try_advisory_lock(%s, %s)", *_LOCK):
            raise self._locked(connection)
        with self._engine(counts=False).begin() as made:
            upgrade(made)
            made.exec_driver_sql("CREATE TABLE IF NOT EXISTS said (document json NOT NULL)")
            made.exec_driver_sql(
                "INSERT INTO state (key, value) VALUES (%s, 0), (%s, 0) ON CONFLICT DO NOTHING", (CHANGES, WRITER)
            )

    def session(self) -> PostgresqlSession:
        """A new session to read with."""
        return PostgresqlSession.of(self.address)

    def engine(self) -> Engine:
        """For what is written without the writer's lock; its transactions wait for each other."""
        return self._engine()

    @contextlib.contextmanager
    def writer(self) -> Iterator[tuple[Engine, _Note]]:
        """As `Store.writer`; lock and writes are on one connection, so that who loses the one loses both."""
        from sqlalchemy import StaticPool

        with (
            contextlib.closing(connect(self.address, autocommit=False)) as connection,
            contextlib.closing(connect(self.address, autocommit=True)) as aside,
        ):
            self._lock(connection)
            note = _Note(aside, connection.info.backend_pid)
            number = _Number()
            engine = self._engine(number, poolclass=StaticPool, creator=_once(connection, self.address))
            try:
                with engine.begin() as taken:
                    number.own = taken.exec_driver_sql(
                        "UPDATE state SET value = value + 1 WHERE key = %s RETURNING value", (WRITER,)
                    ).scalar_one()
                note.say()
                yield engine, note
            finally:
                engine.dispose()

    def _lock(self, connection: psycopg.Connection[Any]) -> None:
        with sentences(self.address):
            got = _one(connection, "SELECT pg_try_advisory_lock(%s, %s)", *_LOCK)
            # a writer that freezes within a transaction keeps others from writing for so long
            connection.execute("SET idle_in_transaction_session_timeout TO '300s'")
            connection.commit()
        if not got:
            raise self._locked(connection)

    def _locked(self, connection: psycopg.Connection[Any]) -> CatalogLockedError:
        who = f"SELECT application_name FROM pg_stat_activity WHERE pid IN (SELECT pid {_HELD})"
        name = str(_one(connection, who, *_LOCK) or "")
        _, _, process = name.partition("framescout ")
        return locked(self, process)

    def holder(self) -> Holder | None:
        """As `Store.holder`."""
        with contextlib.closing(connect(self.address, autocommit=True)) as connection, sentences(self.address):
            backend = _one(connection, f"SELECT pid {_HELD}", *_LOCK)
            if backend is None:
                return None
            keys = connection.execute("SELECT key, value FROM state WHERE key LIKE %s", (f"{WRITER} %",))
            noted = {key.removeprefix(f"{WRITER} "): value for key, value in keys}
        if noted.get("backend") != backend:  # the lock is held, the note is not written yet
            return Holder()
        return msgspec.convert(noted | {"since": datetime.fromtimestamp(noted["since"], UTC)}, Holder)

    def said(self, reader: Reader) -> tuple[Said, ...]:
        """As `Store.said`."""
        return reader.once("said", lambda: _said(reader))

    def say(self, every: Iterable[Said]) -> None:
        """As `Store.say`."""
        with self._engine().begin() as connection:
            connection.exec_driver_sql("DELETE FROM said")
            connection.exec_driver_sql(
                "INSERT INTO said (document) VALUES (%s)", (msgspec.json.encode([*every]).decode(),)
            )

    def sentences(self) -> contextlib.AbstractContextManager[None]:
        """Sessions and engines say sentences by themselves."""
        return sentences(self.address)

    def check(self) -> list[str]:
        """Nothing: a server's own check is pg_amcheck, which its keeper runs."""
        return []

    def size_bytes(self) -> int:
        """Of the database, and of what is derived from it on this machine."""
        with contextlib.closing(connect(self.address, autocommit=True)) as connection, sentences(self.address):
            return int(_one(connection, "SELECT pg_database_size(current_database())")) + size_below(self.folder)

    @property
    def log_bytes(self) -> int:
        """0: no log of this store grows while a reader holds an old state."""
        return 0

    def _engine(self, number: _Number | None = None, *, counts: bool = True, **how: Any) -> Engine:
        """`number`: of the writer whose engine it is. `counts`: whether there is a state to count changes in."""
        from sqlalchemy import NullPool, create_engine, event
        from sqlalchemy.dialects import postgresql

        options = {"session": self._session, "insert": postgresql.insert, "changes": _changes}
        how = {"poolclass": NullPool, "creator": lambda: connect(self.address, autocommit=False)} | how
        engine = create_engine("postgresql+psycopg://", execution_options=options, **how)

        @event.listens_for(engine, "begin")
        def _begin(connection: Connection) -> None:
            if counts:
                self._begin(connection, number)

        @event.listens_for(engine, "after_cursor_execute")
        def _count(connection: Connection, cursor: Any, _s: Any, _p: Any, context: Any, _many: bool) -> None:
            if context.isinsert or context.isupdate or context.isdelete:
                connection.info["changes"] = _changes(connection) + max(cursor.rowcount, 0)

        @event.listens_for(engine, "handle_error", retval=True)
        def _as_sentence(context: ExceptionContext) -> BaseException | None:
            error = context.original_exception
            return sentence_of(error, self.address) if isinstance(error, psycopg.Error) else error

        return engine

    def _begin(self, connection: Connection, number: _Number | None) -> None:
        """Lock the row of changes until the commit: transactions that write follow each other, as in SQLite.

        So a keyframe id is seen only when all smaller ones are, and a writer that was overtaken writes nothing.
        """
        connection.exec_driver_sql("UPDATE state SET value = value + 1 WHERE key = %s", (CHANGES,))
        if number is None or number.own is None:
            return
        last = connection.exec_driver_sql("SELECT value FROM state WHERE key = %s", (WRITER,)).scalar()
        if last != number.own:
            raise CatalogLockedError(
                f"another framescout has taken the catalog {self} over; this one writes nothing more, run the same "
                "command again"
            )

    def _session(self, connection: Connection) -> PostgresqlSession:
        driver: Any = connection.connection.driver_connection
        return PostgresqlSession(driver, self.address)


class _Number:
    """Of a writer: larger than those of all writers before; None until it is taken."""

    own: int | None = None


class _Note:
    """As `Note`: rows of `state` that are written aside, since transactions of the catalog count as changes."""

    def __init__(self, connection: psycopg.Connection[Any], backend: int) -> None:
        self._connection = connection
        self._facts = {"pid": os.getpid(), "since": int(datetime.now(UTC).timestamp()), "backend": backend}

    def say(self, **facts: int) -> None:
        """As `Note.say`."""
        self._facts |= facts
        with contextlib.suppress(psycopg.Error), self._connection.transaction():
            self._connection.execute("DELETE FROM state WHERE key LIKE %s", (f"{WRITER} %",))
            rows = json.dumps({f"{WRITER} {name}": value for name, value in self._facts.items()})
            self._connection.execute(
                "INSERT INTO state (key, value) SELECT key, value::bigint FROM json_each_text(%s::json)", (rows,)
            )


def _once(connection: psycopg.Connection[Any], address: Address) -> Any:
    """A function that gives this connection once, and then none: a second one would write without the lock."""
    left = [connection]

    def create() -> psycopg.Connection[Any]:
        if not left:
            raise CatalogLockedError(
                f"the connection to {address} was lost, and the right to write with it; run the same command again"
            )
        return left.pop()

    return create


def _changes(connection: Connection) -> int:
    count: int = connection.info.get("changes", 0)
    return count


def _said(reader: Reader) -> tuple[Said, ...]:
    document = reader.value("SELECT document FROM said")
    return () if document is None else msgspec.json.decode(document, type=tuple[Said, ...])


def _revision(connection: psycopg.Connection[Any]) -> str | None:
    if _one(connection, "SELECT to_regclass('alembic_version')") is None:
        return None
    revision: str | None = _one(connection, "SELECT version_num FROM alembic_version")
    return revision


def _one(connection: psycopg.Connection[Any], query: str, *values: Any) -> Any:
    row = connection.execute(query, values or None).fetchone()
    return None if row is None else row[0]
