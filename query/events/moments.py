"""Turns the catalog's alerts into moments, to be shown and to be cut as clips."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from framescout.catalog import Space
from framescout.catalog.records import Alert, AlertMark, Video
from framescout.errors import UsageError
from query.answer import Moment
from query.confidence import probability
from query.engine import Engine
from query.events.definition import Event
from query.events.detection import detect
from query.events.marks import mark_of


class Facts(msgspec.Struct, frozen=True):
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


def stored_moments(engine: Engine, video_ids: Iterable[int] | None = None) -> AlertMoments:
    """What the last run of each event found, in these videos or in all."""
    marks = engine.catalog.alert_marks.all()
    with engine.space() as space:
        return _moments(space, space.alerts(video_ids), marks, are_told=True)


def nearest_moments(engine: Engine, events: Mapping[str, Event], limit: int) -> AlertMoments:
    """The stretches that come nearest to each event, whether they are an alarm or not; `limit` of each at most.

    They are judged without any history: in a short one, or where an event fills half of it, the event counts as usual.
    """
    marks = engine.catalog.alert_marks.all()
    with engine.space() as space:
        found = {
            name: detect(engine, space, name, _by_evidence(event), marks, nearest=limit).alerts[:limit]
            for name, event in events.items()
        }
        return _moments(space, found, marks, are_told=False)


def _by_evidence(event: Event) -> Event:
    return replace(event, threshold=0.5, false_alarms_per_hour=None)


def _moments(
    space: Space, alerts_of_events: Mapping[str, Sequence[Alert]], every_mark: Iterable[AlertMark], *, are_told: bool
) -> AlertMoments:
    """`are_told`: people are told of them, so that those of which nobody said anything are unread."""
    ids = {alert.video_id for alerts in alerts_of_events.values() for alert in alerts}
    videos = {video.id: video for video in space.snapshot.videos(ids)}
    marks: dict[tuple[str, str], list[AlertMark]] = {}
    for mark in every_mark:
        marks.setdefault((mark.event, mark.content_hash), []).append(mark)
    return {
        name: [
            (
                _moment(videos[alert.video_id], alert),
                _facts(name, videos[alert.video_id], alert, marks, are_told=are_told),
            )
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


def _facts(
    name: str, video: Video, alert: Alert, marks: Mapping[tuple[str, str], Sequence[AlertMark]], *, are_told: bool
) -> Facts:
    own = marks.get((name, video.content_hash), ())
    mark = mark_of(own, name, video.content_hash, alert.start, alert.end)
    is_unread = are_told and mark is None
    return Facts(alert.context, alert.why, video.content_hash, is_unread, mark.was_right if mark else None)
