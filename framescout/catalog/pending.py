"""Alerts that still have to be told to somebody: read, and forgotten when that was done.

They are written with the alerts, in one transaction (`Writer.put_alerts`). Telling them takes no writer's lock, so that
a slow receiver keeps nobody from writing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Engine, delete

from framescout.catalog.reader import Readers
from framescout.catalog.records import PendingAlert
from framescout.catalog.stored import time_of
from framescout.catalog.tables import PendingAlertRow


class PendingAlerts:
    """The alerts of one catalog that still have to be told; made by `Catalog.pending_alerts`."""

    def __init__(self, readers: Readers, engine: Engine) -> None:
        self._readers, self._engine = readers, engine

    def all(self) -> list[PendingAlert]:
        """In the order in which they were found."""
        with self._readers.reader() as reader:
            rows = reader.rows("SELECT id, target, alert, found_at FROM pending_alert ORDER BY id")
            return [
                PendingAlert(number, json.loads(target), json.loads(alert), time_of(found_at))
                for number, target, alert, found_at in rows
            ]

    def told(self, ids: Sequence[int]) -> None:
        """Forget these: they were told."""
        with self._engine.begin() as connection:
            connection.execute(delete(PendingAlertRow).where(PendingAlertRow.id.in_(ids)))
