"""The commands that ask: search, export."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from query.answer import Answer


def question(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is looked for, the same for every command that asks."""
    for option in (
        click.option("--limit", "-n", default=10, show_default=True, help="How many moments at most."),
        click.option("--path", metavar="GLOB", help="Only videos whose path fits: '*.mkv', 'cam1/**'."),
        click.option("--min-confidence", type=float, default=0.0, help="Leave out moments below it (0 to 1)."),
        click.option("--model", help="The model to search with [default: the catalog's]."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("text")
@question
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def search(ctx: click.Context, /, text: str, as_json: bool, **asked: Any) -> None:
    """Find the moments that show what TEXT says, best first.

    Where nothing reaches the confidence of a match, the nearest moments are listed all the same, and stderr says so.

    \b
    framescout search "a person climbing a fence"
    framescout search "a red car" --path 'cam1/**' --limit 3 --json

    \b
    Exit status: 0 done, with a match or without; 2 usage; 3 there is no catalog, or the model can't be had.
    """
    from query import present

    answer = _ask(ctx, text, asked)
    if as_json:
        click.echo(present.as_json(answer))
        return
    present.show(answer)
    remark = present.verdict(answer)
    if remark:
        click.echo(remark, err=True)


@click.command()
@click.argument("text", required=False)
@question
@click.option("--from", "source", metavar="FILE", help="Moments as JSON, as search --json prints them; - for stdin.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("clips"), show_default=True, help="Folder.")
@click.option("--pad", type=click.FloatRange(min=0), default=0.0, metavar="S", help="Seconds before and after.")
@click.option(
    "--precise/--copy",
    default=True,
    help="Frame-accurate, encoded anew [default]; or not encoded, cut at I-frames.",
)
@click.option("--reel", is_flag=True, help="One file of all clips besides.")
@click.option("--edl", is_flag=True, help="A CMX 3600 edit list besides.")
@click.option("--otio", is_flag=True, help="An OpenTimelineIO timeline besides.")
@click.option("--sheet", is_flag=True, help="A contact sheet picture besides.")
@click.option("--overwrite", is_flag=True, help="Replace what an earlier export left in the folder.")
@click.option("--json", "as_json", is_flag=True, help="The manifest on stdout.")
@click.pass_context
def export(
    ctx: click.Context,
    /,
    text: str | None,
    source: str | None,
    out: Path,
    precise: bool,
    as_json: bool,
    limit: int,
    path: str | None,
    min_confidence: float,
    model: str | None,
    **options: Any,
) -> None:
    """Cut the moments that show what TEXT says into clips, with manifest.json and manifest.csv.

    \b
    framescout export "a red car" --out clips --pad 2
    framescout search "a red car" --json | framescout export --from - --out clips --copy

    \b
    Exit status: 0 done; 1 a clip could not be cut; 2 usage; 3 a file can't be had.
    """
    from query.clips import export as cut
    from query.clips.manifest import read_moments

    if (text is None) == (source is None):
        raise click.UsageError("Say what to look for, or give moments with --from FILE; one of the two.")
    if source is not None:
        asked, moments = read_moments(source)
    else:
        wanted = {"limit": limit, "path": path, "min_confidence": min_confidence, "model": model}
        answer = _ask(ctx, str(text), wanted)
        asked, moments = answer.query, list(answer.moments)
        if not answer.matched and moments:
            click.echo("no confident match; the nearest moments are cut", err=True)
    if not moments:
        click.echo("there is nothing to cut", err=True)
        return
    clips = cut(moments, out, mode="precise" if precise else "copy", query=asked, **options)
    if as_json:
        click.echo((out / "manifest.json").read_text(encoding="utf-8"))
        return
    for clip in clips:
        click.echo(str(out / clip.file))


def _ask(ctx: click.Context, text: str, asked: dict[str, Any]) -> Answer:
    import query
    from framescout.catalog import Catalog
    from framescout.settings import catalog_folder

    catalog = Catalog.open(catalog_folder(ctx.obj["catalog"]), create=False)
    return query.search(catalog, text, **asked)
