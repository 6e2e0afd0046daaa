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
    from rich.text import Text

    from framescout.catalog.records import EventFacts
    from query.answer import Moment


_LAYOUTS = (
    ("event", "recorded", "from", "to", "sure", "camera", "video and why"),
    ("event", "recorded", "from", "sure", "camera", "video and why"),
    ("event", "recorded", "from", "sure", "video and why"),
    ("event", "from", "sure", "video and why"),
)
"""Columns of the table, richest first: what a terminal is too narrow for gives way to the names of videos."""

_COUNTS = {"alerts": "alerts", "unread": "unread", "right": "right", "wrong": "wrong", "untold": "to_be_told"}
"""Column of the list of events -> its key in `summaries`."""
_EVENT_LAYOUTS = (
    ("event", *_COUNTS, "only", "file"),
    ("event", "alerts", "unread", "untold", "only", "file"),
    ("event", "alerts", "unread", "only", "file"),
    ("event", "alerts", "unread", "only"),
)


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
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    from framescout.fitting import FittedPath, fitting_table, longest_word, name_width

    console = Console()
    rows = [
        {column: str(each[key]) for column, key in _COUNTS.items()}
        | {"event": printable(each["event"]), "only": printable(_in_words(each["only"]))}
        | {"file": printable(each["file"] or "unknown")}
        for each in found
    ]
    widths = {name: max(len(name), *(longest_word(row[name]) for row in rows)) for name in rows[0]}
    widths["file"] = max(name_width(row["file"]) for row in rows)
    whole = {name: max(len(name), *(cell_len(row[name]) for row in rows)) for name in ("event", "only", "file")}
    names, table = fitting_table(_EVENT_LAYOUTS, widths, console.width, numbers=tuple(_COUNTS), whole=whole)
    for row in rows:
        table.add_row(*(FittedPath(row[name]) if name == "file" else Text(row[name]) for name in names))
    console.print(table)


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
    from rich.console import Console, Group
    from rich.text import Text

    from framescout.fitting import FittedPath, fitting_table, longest_word

    console = Console()
    alerts = [(name, moment, facts) for name, pairs in moments.items() for moment, facts in pairs]
    rows = [_cells(name, moment, facts, zone) for name, moment, facts in alerts]
    widths = {name: max(len(name), *(row[name].cell_len for row in rows)) for name in rows[0]}
    whole = {"event": widths["event"], "video and why": console.width}
    widths["event"] = max(longest_word(row["event"].plain) for row in rows)
    names, table = fitting_table(_LAYOUTS, widths, console.width, numbers=("from", "to"), whole=whole)
    for row, (_, moment, facts) in zip(rows, alerts, strict=True):
        path = FittedPath(row["video and why"].plain, link=Path(moment.video).as_uri())
        reasons = [Text(printable(reason), style="dim") for reason in facts.reasons]
        table.add_row(*(row[name] for name in names[:-1]), Group(path, *reasons))
    console.print(table)


def _cells(name: str, moment: Moment, facts: Facts, zone: tzinfo) -> dict[str, Text]:
    """What stands in the columns of a row."""
    from rich.text import Text

    said = {True: " right", False: " wrong", None: " new" if facts.is_unread else ""}[facts.was_right]
    return {
        "event": Text(printable(name)).append(said, style="dim"),
        "recorded": Text(when(moment, zone)),
        "from": Text(format_clock(moment.start, decimals=1)),
        "to": Text(format_clock(moment.end, decimals=1)),
        "sure": Text(f"{moment.confidence:.0%}", style="green" if moment.confidence >= MATCH else "dim"),
        "camera": Text(printable(moment.camera or "")),
        "video and why": Text(printable(Path(moment.video).name)),
    }


def when(moment: Moment, zone: tzinfo) -> str:
    """The wall clock where the moment begins; empty where nobody knows it."""
    if moment.recorded_at is None:
        return ""
    return f"{(moment.recorded_at + timedelta(seconds=moment.start)).astimezone(zone):%Y-%m-%d %H:%M:%S}"
