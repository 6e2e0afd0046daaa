"""The command for events."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from query.cli import open_engine

if TYPE_CHECKING:
    from query.events.moments import AlertMoments


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--plots", metavar="DIR", type=click.Path(path_type=Path), help="A picture of each camera's scores.")
@click.option("--model", help="The model whose embeddings are looked at [default: the catalog's].")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV on stdout.")
@click.pass_context
def events(
    ctx: click.Context, file: Path | None, plots: Path | None, model: str | None, as_json: bool, as_csv: bool
) -> None:
    """Look for the events of FILE, which are normal in one place and suspicious in another; without it, list them.

    FILE is a TOML with a table for each event: prompts, what it is confused with, contexts. Nothing is trained and
    nothing is decoded; run it again for what is new. `framescout export --event NAME` cuts the clips.

    \b
    framescout events events.toml --plots plots
    framescout events --json
    framescout export --event running --out clips

    \b
    Exit status: 0 done, with alerts or without; 2 the file is wrong; 3 there is no catalog, or a file or model can't
    be had; 4 another framescout is writing to the catalog.
    """
    from query.events import read_events, watch
    from query.events.moments import stored_moments, to_json

    if plots is not None and file is None:
        raise click.UsageError("--plots needs the FILE of events.")
    engine = open_engine(ctx, model)
    if file is not None:
        for detected in watch(engine, read_events(file)):
            if plots is not None:
                from query.events.plot import plot

                for path in plot(detected, plots):
                    click.echo(str(path), err=True)
    moments = stored_moments(engine)
    if as_json:
        click.echo(json.dumps(to_json(moments), indent=2))
    elif as_csv:
        click.echo(_as_csv(moments), nl=False)
    else:
        _show(moments)


def _as_csv(moments: AlertMoments) -> str:
    from query.clips.manifest import cell
    from query.events.moments import to_json

    text = io.StringIO()
    columns = ("event", "video", "camera", "recorded_at", "start", "end", "peak", "score", "confidence", "context")
    writer = csv.DictWriter(text, (*columns, "video_id", "keyframe_id"), lineterminator="\r\n")
    writer.writeheader()
    for name, alerts in to_json(moments).items():
        for alert in alerts:
            writer.writerow({column: cell(value) for column, value in {"event": name, **alert}.items()})
    return text.getvalue()


def _show(moments: AlertMoments) -> None:
    from query.present import show_lines

    for name, pairs in moments.items():
        show_lines([(moment, (name, context or "")) for moment, context in pairs])
    if not any(moments.values()):
        told = "no alerts" if moments else "no event was looked for yet; see: framescout events --help"
        click.echo(told, err=True)
