"""The commands for saved searches: list, save, remove, run."""

from __future__ import annotations

import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

import click

from framescout.console import printable
from query.cli import open_engine, question, read_query

if TYPE_CHECKING:
    from framescout.catalog import Catalog
    from framescout.catalog.records import SavedSearch
    from query.answer import Answer


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def searches(ctx: click.Context, as_json: bool) -> None:
    """Searches that are asked again of everything new. `framescout searches` alone is short for `searches list`.

    They run by themselves at the end of `framescout index`.

    \b
    framescout searches save fence "a person at a fence" --time 22:00-05:00
    framescout searches save fire "smoke" --exec 'mail -s fire me@example.org'
    framescout searches list
    framescout searches run

    Exit status: 0 done; 1 a search or its program failed; 2 usage; 3 there is no catalog.
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_searches, names=(), as_json=as_json)


@searches.command("list", short_help="List the saved searches.")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def list_searches(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """List the saved searches with their filters and programs.

    \b
    framescout searches list
    framescout searches list fence --json
    """
    from query.request import Query

    kept = _named(ctx, names)
    if as_json or (ctx.parent and ctx.parent.params.get("as_json")):  # before `list` or behind it
        click.echo(json.dumps([_as_json(saved) for saved in kept], indent=2))
        return
    rows = [(saved.name, Query.from_json(saved.query).as_options(), shlex.join(saved.command or ())) for saved in kept]
    if not rows:
        click.echo("nothing is saved; see: framescout searches save --help", err=True)
    elif sys.stdout.isatty():
        from framescout.fitting import print_table

        print_table(("name", "asks for", "program"), rows, fitted=("asks for", "program"))
    else:
        for row in rows:
            click.echo("\t".join(row).rstrip())


@searches.command()
@click.argument("name")
@click.argument("text", nargs=-1)
@question
@click.option("--exec", "command", metavar="COMMAND", help="Give what is found to this program, as JSON lines.")
@click.option("--past", is_flag=True, help="Report what is in the catalog already, too.")
@click.pass_context
def save(
    ctx: click.Context, /, name: str, text: tuple[str, ...], command: str | None, past: bool, **asked: Any
) -> None:
    """Keep a search under NAME; one of that name is replaced. The options are those of `framescout search`.

    \b
    framescout searches save fence "a person at a fence" --camera yard
    """
    from framescout.errors import UsageError

    if asked["page"] is not None:
        raise UsageError("--page makes no sense for a search that is asked again")
    query = read_query(text, asked)
    try:
        program = shlex.split(command) if command is not None else None
    except ValueError as error:
        raise UsageError(f"--exec {command!r} is no command: {error}") from error
    if program == []:
        raise UsageError("--exec is empty; write a program and its arguments")
    catalog = open_engine(ctx, None).catalog
    with catalog.snapshot() as snapshot:
        below = 0 if past else snapshot.next_keyframe_id()
    catalog.saved_searches.save(name, query.to_json(), program, below)


@searches.command()
@click.argument("name")
@click.pass_context
def remove(ctx: click.Context, name: str) -> None:
    """Forget the search NAME.

    \b
    framescout searches remove fence
    """
    (saved,) = _named(ctx, (name,))
    open_engine(ctx, None).catalog.saved_searches.remove(saved.name)


@searches.command(short_help="Report what is new for these searches, or for all.")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@click.option("--json", "as_json", is_flag=True, help="JSON lines on stdout, on a terminal too.")
@click.pass_context
def run(ctx: click.Context, names: tuple[str, ...], as_json: bool) -> None:
    """Report what is new for these searches, or for all: JSON lines, on a terminal a table.

    \b
    framescout searches run
    framescout searches run fence --json
    """
    if not _report(ctx, names, as_json=as_json):
        ctx.exit(1)


def after_index(ctx: click.Context, *, has_grown: bool) -> None:
    """Prepare the first search where an index run added videos, and report what is new for all saved searches.

    What fails is named, and doesn't fail the run.
    """
    from framescout import settings
    from framescout.catalog import Catalog
    from framescout.errors import FramescoutError

    catalog = Catalog.open(settings.catalog_place(ctx.obj), create=False, settings=settings.load_chosen(ctx.obj))
    try:
        if has_grown:
            _prepare(catalog)
        if catalog.saved_searches.all():
            _report(ctx, (), as_json=False)
    except FramescoutError as error:
        click.echo(printable(f"framescout: {error}"), err=True)


def _prepare(catalog: Catalog) -> None:
    """Leave in the cache what a search needs besides the index, so that the first one takes no longer than others."""
    from query.engine import Engine

    engine = Engine(catalog)
    with engine.space() as space:
        engine.sample(space)


def _report(ctx: click.Context, names: tuple[str, ...], *, as_json: bool) -> bool:
    """Run the searches of these names, or all; whether none failed."""
    from framescout.errors import FramescoutError
    from query import present, saved

    def report(search: SavedSearch, answer: Answer) -> None:
        if sys.stdout.isatty() and not as_json:
            click.echo(f"{search.name}:")
            present.show(answer)
        else:
            click.echo(saved.as_lines(search, answer), nl=False)
        sys.stdout.flush()

    engine, all_well = open_engine(ctx, None), True
    for search in _named(ctx, names):
        try:
            saved.run(engine, search, report)
        except FramescoutError as error:
            all_well = False
            click.echo(f"framescout: {search.name}: {error}", err=True)
    return all_well


def _named(ctx: click.Context, names: tuple[str, ...]) -> list[SavedSearch]:
    from framescout.errors import UsageError

    kept = {saved.name: saved for saved in open_engine(ctx, None).catalog.saved_searches.all()}
    for name in names:
        if name not in kept:
            raise UsageError(f"there is no saved search {name!r}; saved are: {', '.join(kept) or 'none'}")
    return [saved for saved in kept.values() if not names or saved.name in names]


def _as_json(saved: SavedSearch) -> dict[str, Any]:
    return {"name": saved.name, "query": saved.query, "command": saved.command, "saved_at": saved.saved_at.isoformat()}
