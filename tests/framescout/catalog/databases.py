"""Changes a catalog's database by hand, as damage or another program does."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import Any

from tests.conftest import Place


def execute(place: Place, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    """What a statement answers, in a transaction of its own; question marks stand for the values."""
    if isinstance(place, str):
        import psycopg

        with psycopg.connect(place, connect_timeout=10) as connection:
            cursor = connection.execute(statement.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []
    with contextlib.closing(sqlite3.connect(place / "catalog.sqlite")) as database, database:
        return database.execute(statement, values).fetchall()
