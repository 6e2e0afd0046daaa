"""Alerts that still have to be told to somebody: read, and forgotten when that was done.

They are written with the alerts, in one transaction (`Writer.put_alerts`). Telling them takes no writer's lock, so that
a slow receiver keeps nobody from writing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from sqlalchemy import Engine, delete, select

from framescout.catalog.records import PendingAlert
from framescout.catalog.tables import PendingAlertRow


class PendingAlerts:
    """The alerts of one catalog that still have to be told; made by `Catalog.pending_alerts`."""

    def __init__(self, engine: Engine) -> None:
        self._reading = engine
        self._writing = engine.execution_options(begin="IMMEDIATE")

    def all(self) -> list[PendingAlert]:
        """In the order in which they were found."""
        columns = [PendingAlertRow.__table__.c[each.name] for each in fields(PendingAlert)]
        with self._reading.begin() as connection:
            rows = connection.execute(select(*columns).order_by(PendingAlertRow.id))
            return [PendingAlert(**row) for row in rows.mappings()]

    def told(self, ids: Sequence[int]) -> None:
        """Forget these: they were told."""
        with self._writing.begin() as connection:
            connection.execute(delete(PendingAlertRow).where(PendingAlertRow.id.in_(ids)))
