"""Alerts over HTTP: what events found, and what people say of it."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body

from framescout.errors import NotAvailableError, UsageError
from query.answer import Moment
from query.events.moments import Facts, stored_moments, to_json
from query.web.documents import AlertsSeen, AlertState, AlertVerdict, SeenAlerts
from query.web.site import Shared, Site

alerts_api = APIRouter(prefix="/events")


@alerts_api.get("")
def events(site: Shared) -> dict[str, Any]:
    """The document of `framescout events --json`."""
    return to_json(stored_moments(site.engine))


@alerts_api.post("/marks")
def mark(site: Shared, said: Annotated[AlertVerdict, Body()]) -> AlertState:
    """Say whether an alert was right; the event's next run sets its threshold at this camera by that."""
    moment, facts = _find(site, said.event, said.keyframe_id)
    marks = site.engine.catalog.alert_marks
    marks.put(said.event, facts.content_hash, moment.start, moment.end, said.was_right)
    return AlertState(event=said.event, keyframe_id=said.keyframe_id, unread=False, was_right=said.was_right)


@alerts_api.post("/seen")
def see(site: Shared, wanted: Annotated[SeenAlerts, Body()]) -> AlertsSeen:
    """Say that alerts were seen: one, those of an event, or all. What was said of them stays."""
    if wanted.keyframe_id and not wanted.event:
        raise UsageError("a keyframe's alert is one of an event; name it")
    if wanted.keyframe_id:
        found = [(wanted.event, *_find(site, wanted.event, wanted.keyframe_id))]
    else:
        moments = stored_moments(site.engine)
        if wanted.event and wanted.event not in moments:
            raise NotAvailableError(f"there is no event {wanted.event!r}")
        names = [wanted.event] if wanted.event else moments
        found = [(name, *pair) for name in names for pair in moments[name]]
    unread = [(name, facts.content_hash, moment.start, moment.end) for name, moment, facts in found if facts.is_unread]
    site.engine.catalog.alert_marks.see(unread)
    return AlertsSeen(seen=len(unread))


def _find(site: Site, event: str, keyframe_id: int) -> tuple[Moment, Facts]:
    for moment, facts in stored_moments(site.engine).get(event, []):
        if moment.keyframe_id == keyframe_id:
            return moment, facts
    raise NotAvailableError(f"the event {event!r} has no such alert (any more)")
