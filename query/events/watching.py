"""Looks for the events of a file in a catalog, and keeps what it finds there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from framescout.catalog import Snapshot, Space
from framescout.catalog.records import Alert
from query.engine import Engine
from query.events.closer import Closer
from query.events.definition import Event, mistake
from query.events.detection import Detected, camera_of, detect
from query.events.moments import document
from query.filters import matches_camera

Target = dict[str, Any]
"""Whom alerts are told: {"post": address} or {"exec": a program and its arguments}."""

_MOST_NAMED = 12


def watch(
    engine: Engine,
    events: dict[str, Event],
    *,
    source: Path | None = None,
    targets: Sequence[Target] = (),
    closer: Closer | None = None,
) -> list[Detected]:
    """Detect events and keep the alerts in the catalog: run twice, the same rows; of other definitions, the new ones.

    `source`: the file that defines them; events that it defined before and doesn't now go, with their alerts. What the
    last run did not find is to be told to the `targets`; it stays noted until `telling.tell` has done so. `closer`: to
    look a second time at what might be an event.

    Raises:
        NotAvailableError: nothing is indexed yet, or the model can't be had.
        CatalogLockedError: another process writes to the catalog.
    """
    detections = []
    file = str(source.absolute()) if source else None
    marks = engine.catalog.alert_marks.all()
    with engine.catalog.writer() as writer:
        for name, event in events.items():
            with engine.space() as space:
                found = detect(engine, space, name, event, marks, closer)
                new = _new(space, name, found.alerts) if targets else []
            pending = [(target, alert) for target in targets for alert in new]
            writer.put_alerts(space.model, name, event.fingerprint, found.alerts, source=file, pending=pending)
            detections.append(found)
        if file is not None:
            writer.drop_events_of(file, but=events)
    return detections


def _new(space: Space, name: str, alerts: Sequence[Alert]) -> list[dict[str, Any]]:
    """The documents of alerts that overlap none of those that the last run of the event found."""
    before: dict[int, list[Alert]] = {}
    for alert in space.alerts().get(name, []):
        before.setdefault(alert.video_id, []).append(alert)
    new = [
        alert
        for alert in alerts
        if not any(old.start < alert.end and alert.start < old.end for old in before.get(alert.video_id, ()))
    ]
    videos = {video.id: video for video in space.snapshot.videos({alert.video_id for alert in new})}
    return [document(name, videos[alert.video_id], alert) for alert in new]


def refuse_unknown_cameras(snapshot: Snapshot, events: dict[str, Event], path: Path) -> None:
    """Raise a UsageError where a context names a camera that the catalog doesn't have."""
    known = sorted({camera_of(video) for video in snapshot.video_facts()})
    for name, event in events.items():
        tables = {context: ("normal" if sign < 0 else "suspicious") for context, (_, sign) in event.contexts.items()}
        for own, context in event.all_contexts.items():
            for glob in context.cameras:
                if not any(matches_camera(camera, glob) for camera in known):
                    table = (name, tables[own], own) if own else (name, "only")
                    raise mistake(path, table, f"no camera is called {glob!r}; {there_are(known)}", "cameras")


def there_are(names: Sequence[str]) -> str:
    """'there are: one, other'; of many the first ones and a number."""
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return f"there are: {', '.join(names[:_MOST_NAMED]) or 'none'}{more}"
