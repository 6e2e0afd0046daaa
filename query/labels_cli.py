"""The commands for zero-shot labels: run, list."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from query.cli import open_engine
from query.default_command import DefaultCommand

if TYPE_CHECKING:
    from query.labels import Labelled


_model = click.option("--model", help="The model whose embeddings are labelled [default: the catalog's].")


@click.group(cls=DefaultCommand, default="run")
def labels() -> None:
    """A label for every keyframe. `framescout labels FILE` is short for `framescout labels run FILE`.

    \b
    framescout labels labels.toml
    framescout labels list
    framescout search "a dog" --label scene=street

    Exit status: 0 done; 2 the file is wrong; 3 there is no catalog, or a file or model can't be had; 4 another
    framescout is writing to the catalog.
    """


@labels.command(short_help="Label every keyframe with the label sets of FILE.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@_model
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def run(ctx: click.Context, file: Path | None, model: str | None, as_json: bool) -> None:
    """Label every keyframe with the label sets of FILE; without it, show what is labelled.

    FILE is a TOML with a table for each set, a key for each label, and prompts as its value. Nothing is decoded; run
    it again for what is new. Then search with it: --label scene=street.

    \b
    framescout labels run labels.toml
    """
    from query.labels import label, read_labels, stored_counts

    engine = open_engine(ctx, model)
    _print(label(engine, read_labels(file)) if file else stored_counts(engine), as_json=as_json)


@labels.command("list", short_help="List the labels, with the keyframes of each.")
@click.argument("names", nargs=-1, metavar="[SET...]")
@_model
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def list_labels(ctx: click.Context, names: tuple[str, ...], model: str | None, as_json: bool) -> None:
    """List the labels of these sets, or of all, with the keyframes of each.

    \b
    framescout labels list
    framescout labels list scene --json
    """
    from framescout.errors import UsageError
    from query.labels import stored_counts

    stored = {each.name: each for each in stored_counts(open_engine(ctx, model))}
    for name in names:
        if name not in stored:
            raise UsageError(f"there is no label set {name!r}; there are: {', '.join(stored) or 'none'}")
    _print([each for each in stored.values() if not names or each.name in names], as_json=as_json)


def _print(found: list[Labelled], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in found], indent=2))
        return
    rows = [
        (f"{each.name}={name}", str(count), f"{count / max(1, sum(each.counts.values())):.0%}")
        for each in found
        for name, count in sorted(each.counts.items(), key=lambda pair: -pair[1])
    ]
    if not rows:
        click.echo("nothing is labelled; see: framescout labels --help", err=True)
    elif sys.stdout.isatty():
        from framescout.fitting import print_table

        print_table(("label", "keyframes", "share"), rows, numbers=("keyframes", "share"), fitted=("label",))
        click.echo("to search only where one holds: framescout search TEXT --label SET=LABEL", err=True)
    else:
        for row in rows:
            click.echo("\t".join(row))


def _as_json(each: Labelled) -> dict[str, object]:
    labelled_now = {} if each.videos is None else {"videos_labelled": each.videos}
    return {"set": each.name, "keyframes": each.counts, **labelled_now}
