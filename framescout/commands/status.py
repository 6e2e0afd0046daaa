"""`framescout status`: what the catalog holds, and what a person should look at."""

from __future__ import annotations

import json
from typing import Any

import click

from framescout.console import printable
from framescout.timeline import format_clock


@click.command()
@click.argument("video", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_context
def status(ctx: click.Context, video: str | None, as_json: bool) -> None:
    """Say what the catalog holds: videos, hours, models, the vector index, files in quarantine with the reason.

    Of a VIDEO, named by path, end of a path or video_id, it says what `framescout show` says, without pictures.

    \b
    framescout status
    framescout status cam01/20260214_221500.mp4

    Exit status: 0 done; 2 there is no such video; 3 there is no catalog.
    """
    from framescout.catalog import Catalog
    from framescout.settings import catalog_place, load_chosen
    from framescout.summary import gather

    catalog = Catalog.open(catalog_place(ctx.obj), create=False, settings=load_chosen(ctx.obj))
    if video is not None:
        from framescout.commands.show import tell_of_video

        tell_of_video(catalog, video, as_json=as_json, with_pictures=False)
        return
    facts = gather(catalog)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        _show(facts)
        if catalog.warning:
            click.echo(catalog.warning, err=True)


def _show(facts: dict[str, Any]) -> None:
    click.echo(f"catalog     {facts['catalog']} ({facts['size_bytes'] / 2**20:.1f} MiB)")
    click.echo(f"videos      {facts['videos']}, {format_clock(facts['seconds'])} of footage")
    click.echo(f"keyframes   {facts['keyframes']}")
    for model in facts["models"]:
        index = model["index"]
        covered = "none: searched exactly"
        if index:
            covered = f"{index['generation']} ({index['kind']}), {index['not_covered']} keyframes not covered yet"
            if not index["usable"]:
                covered += (
                    "; it is not where it should be, or damaged: searched exactly until framescout index builds it"
                )
        used = " (active)" if model["active"] else ""
        click.echo(f"model       {model['name']}{used}: {model['videos']} videos, vector index {covered}")
        for name, count in model["alerts"].items():
            click.echo(f"event       {name}: {count} alerts")
        for name, counts in model["labels"].items():
            shares = sorted(counts.items(), key=lambda pair: -pair[1])
            said = ", ".join(f"{label} {count / max(1, sum(counts.values())):.0%}" for label, count in shares if count)
            click.echo(f"labels      {name}: {said}")
    if facts["gone"]:
        click.echo(f"gone        {facts['gone']} of the videos; framescout prune drops them")
    for video in facts["partial"]:
        _line(f"partial     {video['path']}: {video['why']}")
    for file in facts["quarantined"]:
        detail = f" ({file['detail']})" if file["detail"] else ""
        _line(f"quarantined {file['path']}: {file['sentence']}{detail}")
    if facts["quarantined"]:
        click.echo("framescout retry tries them again; a file that changes is tried again by itself", err=True)
    if writer := facts["writer"]:
        how_far = ""
        if writer["bytes"]:
            share = writer["bytes_done"] / writer["bytes"]
            how_far = f": {writer['files_done']} of {writer['files']} files, {share:.0%} of what is to be read"
        click.echo(f"at work     pid {writer['pid']} since {writer['since']}{how_far}")


def _line(text: str) -> None:
    click.echo(printable(text))
