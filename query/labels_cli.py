"""The command for zero-shot labels."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from query.cli import open_engine

if TYPE_CHECKING:
    from query.labels import Labelled


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--model", help="The model whose embeddings are labelled [default: the catalog's].")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def labels(ctx: click.Context, file: Path | None, model: str | None, as_json: bool) -> None:
    """Label every keyframe with the label sets of FILE; without it, show what is labelled.

    FILE is a TOML with a table for each set, a key for each label, and prompts as its value. Nothing is decoded; run
    it again for what is new. Then search with it: --label scene=street.

    \b
    framescout labels labels.toml
    framescout search "a dog" --label scene=street

    Exit status: 0 done; 2 the file is wrong; 3 there is no catalog, or a file or model can't be had; 4 another
    framescout is writing to the catalog.
    """
    from query.labels import label, read_labels, stored_counts

    engine = open_engine(ctx, model)
    done = label(engine, read_labels(file)) if file else stored_counts(engine)
    if as_json:
        click.echo(json.dumps([_as_json(each) for each in done], indent=2))
        return
    rows = [
        (f"{each.name}={name}", str(count), f"{count / max(1, sum(each.counts.values())):.0%}")
        for each in done
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
    return {"set": each.name, "keyframes": each.counts, "videos_labelled": each.videos}
