"""Connects SQLAlchemy to the catalog, for what writes. What reads asks SQLite itself: see reader.py."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, ExceptionContext, NullPool, create_engine, event

from framescout.catalog.reader import PATIENCE, configure


def writable(path: Path, **how: Any) -> Engine:
    """An engine whose transactions take SQLite's write lock when they begin; its errors are those of sqlite3.

    `how`: as of `create_engine`. Without a pool of its own, each connection is closed when it has been used.
    """
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, **{"poolclass": NullPool, **how})

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


def plain(connection: Connection) -> sqlite3.Connection:
    """The connection to SQLite that a SQLAlchemy connection stands for, in the same transaction."""
    database = connection.connection.driver_connection
    assert isinstance(database, sqlite3.Connection)
    return database
