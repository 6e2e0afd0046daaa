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
    from framescout.settings import catalog_place

    catalog = Catalog.open(catalog_place(ctx.obj["catalog"]), create=False)
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
        from framescout.fitting import print_table

        names = ("when", "who", "by", "clips", "state", "videos", "folder")
        print_table(names, rows, numbers=("clips",), fitted=("videos", "folder"))
        return
    for row in rows:
        click.echo("\t".join(row))


def _row(each: LoggedExport) -> tuple[str, ...]:
    when = each.at.astimezone().isoformat(sep=" ", timespec="seconds")
    videos = sorted({Path(moment["video"]).name for moment in each.moments})
    told = ", ".join(videos[:3]) + (f" and {len(videos) - 3} more" if len(videos) > 3 else "")
    row = (when, each.who, each.by, str(len(each.moments)), each.state, told, each.folder)
    return tuple(printable(text) for text in row)
