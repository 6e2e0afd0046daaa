"""Alerts of the catalog in, moments out: to be shown, and to be cut as clips."""

from __future__ import annotations

import math

from framescout.catalog.records import Alert, Video
from framescout.errors import UsageError
from query.answer import Moment
from query.engine import Engine, find_model


def stored_moments(engine: Engine) -> dict[str, list[tuple[Moment, str | None]]]:
    """By event: what its last run found, the surest first, each with its context."""
    with engine.catalog.snapshot() as snapshot:
        found = snapshot.alerts(find_model(snapshot, engine.model_name).id)
        ids = {alert.video_id for alerts in found.values() for alert in alerts}
        videos = {video.id: video for video in snapshot.videos(ids)}
    return {
        name: [(_moment(videos[alert.video_id], alert), alert.context) for alert in alerts]
        for name, alerts in found.items()
    }


def moments_of(engine: Engine, event: str) -> list[Moment]:
    """The alerts of one event, the surest first.

    Raises:
        UsageError: no event of this name was looked for.
    """
    found = stored_moments(engine)
    if event not in found:
        known = ", ".join(sorted(found)) or "none"
        raise UsageError(f"there is no event {event!r} in the catalog; it has: {known}; see: framescout events --help")
    return [moment for moment, _ in found[event]]


def _moment(video: Video, alert: Alert) -> Moment:
    return Moment(
        video=video.path,
        video_id=video.id,
        camera=video.camera,
        recorded_at=video.recorded_at,
        start=alert.start,
        end=alert.end,
        peak=alert.peak,
        score=alert.score,
        confidence=1 / (1 + math.exp(-max(-700.0, alert.score))),
        keyframe_id=alert.keyframe_id,
    )
