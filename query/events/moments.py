"""Turns the catalog's alerts into moments, to be shown and to be cut as clips."""

from __future__ import annotations

from typing import Any

from framescout.catalog.records import Alert, Video
from framescout.errors import UsageError
from query.answer import Moment
from query.confidence import probability
from query.engine import Engine

AlertMoments = dict[str, list[tuple[Moment, str | None]]]
"""By event: moments, the surest first, each with its context."""


def to_json(moments: AlertMoments) -> dict[str, list[dict[str, Any]]]:
    """The document of `events --json`."""
    return {name: [moment.to_json() | {"context": context} for moment, context in moments[name]] for name in moments}


def stored_moments(engine: Engine) -> AlertMoments:
    """What the last run of each event found."""
    with engine.space() as space:
        alerts_of_events = space.alerts()
        ids = {alert.video_id for alerts in alerts_of_events.values() for alert in alerts}
        videos = {video.id: video for video in space.snapshot.videos(ids)}
    return {
        name: [(_moment(videos[alert.video_id], alert), alert.context) for alert in alerts]
        for name, alerts in alerts_of_events.items()
    }


def moments_of(engine: Engine, event: str) -> list[Moment]:
    """The alerts of one event, the surest first.

    Raises:
        UsageError: no event of this name was looked for.
    """
    stored = stored_moments(engine)
    if event not in stored:
        known = ", ".join(sorted(stored)) or "none"
        raise UsageError(f"there is no event {event!r} in the catalog; it has: {known}; see: framescout events --help")
    return [moment for moment, _ in stored[event]]


def _moment(video: Video, alert: Alert) -> Moment:
    return Moment.of(
        video,
        start=alert.start,
        end=alert.end,
        peak=alert.peak,
        score=alert.score,
        confidence=probability(alert.score),
        keyframe_id=alert.keyframe_id,
    )
