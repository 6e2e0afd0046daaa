"""Turns the catalog's alerts into moments, to be shown and to be cut as clips."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from framescout.catalog.records import Alert, AlertMark, Video
from framescout.errors import UsageError
from query.answer import Moment
from query.confidence import probability
from query.engine import Engine
from query.events.marks import mark_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an alert besides its moment."""

    context: str | None
    why: dict[str, Any] | None
    content_hash: str
    """Of its video."""
    is_unread: bool
    was_right: bool | None
    """What a person said of it."""

    @property
    def reasons(self) -> list[str]:
        """What each context that holds makes of the event and why, as sentences."""
        contexts = (self.why or {}).get("contexts", [])
        return [f"{each['makes']}, {each['context']}: {'; '.join(each['because'])}" for each in contexts]


AlertMoments = dict[str, list[tuple[Moment, Facts]]]
"""By event: moments, the surest first."""


def to_json(moments: AlertMoments) -> dict[str, list[dict[str, Any]]]:
    """The document of `events --json`."""
    return {name: [_to_json(moment, facts) for moment, facts in moments[name]] for name in moments}


def _to_json(moment: Moment, facts: Facts) -> dict[str, Any]:
    fields = {"context": facts.context, "why": facts.why, "unread": facts.is_unread, "was_right": facts.was_right}
    return moment.to_json() | fields


def document(event: str, video: Video, alert: Alert) -> dict[str, Any]:
    """What is told of a new alert; its `id` is the same whenever the same stretch is told again."""
    moment = _moment(video, alert)
    stretch = f"{event}\n{video.content_hash}\n{alert.start:.3f}"
    identity = hashlib.blake2b(stretch.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()
    return {"id": identity, "event": event, **moment.to_json(), "context": alert.context, "why": alert.why}


def stored_moments(engine: Engine) -> AlertMoments:
    """What the last run of each event found."""
    with engine.space() as space:
        alerts_of_events = space.alerts()
        ids = {alert.video_id for alerts in alerts_of_events.values() for alert in alerts}
        videos = {video.id: video for video in space.snapshot.videos(ids)}
    marks: dict[tuple[str, str], list[AlertMark]] = {}
    for mark in engine.catalog.alert_marks.all():
        marks.setdefault((mark.event, mark.content_hash), []).append(mark)
    return {
        name: [
            (_moment(videos[alert.video_id], alert), _facts(name, videos[alert.video_id], alert, marks))
            for alert in alerts
        ]
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


def _facts(name: str, video: Video, alert: Alert, marks: Mapping[tuple[str, str], Sequence[AlertMark]]) -> Facts:
    own = marks.get((name, video.content_hash), ())
    mark = mark_of(own, name, video.content_hash, alert.start, alert.end)
    return Facts(alert.context, alert.why, video.content_hash, mark is None, mark.was_right if mark else None)
