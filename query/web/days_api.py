"""The archive by time over HTTP: a calendar, and the lanes of a day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath

from framescout.errors import UsageError
from query.clips.names import readable
from query.days import STEP, Archive, Lane, bounds
from query.web.archive import paths_of
from query.web.documents import (
    CalendarDocument,
    DayAlert,
    DayCountDocument,
    DayDocument,
    LaneDocument,
    SpanDocument,
)
from query.web.site import Question, Shared, Site, file_key

days_api = APIRouter(prefix="/days")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@days_api.get("")
def calendar(site: Shared, asked: Question) -> CalendarDocument:
    """How much there is of every day, by all filters of a question but those of time."""
    query, zone = asked.filters(), site.engine.zone
    if site.is_empty:
        return CalendarDocument(zone=str(zone), days=[], untimed=0)
    with site.engine.space() as space:
        archive = Archive(space, query, zone)
        days = archive.days()
    counts = [
        DayCountDocument(day=each.day.isoformat(), videos=each.videos, moving=each.moving, alerts=each.alerts)
        for each in days
    ]
    return CalendarDocument(zone=str(zone), days=counts, untimed=archive.untimed)


@days_api.get("/{day}")
def lanes(site: Shared, day: Annotated[str, InPath(pattern=r"^\d{4}-\d{2}-\d{2}$")], asked: Question) -> DayDocument:
    """What each camera recorded on a day, by all filters of a question but those of time, and the alerts on it."""
    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise UsageError(f"{day} is no day; write it like 2026-02-14") from None
    query, zone = asked.filters(), site.engine.zone
    begins, ends = bounds(wanted, zone)
    with site.engine.space() as space:
        found = Archive(space, query, zone).on(wanted)
        numbers = [span.number for lane in found for span in lane.spans]
        path_of = paths_of(space.snapshot, numbers)
    return DayDocument(
        day=day,
        zone=str(zone),
        begins=datetime.combine(wanted, time(), zone).isoformat(),
        length=(ends - begins) / 1e6,
        step=STEP,
        lanes=[_lane(lane, path_of) for lane in found],
        alerts=[*_alerts(site, begins / 1e6, ends / 1e6, {span.video_id for lane in found for span in lane.spans})],
    )


def _lane(lane: Lane, path_of: dict[int, str]) -> LaneDocument:
    spans = [
        SpanDocument(
            video_id=span.video_id,
            file=file_key(path_of[span.number]),
            name=readable(Path(path_of[span.number]).name),
            keyframe_id=span.keyframe_id,
            start=span.start,
            end=span.end,
            offset=span.offset,
        )
        for span in lane.spans
    ]
    return LaneDocument(camera=lane.camera, spans=spans, motion=[*lane.motion])


def _alerts(site: Site, begins: float, ends: float, videos: set[int]) -> Iterable[DayAlert]:
    from query.events.moments import stored_moments

    for event, pairs in stored_moments(site.engine, videos).items():
        for moment, _ in pairs:
            if moment.recorded_at is None:
                continue
            at = (moment.recorded_at + timedelta(seconds=moment.start) - _EPOCH).total_seconds()
            if begins <= at < ends:
                yield DayAlert(
                    event=event,
                    camera=moment.camera,
                    at=at - begins,
                    video_id=moment.video_id,
                    file=file_key(moment.video),
                    name=readable(Path(moment.video).name),
                    keyframe_id=moment.keyframe_id,
                    start=moment.start,
                    end=moment.end,
                    peak=moment.peak,
                )
