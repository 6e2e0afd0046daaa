"""Alerts of events in the catalog: for each event and model, what the last run found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime

from sqlalchemy import Connection, delete, exists, insert, select

from framescout.catalog.records import Alert
from framescout.catalog.tables import AlertRow, EventRow, FileRow


def read_alerts(connection: Connection, model_id: int) -> dict[str, list[Alert]]:
    """By name of the event, the surest first; an event without any alert is there with none.

    Videos that no file holds can't be shown: see reading.py.
    """
    has_file = exists().where(FileRow.video_id == AlertRow.video_id)
    columns = (AlertRow.video_id, AlertRow.start, AlertRow.end, AlertRow.peak, AlertRow.keyframe_id, AlertRow.score)
    rows = connection.execute(
        select(EventRow.name, *columns, AlertRow.context)
        .outerjoin_from(EventRow, AlertRow, (AlertRow.event_id == EventRow.id) & has_file)
        .where(EventRow.model_id == model_id)
        .order_by(EventRow.name, AlertRow.score.desc(), AlertRow.keyframe_id)
    )
    found: dict[str, list[Alert]] = {}
    for row in rows:
        found.setdefault(row[0], [])
        if row.video_id is not None:
            found[row[0]].append(Alert(*row[1:]))
    return found


def put_alerts(connection: Connection, model_id: int, name: str, fingerprint: str, alerts: Iterable[Alert]) -> None:
    """Replace what the event of this name had."""
    connection.execute(delete(EventRow).where(EventRow.model_id == model_id, EventRow.name == name))
    values = {"model_id": model_id, "name": name, "fingerprint": fingerprint, "found_at": datetime.now(UTC)}
    event_id = connection.execute(insert(EventRow).values(**values).returning(EventRow.id)).scalar_one()
    rows = [{"event_id": event_id, **asdict(alert)} for alert in alerts]
    if rows:
        connection.execute(insert(AlertRow), rows)
