"""Shows events and their alerts: as tables on a terminal, elsewhere as lines."""

from __future__ import annotations

import sys
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framescout.console import printable
from framescout.errors import FramescoutError
from framescout.timeline import format_clock
from query.confidence import MATCH
from query.engine import Engine
from query.events.definition import read_events
from query.events.moments import AlertMoments, Facts, stored_moments
from query.present import show_lines

if TYPE_CHECKING:
    from rich.console import RenderableType

    from framescout.catalog.records import EventFacts
    from query.answer import Moment


_COLUMNS = ("event", "recorded", "from", "to", "sure", "camera", "video and why")
_WIDE, _WIDE_COLUMNS = 100, ("to", "camera")
"""Columns of a terminal from which on these are shown too."""


def show(moments: AlertMoments, zone: tzinfo) -> None:
    """A table on a terminal; elsewhere a line an alert: event, context, start, end, confidence, path, with tabs."""
    if not any(moments.values()):
        told = "no alerts" if moments else "no event was looked for yet; see: framescout events --help"
        click.echo(told, err=True)
    elif sys.stdout.isatty():
        _show_table(moments, zone)
    else:
        for name, pairs in moments.items():
            show_lines([(moment, (name, facts.context or "")) for moment, facts in pairs])


def summaries(engine: Engine) -> list[dict[str, Any]]:
    """The document of `events list --json`: each event, its alerts, and what was said of them."""
    with engine.space() as space:
        known = space.events()
    moments, waiting = stored_moments(engine), engine.catalog.pending_alerts.all()
    return [
        {
            "event": event.name,
            "alerts": len(moments[event.name]),
            "unread": sum(facts.is_unread for _, facts in moments[event.name]),
            "right": sum(facts.was_right is True for _, facts in moments[event.name]),
            "wrong": sum(facts.was_right is False for _, facts in moments[event.name]),
            "to_be_told": sum(each.alert["event"] == event.name for each in waiting),
            "looked_for_at": event.found_at.isoformat(),
            "file": event.source,
            "only": _only(event),
        }
        for event in known
        if event.name in moments
    ]


def show_events(found: list[dict[str, Any]]) -> None:
    """A table on a terminal; elsewhere a line an event, with tabs."""
    if not found:
        click.echo("no event was looked for yet; see: framescout events --help", err=True)
    elif sys.stdout.isatty():
        _show_events_table(found)
    else:
        for each in found:
            told = {**each, "only": _in_words(each["only"])}
            click.echo("\t".join(str(value if value is not None else "") for value in told.values()))


def _show_events_table(found: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.text import Text

    from framescout.fitting import FittedPath, table_of

    counted = {"alerts": "alerts", "unread": "unread", "right": "right", "wrong": "wrong", "untold": "to_be_told"}
    table = table_of("event", *counted, "only", "file", numbers=tuple(counted), fitted=("event", "only", "file"))
    for each in found:
        counts = [str(each[key]) for key in counted.values()]
        event, only = (Text(printable(words)) for words in (each["event"], _in_words(each["only"])))
        table.add_row(event, *counts, only, FittedPath(printable(each["file"] or "unknown")))
    Console().print(table)


def _only(event: EventFacts) -> dict[str, Any] | None:
    """Where and when the event counts at all, as its file says; None: everywhere, or its file has changed since."""
    try:
        defined = read_events(Path(event.source)).get(event.name) if event.source else None
    except FramescoutError:
        return None
    if defined is None or defined.fingerprint != event.fingerprint or defined.only is None:
        return None
    return {"cameras": list(defined.only.cameras), "hours": defined.only.hours, "prompts": list(defined.only.prompts)}


def _in_words(only: dict[str, Any] | None) -> str:
    return ", ".join([*only["cameras"], *filter(None, [only["hours"]]), *only["prompts"]]) if only else ""


def _show_table(moments: AlertMoments, zone: tzinfo) -> None:
    from rich.console import Console

    from framescout.fitting import table_of

    console = Console()
    names = [name for name in _COLUMNS if name not in _WIDE_COLUMNS or console.width >= _WIDE]
    table = table_of(*names, numbers=("from", "to"), fitted=("event", "video and why"))
    for name, pairs in moments.items():
        for moment, facts in pairs:
            cells = _cells(name, moment, facts, zone)
            table.add_row(*(cells[column] for column in names))
    console.print(table)


def _cells(name: str, moment: Moment, facts: Facts, zone: tzinfo) -> dict[str, RenderableType]:
    from rich.console import Group
    from rich.text import Text

    from framescout.fitting import FittedPath

    said = {True: " right", False: " wrong", None: " new" if facts.is_unread else ""}[facts.was_right]
    video = Path(moment.video)
    reasons = [Text(printable(reason), style="dim") for reason in facts.reasons]
    return {
        "event": Text(printable(name)).append(said, style="dim"),
        "recorded": when(moment, zone),
        "from": format_clock(moment.start, decimals=1),
        "to": format_clock(moment.end, decimals=1),
        "sure": Text(f"{moment.confidence:.0%}", style="green" if moment.confidence >= MATCH else "dim"),
        "camera": Text(printable(moment.camera or "")),
        "video and why": Group(FittedPath(printable(video.name), link=video.as_uri()), *reasons),
    }


def when(moment: Moment, zone: tzinfo) -> str:
    """The wall clock where the moment begins; empty where nobody knows it."""
    if moment.recorded_at is None:
        return ""
    return f"{(moment.recorded_at + timedelta(seconds=moment.start)).astimezone(zone):%Y-%m-%d %H:%M:%S}"
