"""The commands that ask: search, export."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
from msgspec.structs import replace

from framescout.console import printable
from query.fields import COUNT, FIELDS, FLAG, Field

if TYPE_CHECKING:
    from query.answer import Answer, Moment
    from query.engine import Engine
    from query.request import Query


def question(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is looked for, the same for every command that asks; they become fields of a Query."""
    for field in reversed(FIELDS):
        if field.options:
            command = _option(field)(command)
    return command


def _option(field: Field) -> Callable[..., Any]:
    if field.kind is FLAG:
        return click.option(*field.options, field.name, flag_value=False, default=True, help=field.help)
    if field.is_many:
        more: dict[str, Any] = {"multiple": True}
    else:
        more = {"default": field.default, "show_default": field.kind is COUNT}
    return click.option(
        *field.options, field.name, type=field.kind.type, metavar=field.metavar, help=field.help, **more
    )


_A_SENTENCE = 3  # words in a row that nobody quoted

_model = click.option("--model", help="The model to search with [default: the catalog's].")
_refine = click.option("--refine", is_flag=True, help="Decode around the edges: put them where the shot changes.")


@click.command()
@click.argument("text", nargs=-1)
@question
@_model
@_refine
@click.option("--preview", is_flag=True, help="Pictures of the moments below the table, on a terminal.")
@click.option("--queries", metavar="FILE", help="A question a line (- for stdin); JSON lines on stdout.")
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def search(
    ctx: click.Context,
    /,
    text: tuple[str, ...],
    model: str | None,
    refine: bool,
    preview: bool,
    queries: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Find the moments that show what TEXT says, best first; of several texts, all at the same moment.

    'dog:2' weighs twice. Where nothing reaches the confidence of a match, the nearest moments are listed all the same,
    and stderr says so. `framescout play N` plays moment N of the list, `framescout open N` opens its video.

    \b
    framescout search "a person climbing a fence"
    framescout search "a red car" --not "a bus" --time 22:00-05:00
    framescout search "a man opens a door" --then "a dog runs out" --within 20
    framescout search --image car.jpg --after 2026-02-14 --limit 3 --json

    Exit status: 0 done, with a match or without; 2 usage; 3 there is no catalog, or a file or model can't be had.
    """
    from query import present
    from query.last_search import remember

    hint_at_quotes(text)
    engine = open_engine(ctx, model)
    if queries is not None:
        for answer in _answers(engine, queries, text, asked):
            click.echo(present.as_json_line(answer))
        return
    answer = engine.answer(read_query(text, asked))
    if refine:
        answer = _refined(engine, answer)
    if as_json:
        click.echo(present.as_json(answer))
        return
    present.show(answer, preview=preview)
    remark = present.verdict(answer)
    if remark:
        click.echo(remark, err=True)
    remember(answer)


def _tracks(_ctx: click.Context, _option: click.Parameter, written: str | None) -> tuple[int, ...] | None:
    """The tracks that --sound names; None: all."""
    if written in (None, "all"):
        return None
    if written == "none":
        return ()
    try:
        return tuple(int(number) for number in str(written).split(","))
    except ValueError:
        raise click.BadParameter("write all, none, or numbers of tracks such as 1,3") from None


@click.command()
@click.argument("text", nargs=-1)
@question
@_model
@_refine
@click.option("--event", metavar="NAME", help="What `framescout events` found of this event.")
@click.option("--from", "source", metavar="FILE", help="Moments as JSON, as search --json prints them; - for stdin.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("clips"), show_default=True, help="Folder.")
@click.option("--pad", type=click.FloatRange(min=0), default=0.0, metavar="S", help="Seconds before and after.")
@click.option(
    "--precise/--copy",
    default=True,
    help="Frame-accurate, encoded anew [default]; or not encoded, cut at I-frames.",
)
@click.option("--sound", metavar="TRACKS", callback=_tracks, help="all [default], none, or as in the file: 1,3.")
@click.option("--reel", is_flag=True, help="One file of all clips besides.")
@click.option("--edl", is_flag=True, help="A CMX 3600 edit list besides.")
@click.option("--otio", is_flag=True, help="An OpenTimelineIO timeline besides.")
@click.option("--mlt", is_flag=True, help="An MLT project besides, for Shotcut and Kdenlive.")
@click.option("--sheet", is_flag=True, help="A contact sheet picture besides.")
@click.option("--still", is_flag=True, help="A PNG picture of each moment's peak besides.")
@click.option("--check", metavar="MANIFEST", help="Say whether the files of an export, and their sources, changed.")
@click.option("--anyway", is_flag=True, help="Cut moments that don't match confidently, too.")
@click.option("--overwrite", is_flag=True, help="Replace what an earlier export left in the folder.")
@click.option("--json", "as_json", is_flag=True, help="The manifest on stdout.")
@click.pass_context
def export(
    ctx: click.Context,
    /,
    text: tuple[str, ...],
    model: str | None,
    refine: bool,
    event: str | None,
    source: str | None,
    out: Path,
    pad: float,
    precise: bool,
    anyway: bool,
    check: str | None,
    as_json: bool,
    **asked: Any,
) -> None:
    """Cut the moments that show what TEXT says into clips, with manifest.json and manifest.csv.

    \b
    framescout export "a red car" --out clips --pad 2
    framescout search "a car" --json | framescout export --from - --copy
    framescout export --event fighting --limit 100 --reel
    framescout export --check clips/manifest.json

    Exit status: 0 done; 1 a clip could not be cut, nothing matches confidently, or a checked file changed; 2 usage;
    3 a file can't be had.
    """
    from framescout import settings
    from framescout.media.ffmpeg import choose_ffmpeg
    from query.clips import export as cut
    from query.clips.edl import mixed_rates
    from query.clips.manifest import as_json as manifest
    from query.clips.manifest import read_moments

    if check is not None:
        ctx.exit(_checked(Path(check)))
    hint_at_quotes(text)
    choose_ffmpeg(settings.load_chosen(ctx.obj).ffmpeg)
    besides = {name: asked.pop(name) for name in ("sound", "reel", "edl", "otio", "mlt", "sheet", "still", "overwrite")}
    asks = bool(text) or any(asked[field.name] for field in FIELDS if field.options and field.asks)
    if asks + (event is not None) + (source is not None) > 1:
        raise click.UsageError("Say what to look for, name an --event, or give moments with --from FILE; one of these.")
    if source is not None:
        asked_for, moments, is_match = *read_moments(source), True
    else:
        asked_for, moments, is_match = _found(ctx, text, asked, model=model, refine=refine, event=event)
    if moments and not (is_match or anyway):
        click.echo("no confident match, so nothing is cut; --anyway cuts the nearest moments", err=True)
        ctx.exit(1)
    if asks and not anyway:
        moments = _confident(moments, asked["min_confidence"])
    if not moments:
        click.echo("there is nothing to cut", err=True)
        if as_json:
            click.echo(manifest(asked_for, []), nl=False)
        return
    how: Literal["precise", "copy"] = "precise" if precise else "copy"
    with _logged(settings.catalog_folder(ctx.obj), out, moments, pad, asked_for):
        clips = cut(moments, out, mode=how, pad=pad, query=asked_for, command=sys.argv, **besides)
    if (besides["edl"] or besides["mlt"]) and (remark := mixed_rates(clip.footage for clip in clips if clip.footage)):
        click.echo(remark, err=True)
    if as_json:
        click.echo((out / "manifest.json").read_text(encoding="utf-8"))
        return
    for clip in clips:
        click.echo(str(out / clip.file))


def _found(
    ctx: click.Context,
    text: tuple[str, ...],
    asked: dict[str, Any],
    *,
    model: str | None,
    refine: bool,
    event: str | None,
) -> tuple[dict[str, Any], list[Moment], bool]:
    """What is asked of the catalog, the moments that answer it, and whether there is a confident match among them."""
    engine = open_engine(ctx, model)
    if event is not None:
        from query.events.moments import moments_of

        return {"event": event}, moments_of(engine, event)[: asked["limit"]], True
    answer = engine.answer(read_query(text, asked))
    if refine:
        answer = _refined(engine, answer)
    return answer.query, list(answer.moments), answer.matched


def _confident(moments: list[Moment], wanted: float) -> list[Moment]:
    """Those that match; where the least confidence was asked for, those that reach it."""
    from query.confidence import MATCH

    confident = [moment for moment in moments if moment.confidence >= (wanted or MATCH)]
    if left := len(moments) - len(confident):
        click.echo(f"{left} of {len(moments)} moments match less and are not cut; --anyway cuts them, too", err=True)
    return confident


@contextlib.contextmanager
def _logged(catalog: Path, out: Path, moments: Sequence[Moment], pad: float, query: dict[str, Any]) -> Iterator[None]:
    """Write in the catalog's log that what is done within begins and how it ends; say so where that can't be done."""
    from framescout import export_log
    from framescout.people import user_of_this_process

    if not catalog.is_dir():  # moments of --from need no catalog
        yield
        return
    stretches = [moment.to_json() for moment in moments]
    begun: dict[str, Any] = {"who": user_of_this_process(), "by": "command line", "folder": out, "pad": pad}
    try:
        number = export_log.begin(catalog, moments=stretches, query=query, **begun)
    except OSError as error:
        click.echo(f"this export is not in the log of {catalog} ({error.strerror})", err=True)
        yield
        return
    state = "failed"
    try:
        yield
        state = "done"
    except KeyboardInterrupt:
        state = "stopped"
        raise
    finally:
        with contextlib.suppress(OSError):  # it says that the export began
            export_log.end(catalog, number, state)


def _checked(manifest: Path) -> int:
    """Say of each file of an export whether it is what it was; the exit status."""
    from query.clips.evidence import check

    found = list(check(manifest))
    for path, state in found:
        click.echo(printable(f"{state:<9} {path}"))
    return int(any(state != "unchanged" for _, state in found))


def hint_at_quotes(texts: tuple[str, ...]) -> None:
    """Say on stderr that words without quotes are a question each, where they look like one sentence."""
    if len(texts) >= _A_SENTENCE and not any(" " in text or ":" in text for text in texts):
        hint = f"{len(texts)} words are looked for, all at the same moment; for one sentence, quote it"
        click.echo(f'{hint}: "{" ".join(texts)}"', err=True)


def read_query(texts: tuple[str, ...], asked: dict[str, Any]) -> Query:
    """A question from the words and options of a command line."""
    from query.request import Query

    return Query.from_json({"text": texts[0] if texts else "", "also": texts[1:], **asked})


def open_engine(ctx: click.Context, model: str | None) -> Engine:
    """The engine of the catalog that the command line names.

    Raises:
        CatalogNotFoundError: there is none.
    """
    from framescout import settings
    from framescout.catalog import Catalog
    from query.engine import Engine

    loaded = settings.load_chosen(ctx.obj)
    catalog = Catalog.open(settings.catalog_place(ctx.obj), create=False, settings=loaded)
    return Engine(catalog, model=model, zone=loaded.zone)


def _answers(engine: Engine, source: str, texts: tuple[str, ...], asked: dict[str, Any]) -> list[Answer]:
    """One a line of the file; `texts` must hold besides in each."""
    from framescout.errors import FramescoutError, NotAvailableError, UsageError

    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
    except OSError as error:
        raise NotAvailableError(f"--queries {source} can't be read: {error.strerror}") from error
    queries = []
    for number, line in enumerate(data.decode("utf-8-sig", "replace").splitlines(), 1):
        if line.strip():
            try:
                queries.append(read_query((line, *texts), asked))
            except FramescoutError as error:
                raise UsageError(f"{source}, line {number}: {error}") from error
    return engine.answer_all(queries) if queries else []


def _refined(engine: Engine, answer: Answer) -> Answer:
    from query.refine import refine

    with engine.space() as space:
        return replace(answer, moments=refine(space, answer.moments))
