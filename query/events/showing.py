"""Shows events and their alerts: as tables on a terminal, elsewhere as lines."""

from __future__ import annotations

import sys
from datetime import timedelta, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framescout.console import printable
from framescout.timeline import format_clock
from query.confidence import MATCH
from query.engine import Engine
from query.events.moments import AlertMoments, Facts, stored_moments
from query.present import show_lines

if TYPE_CHECKING:
    from rich.table import Table

    from query.answer import Moment


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
        }
        for event in known
        if event.name in moments
    ]


def show_events(found: list[dict[str, Any]], zone: tzinfo) -> None:
    """A table on a terminal; elsewhere a line an event, with tabs."""
    if not found:
        click.echo("no event was looked for yet; see: framescout events --help", err=True)
    elif sys.stdout.isatty():
        table = _table(("event", "alerts", "unread", "right", "wrong", "to be told", "file"), numbers=range(1, 6))
        for each in found:
            counts = [str(each[name]) for name in ("alerts", "unread", "right", "wrong", "to_be_told")]
            table.add_row(printable(each["event"]), *counts, printable(each["file"] or "unknown"))
        _print(table)
    else:
        for each in found:
            click.echo("\t".join(str(value if value is not None else "") for value in each.values()))


def _show_table(moments: AlertMoments, zone: tzinfo) -> None:
    table = _table(("event", "recorded", "from", "to", "sure", "camera", "video and why"), numbers=(2, 3))
    for name, pairs in moments.items():
        for moment, facts in pairs:
            _add(table, name, moment, facts, zone)
    _print(table)


def _add(table: Table, name: str, moment: Moment, facts: Facts, zone: tzinfo) -> None:
    from rich.text import Text

    said = {True: " right", False: " wrong", None: " new" if facts.is_unread else ""}[facts.was_right]
    what = Text(printable(Path(moment.video).name), style=f"link {Path(moment.video).as_uri()}")
    for reason in facts.reasons:
        what.append(f"\n{printable(reason)}", style="dim")
    table.add_row(
        Text(printable(name)).append(said, style="dim"),
        when(moment, zone),
        format_clock(moment.start, decimals=1),
        format_clock(moment.end, decimals=1),
        Text(f"{moment.confidence:.0%}", style="green" if moment.confidence >= MATCH else "dim"),
        printable(moment.camera or ""),
        what,
    )


def when(moment: Moment, zone: tzinfo) -> str:
    """The wall clock where the moment begins; empty where nobody knows it."""
    if moment.recorded_at is None:
        return ""
    return f"{(moment.recorded_at + timedelta(seconds=moment.start)).astimezone(zone):%Y-%m-%d %H:%M:%S}"


def _table(names: tuple[str, ...], numbers: Any) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for place, name in enumerate(names):
        is_last = place == len(names) - 1
        table.add_column(name, justify="right" if place in numbers else "left", no_wrap=not is_last, overflow="fold")
    return table


def _print(table: Table) -> None:
    from rich.console import Console

    Console().print(table)
