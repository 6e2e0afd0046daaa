"""`framescout log`: who exported what, and when."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from framescout.console import printable
from framescout.errors import NotAvailableError

if TYPE_CHECKING:
    from framescout.export_log import LoggedExport


_LAYOUTS = (
    ("when", "who", "by", "clips", "state", "videos", "folder"),
    ("when", "who", "clips", "state", "videos", "folder"),
    ("when", "who", "clips", "state", "folder"),
    ("when", "who", "clips", "folder"),
)
"""Columns of the table, richest first: what a terminal is too narrow for is left out."""


@click.command()
@click.option("--limit", type=click.IntRange(1), help="Only the last so many.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout, with every stretch and what was asked.")
@click.pass_context
def log(ctx: click.Context, limit: int | None, as_json: bool) -> None:
    """Say who exported what, and when: from the command line, and from the web app.

    The names in the web app are those of `framescout serve --user`; else it is the user of this computer.

    \b
    framescout log
    framescout log --json | jq '.[] | select(.who == "anna")'

    Exit status: 0 done; 3 there is no catalog, or the log can't be read.
    """
    from framescout import export_log
    from framescout.catalog import Catalog
    from framescout.settings import catalog_place, load_chosen

    catalog = Catalog.open(catalog_place(ctx.obj), create=False, settings=load_chosen(ctx.obj))
    path = catalog.folder / export_log.NAME
    try:
        exports, unreadable = export_log.read(catalog.folder)
    except OSError as error:
        raise NotAvailableError(f"the log {path} can't be read ({error.strerror})") from error
    if unreadable:
        click.echo(f"{unreadable} lines of {path} can't be read", err=True)
    exports = exports[-limit:] if limit else exports
    if as_json:
        click.echo(json.dumps([each.to_json() for each in exports], indent=2))
        return
    if not exports:
        click.echo("nothing was exported yet", err=True)
        return
    rows = [_row(each) for each in exports]
    if sys.stdout.isatty():
        _show(rows)
        return
    for row in rows:
        click.echo("\t".join(row))


def _show(rows: list[tuple[str, ...]]) -> None:
    """A table; its times are by this machine's clock, so that the zone goes without saying."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.text import Text

    from framescout.fitting import FittedPath, fitting_table, longest_word, name_width

    console = Console()
    cells = [dict(zip(_LAYOUTS[0], (row[0][: len("2026-02-14 22:15")], *row[1:]), strict=True)) for row in rows]
    widths = {name: max(len(name), *(cell_len(each[name]) for each in cells)) for name in _LAYOUTS[0]}
    whole = {name: widths[name] for name in ("videos", "folder")}
    widths["videos"] = max(longest_word(each["videos"]) for each in cells)
    widths["folder"] = max(name_width(each["folder"]) for each in cells)
    names, table = fitting_table(_LAYOUTS, widths, console.width, numbers=("clips",), whole=whole)
    for each in cells:
        table.add_row(*(FittedPath(each[name]) if name == "folder" else Text(each[name]) for name in names))
    console.print(table)


def _row(each: LoggedExport) -> tuple[str, ...]:
    when = each.at.astimezone().isoformat(sep=" ", timespec="seconds")
    videos = sorted({Path(moment["video"]).name for moment in each.moments})
    told = ", ".join(videos[:3]) + (f" and {len(videos) - 3} more" if len(videos) > 3 else "")
    what = "still" if each.kind == "still" else str(len(each.moments))
    row = (when, each.who, each.by, what, each.state, told, each.folder or "(the browser)")
    return tuple(printable(text) for text in row)
