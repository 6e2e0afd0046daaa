"""Connects SQLAlchemy to the catalog, for what writes. What reads asks the database itself: see reader.py."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, NullPool, create_engine, event
from sqlalchemy.dialects import sqlite

from framescout.catalog.session import Session
from framescout.catalog.sqlite import PATIENCE, SqliteSession, configure
from framescout.catalog.tables import Row


def writable(path: Path, **how: Any) -> Engine:
    """An engine whose transactions take SQLite's write lock when they begin; its errors are those of sqlite3.

    `how`: as of `create_engine`. Without a pool of its own, each connection is closed when it has been used.
    """
    url = URL.create("sqlite", database=str(path))
    options = {"session": _session, "insert": sqlite.insert, "changes": _changes}
    connecting = {"connect_args": {"timeout": PATIENCE}, "execution_options": options}
    engine = create_engine(url, **connecting, **{"poolclass": NullPool, **how})

    @event.listens_for(engine, "connect")
    def _configure(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # sqlite3 must not begin transactions of its own: see _begin
        configure(connection)

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "handle_error", retval=True)
    def _as_sqlite_said(context: ExceptionContext) -> BaseException | None:
        return context.original_exception

    return engine


def plain(connection: Connection) -> Session:
    """The session that a SQLAlchemy connection stands for, in the same transaction."""
    session: Session = connection.get_execution_options()["session"](connection)
    return session


def insert_into(connection: Connection, row: Row) -> Any:
    """An INSERT of the database's own kind, which knows `ON CONFLICT`."""
    return connection.get_execution_options()["insert"](row)


def changes(connection: Connection) -> int:
    """A number that grows with each row that is written through this connection."""
    count: int = connection.get_execution_options()["changes"](connection)
    return count


def _session(connection: Connection) -> SqliteSession:
    return SqliteSession(_driver(connection))


def _changes(connection: Connection) -> int:
    return _driver(connection).total_changes


def _driver(connection: Connection) -> sqlite3.Connection:
    database = connection.connection.driver_connection
    assert isinstance(database, sqlite3.Connection)
    return database
