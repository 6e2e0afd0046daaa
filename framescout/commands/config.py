"""`framescout config`: every setting, its value, and where it comes from."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from framescout.console import printable

_SHORT = {"configs/default.toml": "default", "the environment": "environment"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_context
def config(ctx: click.Context, as_json: bool) -> None:
    """Show each setting, its value, and where that comes from.

    The last of these wins: the default; framescout.toml in your configuration folder; framescout.toml in the catalog;
    the environment (FRAMESCOUT_DENSITY=fast). A file named by --config takes the place of the two that are found by
    themselves. Flags of a command, such as --density, win for that run.

    \b
    framescout config
    FRAMESCOUT_DENSITY=fast framescout config --json

    Exit status: 0 done; 2 a setting makes no sense; 3 a file can't be read.
    """
    from framescout.settings import FILE, catalog_folder, load, own_file, sourced

    catalog = catalog_folder(ctx.obj)
    in_force, sources = load(ctx.obj["config"], catalog=catalog), sourced(ctx.obj["config"], catalog)
    found = {name: (getattr(in_force, name), _SHORT.get(source, source)) for name, (_, source) in sources.items()}
    if as_json:
        click.echo(
            json.dumps({name: {"value": value, "from": source} for name, (value, source) in found.items()}, indent=2)
        )
        return
    rows = [(name, _written(value), source) for name, (value, source) in found.items()]
    if sys.stdout.isatty():
        _show(rows)
        for path in (own_file(), catalog / FILE):
            click.echo(f"{path}: {'read' if path.is_file() and ctx.obj['config'] is None else 'not read'}", err=True)
    else:
        for row in rows:
            click.echo("\t".join(row))


def _show(rows: list[tuple[str, str, str]]) -> None:
    from rich.console import Console
    from rich.text import Text

    from framescout.fitting import FittedPath, table_of

    table = table_of("setting", "value", "from", fitted=("value", "from"))
    for name, value, source in rows:
        table.add_row(name, Text(printable(value)), FittedPath(printable(source)))
    Console().print(table)


def _written(value: Any) -> str:
    """As it is written in a file."""
    return json.dumps(value, ensure_ascii=False)
