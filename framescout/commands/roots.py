"""`framescout roots`: names for places of footage, for machines that mount it in different ones."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

import click

from framescout.console import printable


@click.group(invoke_without_command=True)
@click.pass_context
def roots(ctx: click.Context) -> None:
    """List the names of places of footage, with where this machine has each, and its files.

    The catalog then stores the files below such a place by the name: archive:cam1/a.mp4. Each machine says where it
    mounts archive, in its framescout.toml, and all of them search one catalog.

    \b
    framescout roots
    framescout roots add archive /mnt/archive

    Exit status: 0 done; 3 there is no catalog.
    """
    if ctx.invoked_subcommand is not None:
        return
    from framescout import settings
    from framescout.catalog import Catalog

    loaded = settings.load_chosen(ctx.obj)
    catalog = Catalog.open(settings.catalog_place(ctx.obj), create=False, settings=loaded)
    with catalog.snapshot() as snapshot:
        counts = snapshot.files_by_root()
    rows = [
        (name, printable(loaded.roots.get(name, "no place on this machine")), str(counts.get(name, 0)))
        for name in sorted(counts.keys() | loaded.roots.keys())
    ]
    if not rows:
        click.echo("no place has a name; give one with: framescout roots add NAME FOLDER", err=True)
    elif sys.stdout.isatty():
        _show(rows)
    else:
        for row in rows:
            click.echo("\t".join(row))


def _show(rows: list[tuple[str, str, str]]) -> None:
    from rich.console import Console

    from framescout.fitting import FittedPath, table_of

    table = table_of("root", "place", "files", numbers=("files",), fitted=("place",))
    for name, place, files in rows:
        table.add_row(name, FittedPath(place), files)
    Console().print(table)


@roots.command(short_help="Name a place of footage.")
@click.argument("name")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_context
def add(ctx: click.Context, name: str, folder: Path) -> None:
    """Say that this machine has the root NAME in FOLDER, in your framescout.toml.

    Files below it that the catalog already knows are stored by the name from now on; nothing is read again.

    \b
    framescout roots add archive /mnt/archive

    Exit status: 0 done; 2 it can't have that name; 3 there is no catalog; 4 another framescout is writing to it.
    """
    from framescout import settings
    from framescout.catalog import Catalog
    from framescout.errors import UsageError
    from framescout.roots import check_roots

    path = str(folder.absolute())
    loaded = settings.load_chosen(ctx.obj)
    check_roots({**loaded.roots, name: path})
    place = settings.catalog_place(ctx.obj)
    Catalog.open(place, create=False, settings=loaded)
    file = settings.named_file(ctx.obj["config"])
    if loaded.roots.get(name) != path:
        _write(file, name, path)
        loaded = settings.load_chosen(ctx.obj)
        if loaded.roots.get(name) != path:
            raise UsageError(f"another framescout.toml says otherwise of the roots, in the catalog say; not {file}")
    catalog = Catalog.open(place, create=False, settings=loaded)
    with catalog.snapshot() as snapshot:
        before = snapshot.files_by_root().get(name, 0)
    with catalog.writer(), catalog.snapshot() as snapshot:  # whoever writes renames
        now = snapshot.files_by_root().get(name, 0)
    click.echo(printable(f"{name} is {path} on this machine ({file})"), err=True)
    click.echo(f"files that are stored by that name: {now}, of these {now - before} since now", err=True)


def _write(file: Path, name: str, path: str) -> None:
    """Set the root in a file of settings, and leave the rest as it is.

    Raises:
        UsageError: it has to be written by hand.
    """
    from framescout.cached import write_whole
    from framescout.errors import UsageError

    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    try:
        new = with_root(text, name, path)
        known = tomllib.loads(text)
        expected = known | {"roots": known.get("roots", {}) | {name: path}}
        if tomllib.loads(new) == expected:
            write_whole(file, new.encode())
            return
    except (ValueError, TypeError, OSError):
        pass
    line = f"{name} = {json.dumps(path)}"
    raise UsageError(f"{file} can't be changed by framescout; write into its table [roots]: {line}")


def with_root(text: str, name: str, path: str) -> str:
    """A TOML document with this root in its table of roots."""
    line = f"{name} = {json.dumps(path, ensure_ascii=False)}"
    lines = text.splitlines()
    heads = [number for number, each in enumerate(lines) if re.fullmatch(r"\s*\[roots\]\s*(#.*)?", each)]
    if not heads:
        return "\n".join([*lines, *([""] if lines else []), "[roots]", line]) + "\n"
    first = heads[0] + 1
    end = next((i for i in range(first, len(lines)) if lines[i].lstrip().startswith("[")), len(lines))
    own = [each for each in lines[first:end] if not re.match(rf'\s*"?{re.escape(name)}"?\s*=', each)]
    return "\n".join([*lines[:first], line, *own, *lines[end:]]) + "\n"
