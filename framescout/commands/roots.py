"""`framescout roots`: names for places of footage, for machines that mount it in different ones."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

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
    """Set the root in a file of settings, and leave the rest as it is; on the disk when it returns.

    Raises:
        UsageError: it has to be written by hand.
    """
    from tomlkit.exceptions import TOMLKitError

    from framescout.durable import write_durably
    from framescout.errors import UsageError

    try:
        text = file.read_bytes().decode() if file.is_file() else ""  # with the line ends that it has
        new = with_root(text, name, path)
        known = tomllib.loads(text)
        if tomllib.loads(new) == known | {"roots": known.get("roots", {}) | {name: path}}:
            write_durably(file, new.encode())
            return
    except (ValueError, TOMLKitError, OSError):
        pass
    line = f"{name} = {json.dumps(path)}"
    raise UsageError(f"{file} can't be changed by framescout; write into its table [roots]: {line}")


def with_root(text: str, name: str, path: str) -> str:
    """A TOML document with this root in its table of roots; its comments and its order stay.

    Raises:
        ValueError, TOMLKitError: it is no TOML, or holds something else under this name.
    """
    import tomlkit

    document = tomlkit.parse(text)
    roots: Any = document.setdefault("roots", tomlkit.table())
    below = [] if name in roots else _taken_off_the_end(roots)
    roots[name] = path
    for key, each in below:
        roots.append(key, each)
    return tomlkit.dumps(document)


def _taken_off_the_end(table: Any) -> list[tuple[None, Any]]:
    """Comments and empty lines at the end of a table, which mostly speak of the next one; the table lacks them then."""
    from tomlkit.items import Table

    taken: list[tuple[None, Any]] = []
    if isinstance(table, Table):  # not one that is written in a single line, or in several places
        lines = table.value.body
        while lines and lines[-1][0] is None:
            taken.insert(0, (None, lines.pop()[1]))
    return taken
