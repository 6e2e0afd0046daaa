"""`framescout catalog`: copies a whole catalog to another place."""

from __future__ import annotations

from pathlib import Path

import click

from framescout.address import Address
from framescout.commands.place import CatalogPlace


@click.group()
def catalog() -> None:
    """Copy a whole catalog: from a folder into a PostgreSQL database, back, or from one to another of a kind.

    \b
    framescout catalog copy ~/night postgresql://scout@db.example/archive

    Exit status: 0 done; others as framescout catalog copy --help says.
    """


@catalog.command(short_help="Copy a catalog, bit for bit.")
@click.argument("source", metavar="FROM", type=CatalogPlace())
@click.argument("target", metavar="TO", type=CatalogPlace())
@click.option("--quiet", "-q", is_flag=True, help="Say only what went wrong.")
def copy(source: Path | Address, target: Path | Address, quiet: bool) -> None:
    """Copy the catalog FROM into the empty place TO, and compare every row of both.

    Both are folders, or addresses like postgresql://USER@HOST/DATABASE. Nobody may write to either meanwhile. The copy
    can be opened once it is whole; one that was interrupted goes on when the same command is run again.

    \b
    framescout catalog copy ~/night postgresql://scout@db.example/archive
    framescout catalog copy postgresql://scout@db.example/archive ~/night-2

    Exit status: 0 done; 1 the copy is not what was copied; 2 there is another catalog in TO; 3 there is no
    catalog in FROM, or TO can't be reached; 4 another framescout is writing to one of them.
    """
    from framescout.catalog.copying import copy as copy_catalog
    from framescout.catalog.opening import store_of

    def told(step: str) -> None:
        if not quiet:
            click.echo(f"{step} ...", err=True)

    copied = copy_catalog(store_of(source), store_of(target), told)
    if not quiet:
        click.echo(f"{copied.rows} rows are the same in both (checksum {copied.checksum})", err=True)
