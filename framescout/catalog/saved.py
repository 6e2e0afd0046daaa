"""Saved searches in the catalog: writes, lists and marks them as reported.

They don't touch footage. So they don't need the writer's lock, which an index run holds for hours: SQLite's own lock
suffices for writes this small.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Engine, delete, select, update
from sqlalchemy.dialects.sqlite import insert

from framescout.catalog.records import SavedSearch
from framescout.catalog.sealing import seal_search
from framescout.catalog.tables import SavedSearchRow


class SavedSearches:
    """The saved searches of one catalog; made by `Catalog.saved_searches`."""

    def __init__(self, engine: Engine) -> None:
        self._reading = engine
        self._writing = engine.execution_options(begin="IMMEDIATE")

    def all(self) -> list[SavedSearch]:
        """By name."""
        columns = [SavedSearchRow.__table__.c[each.name] for each in fields(SavedSearch)]
        with self._reading.begin() as connection:
            rows = connection.execute(select(*columns).order_by(SavedSearchRow.name))
            return [SavedSearch(**row) for row in rows.mappings()]

    def save(self, name: str, query: dict[str, Any], command: list[str] | None, seen_below: int) -> None:
        """Keep a search; one of the same name is replaced."""
        values = {"query": query, "command": command, "seen_below": seen_below, "saved_at": datetime.now(UTC)}
        statement = insert(SavedSearchRow).values(name=name, **values)
        with self._writing.begin() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))
            seal_search(connection, name)

    def remove(self, name: str) -> bool:
        """Whether there was one."""
        with self._writing.begin() as connection:
            return bool(connection.execute(delete(SavedSearchRow).where(SavedSearchRow.name == name)).rowcount)

    def mark_seen(self, name: str, below: int) -> None:
        """Say that everything with keyframe ids below this was reported; it never goes back."""
        row = (SavedSearchRow.name == name) & (SavedSearchRow.seen_below < below)
        with self._writing.begin() as connection:
            connection.execute(update(SavedSearchRow).where(row).values(seen_below=below))
            seal_search(connection, name)
