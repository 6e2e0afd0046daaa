"""Saved searches in the catalog: writes, lists and marks them as reported.

They don't touch footage. So they don't need the writer's lock, which an index run holds for hours: SQLite's own lock
suffices for writes this small.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, delete, update

from framescout.catalog.reader import Readers
from framescout.catalog.records import SavedSearch
from framescout.catalog.sealing import seal_search
from framescout.catalog.stored import time_of
from framescout.catalog.tables import SavedSearchRow
from framescout.catalog.writable import insert_into


class SavedSearches:
    """The saved searches of one catalog; made by `Catalog.saved_searches`."""

    def __init__(self, readers: Readers, engine: Engine) -> None:
        self._readers, self._engine = readers, engine

    def all(self) -> list[SavedSearch]:
        """By name."""
        with self._readers.reader() as reader:
            rows = reader.rows("SELECT name, query, command, seen_below, saved_at FROM saved_search ORDER BY name")
            return [
                SavedSearch(
                    name, json.loads(query), None if command is None else json.loads(command), seen, time_of(at)
                )
                for name, query, command, seen, at in rows
            ]

    def save(self, name: str, query: dict[str, Any], command: list[str] | None, seen_below: int) -> None:
        """Keep a search; one of the same name is replaced."""
        values = {"query": query, "command": command, "seen_below": seen_below, "saved_at": datetime.now(UTC)}
        with self._engine.begin() as connection:
            statement = insert_into(connection, SavedSearchRow).values(name=name, **values)
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
            seal_search(connection, name)

    def remove(self, name: str) -> bool:
        """Whether there was one."""
        with self._engine.begin() as connection:
            return bool(connection.execute(delete(SavedSearchRow).where(SavedSearchRow.name == name)).rowcount)

    def mark_seen(self, name: str, below: int) -> None:
        """Say that everything with keyframe ids below this was reported; it never goes back."""
        row = (SavedSearchRow.name == name) & (SavedSearchRow.seen_below < below)
        with self._engine.begin() as connection:
            connection.execute(update(SavedSearchRow).where(row).values(seen_below=below))
            seal_search(connection, name)
