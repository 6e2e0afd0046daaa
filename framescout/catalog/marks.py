"""What people said of alerts: seen, right, wrong. It is their work, and outlives the alerts themselves.

It doesn't touch footage. So it needs no writer's lock, as saved searches don't.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from sqlalchemy import ColumnElement, Connection, Engine, delete, insert, select

from framescout.catalog.reader import Readers
from framescout.catalog.records import AlertMark
from framescout.catalog.sealing import seal_mark
from framescout.catalog.stored import time_of
from framescout.catalog.tables import AlertMarkRow


class AlertMarks:
    """The marks of one catalog; made by `Catalog.alert_marks`."""

    def __init__(self, readers: Readers, engine: Engine) -> None:
        self._readers, self._engine = readers, engine

    def all(self) -> list[AlertMark]:
        """By event, footage and time."""
        with self._readers.reader() as reader:
            rows = reader.rows(
                'SELECT event, content_hash, start, "end", was_right, marked_at FROM alert_mark '
                "ORDER BY event, content_hash, start"
            )
            return [
                AlertMark(event, footage, start, end, None if was_right is None else bool(was_right), time_of(at))
                for event, footage, start, end, was_right, at in rows
            ]

    def put(self, event: str, content_hash: str, start: float, end: float, was_right: bool | None) -> None:
        """Keep what is said of a stretch; what was said before of a stretch that overlaps it is replaced."""
        with self._engine.begin() as connection:
            _forget(connection, event, content_hash, start, end)
            _put(connection, event, content_hash, start, end, was_right)

    def see(self, stretches: Iterable[tuple[str, str, float, float]]) -> None:
        """Keep that these were seen, (event, content hash, start, end) each; what is known of one stays."""
        with self._engine.begin() as connection:
            for event, content_hash, start, end in stretches:
                overlapping = select(AlertMarkRow.start).where(_overlaps(event, content_hash, start, end)).limit(1)
                if connection.execute(overlapping).first() is None:
                    _put(connection, event, content_hash, start, end, None)

    def forget(self, event: str, content_hash: str, start: float, end: float) -> None:
        """Drop all that was said of stretches that overlap this one."""
        with self._engine.begin() as connection:
            _forget(connection, event, content_hash, start, end)


def _put(
    connection: Connection, event: str, content_hash: str, start: float, end: float, was_right: bool | None
) -> None:
    values = {"event": event, "content_hash": content_hash, "start": start, "end": end, "was_right": was_right}
    connection.execute(insert(AlertMarkRow).values(**values, marked_at=datetime.now(UTC)))
    seal_mark(connection, event, content_hash, start)


def _forget(connection: Connection, event: str, content_hash: str, start: float, end: float) -> None:
    connection.execute(delete(AlertMarkRow).where(_overlaps(event, content_hash, start, end)))


def _overlaps(event: str, content_hash: str, start: float, end: float) -> ColumnElement[bool]:
    same = (AlertMarkRow.event == event) & (AlertMarkRow.content_hash == content_hash)
    return same & (((AlertMarkRow.start < end) & (AlertMarkRow.end > start)) | (AlertMarkRow.start == start))
