"""Saved searches in the catalog: writes, lists, changes and marks them as reported or opened.

They don't touch footage. So they don't need the writer's lock, which an index run holds for hours: SQLite's own lock
suffices for writes this small.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update

from framescout.catalog.reader import Readers
from framescout.catalog.records import SavedSearch
from framescout.catalog.sealing import seal_search
from framescout.catalog.stored import time_of
from framescout.catalog.tables import SavedSearchRow
from framescout.catalog.writable import insert_into
from framescout.errors import NotAvailableError, UsageError


class SavedSearches:
    """The saved searches of one catalog; made by `Catalog.saved_searches`."""

    def __init__(self, readers: Readers, engine: Engine) -> None:
        self._readers, self._engine = readers, engine

    def all(self) -> list[SavedSearch]:
        """By name."""
        with self._readers.reader() as reader:
            rows = reader.rows(
                "SELECT name, query, command, seen_below, opened_below, saved_at FROM saved_search ORDER BY name"
            )
            return [
                SavedSearch(
                    name, json.loads(query), None if command is None else json.loads(command), seen, opened, time_of(at)
                )
                for name, query, command, seen, opened, at in rows
            ]

    def save(self, name: str, query: dict[str, Any], command: list[str] | None, seen_below: int) -> None:
        """Keep a search; one of the same name is replaced."""
        values = {"query": query, "command": command} | _from(seen_below)
        with self._engine.begin() as connection:
            statement = insert_into(connection, SavedSearchRow).values(name=name, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
            seal_search(connection, name)

    def add(self, name: str, query: dict[str, Any], seen_below: int) -> None:
        """Keep a search under a name that is free.

        Raises:
            UsageError: it is taken.
        """
        with self._engine.begin() as connection:
            _insert(connection, name, {"query": query, "command": None} | _from(seen_below))

    def change(self, name: str, new_name: str, query: dict[str, Any]) -> None:
        """Give a search another name and question; its program stays, and so does what was reported and opened.

        Raises:
            NotAvailableError: there is none of this name.
            UsageError: the new name is taken.
        """
        own, changed = SavedSearchRow.name == name, {"query": query, "saved_at": datetime.now(UTC)}
        with self._engine.begin() as connection:
            row = connection.execute(select(SavedSearchRow).where(own)).mappings().first()
            if row is None:
                raise NotAvailableError(f"there is no saved search {name!r} (any more)")
            if new_name != name:
                connection.execute(delete(SavedSearchRow).where(own))
                _insert(connection, new_name, {**row, **changed})
                return
            connection.execute(update(SavedSearchRow).where(own).values(changed))
            seal_search(connection, name)

    def remove(self, name: str) -> bool:
        """Whether there was one."""
        with self._engine.begin() as connection:
            return bool(connection.execute(delete(SavedSearchRow).where(SavedSearchRow.name == name)).rowcount)

    def mark_seen(self, name: str, below: int) -> None:
        """Say that everything with keyframe ids below this was reported; it never goes back."""
        self._move(name, "seen_below", below)

    def mark_opened(self, name: str, below: int) -> None:
        """Say that somebody opened the search when there was everything with keyframe ids below this."""
        self._move(name, "opened_below", below)

    def _move(self, name: str, column: str, below: int) -> None:
        row = (SavedSearchRow.name == name) & (getattr(SavedSearchRow, column) < below)
        with self._engine.begin() as connection:
            connection.execute(update(SavedSearchRow).where(row).values({column: below}))
            seal_search(connection, name)


def _from(below: int) -> dict[str, Any]:
    """A search that is saved now and told of nothing with keyframe ids below this."""
    return {"seen_below": below, "opened_below": below, "saved_at": datetime.now(UTC)}


def _insert(connection: Connection, name: str, values: dict[str, Any]) -> None:
    statement = insert_into(connection, SavedSearchRow).values({**values, "name": name})
    if not connection.execute(statement.on_conflict_do_nothing(index_elements=["name"])).rowcount:
        raise UsageError(f"there is a saved search {name!r} already; choose another name, or change that one")
    seal_search(connection, name)
