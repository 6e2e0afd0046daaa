"""The commands for events: run, rank, list, remove, test."""

from __future__ import annotations

import csv
import io
import json
import shlex
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framescout.console import printable
from query.cli import open_engine
from query.default_command import DefaultCommand

if TYPE_CHECKING:
    from query.engine import Engine
    from query.events import Event
    from query.events.closer import Closer
    from query.events.moments import AlertMoments

_COLUMNS = ("event", "video", "camera", "recorded_at", "start", "end", "peak", "score", "confidence", "context",
            "unread", "was_right", "video_id", "keyframe_id")  # fmt: skip

_model = click.option("--model", help="The model whose embeddings are looked at [default: the catalog's].")


@click.group(cls=DefaultCommand, default="run")
def events() -> None:
    """Events: normal in one place and suspicious in another. `framescout events FILE` is short for `events run FILE`.

    \b
    framescout events events.toml --plots plots
    framescout events --event fighting --json
    framescout events rank events.toml
    framescout events test fighting --video night.mp4
    framescout events list
    framescout export --event fighting --out clips

    Exit status: 0 done, with alerts or without; 1 an alert could not be told; 2 usage, or the file is wrong; 3 there is
    no catalog, or a file or model can't be had; 4 another framescout is writing to the catalog.
    """


@events.command(short_help="Look for the events of FILE, and show what was found.")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--plots", metavar="DIR", type=click.Path(path_type=Path), help="A picture of each camera's scores.")
@click.option("--look-closer", is_flag=True, help="Decode more pictures where it might be one: 36 s an hour at most.")
@click.option("--event", "names", metavar="NAME", multiple=True, help="Show only this event; may be repeated.")
@click.option("--camera", "cameras", metavar="GLOB", multiple=True, help="Show only this camera; may be repeated.")
@click.option("--post", metavar="URL", help="Send each new alert there as JSON; what fails is sent by the next run.")
@click.option("--exec", "command", metavar="COMMAND", help="Give new alerts to this program (no shell), as JSON lines.")
@_model
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV on stdout.")
@click.pass_context
def run(
    ctx: click.Context,
    file: Path | None,
    plots: Path | None,
    look_closer: bool,
    names: tuple[str, ...],
    cameras: tuple[str, ...],
    post: str | None,
    command: str | None,
    model: str | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Look for the events of FILE, and show all that was found; without FILE, show what was found before.

    FILE is a TOML with a table for each event: prompts, what it is confused with, contexts. Nothing is trained, and
    without --look-closer nothing is decoded; run it again for what is new. A run replaces what earlier runs found, and
    drops events that FILE no longer defines. See docs/events.md.

    \b
    framescout events run events.toml --plots plots
    framescout events run --event fighting --csv
    """
    from query.events.moments import stored_moments

    targets = _targets(post, command)
    if file is None and (plots is not None or targets or look_closer):
        raise click.UsageError("--plots, --look-closer, --post and --exec need the FILE of events.")
    engine = open_engine(ctx, model)
    if file is not None:
        _look(engine, file, plots, targets, look_closer)
    moments = _chosen(engine, stored_moments(engine), names, cameras)
    _print(engine, moments, as_json=as_json, as_csv=as_csv)
    if file is not None and not any(moments.values()):
        click.echo(f"what comes nearest: framescout events rank {shlex.quote(str(file))}", err=True)
    if targets and not _told(engine, targets):
        ctx.exit(1)


@events.command(short_help="Show what comes nearest to the events of FILE.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("-n", "--limit", default=10, show_default=True, type=click.IntRange(1), help="How many of each event.")
@click.option("--event", "names", metavar="NAME", multiple=True, help="Only this event; may be repeated.")
@_model
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.option("--csv", "as_csv", is_flag=True, help="CSV on stdout.")
@click.pass_context
def rank(
    ctx: click.Context,
    file: Path,
    limit: int,
    names: tuple[str, ...],
    model: str | None,
    as_json: bool,
    as_csv: bool,
) -> None:
    """Show the stretches that come nearest to each event of FILE, most first, whether they are an alarm or not.

    Nothing is kept. In minutes of footage hardly anything is as rare as an alarm must be; look here then. All cameras
    are judged alike, by what is seen there and by contexts, without their histories.

    \b
    framescout events rank events.toml
    framescout events rank events.toml --event fighting -n 50
    """
    from query.events.moments import nearest_moments

    engine = open_engine(ctx, model)
    defined = _defined(engine, file)
    _refuse_unknown(names, defined, str(file))
    chosen = {name: event for name, event in defined.items() if not names or name in names}
    _print(engine, nearest_moments(engine, chosen, limit), as_json=as_json, as_csv=as_csv)


@events.command("list", short_help="List the events that were looked for.")
@click.argument("names", nargs=-1, metavar="[NAME...]")
@_model
@click.option("--json", "as_json", is_flag=True, help="JSON on stdout.")
@click.pass_context
def list_events(ctx: click.Context, names: tuple[str, ...], model: str | None, as_json: bool) -> None:
    """List the events that were looked for: alerts, what was said of them, where alone they count, and their file.

    \b
    framescout events list
    framescout events list fighting falling
    framescout events list --json
    """
    from query.events.showing import show_events, summaries

    engine = open_engine(ctx, model)
    found = summaries(engine)
    _refuse_unknown(names, [each["event"] for each in found], "the catalog")
    found = [each for each in found if not names or each["event"] in names]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        show_events(found)


@events.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_context
def remove(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Forget what was found of these events. What you said of their alerts stays, for the day they come back.

    \b
    framescout events remove loitering
    """
    catalog = open_engine(ctx, None).catalog
    with catalog.snapshot() as snapshot:
        spaces = [snapshot.space(model) for model in snapshot.models()]
        known = sorted({event.name for space in spaces for event in space.events()})
    _refuse_unknown(names, known, "the catalog")
    with catalog.writer() as writer:
        writer.drop_events(names)


@events.command(short_help="Draw what the score of an event is made of.")
@click.argument("name")
@click.option("--video", required=True, metavar="VIDEO", help="Its path, the end of one, or its video_id.")
@click.option("--file", type=click.Path(path_type=Path), help="The file of events [default: the one of the last run].")
@click.option("--out", type=click.Path(path_type=Path), help="The picture [default: NAME-VIDEO.png].")
@_model
@click.option("--json", "as_json", is_flag=True, help="The numbers as JSON on stdout, and no picture.")
@click.pass_context
def test(
    ctx: click.Context, name: str, video: str, file: Path | None, out: Path | None, model: str | None, as_json: bool
) -> None:
    """Draw each part of the score of the event NAME over one video: event, counter-prompts, contexts, alarm.

    Nothing is kept. So you can change the file and look again until the event is told as you want it.

    \b
    framescout events test fighting --video night.mp4
    """
    from query.events.parts import parts_of, plot_parts, to_json

    engine = open_engine(ctx, model)
    parts = parts_of(engine, name, video, file)
    if as_json:
        click.echo(json.dumps(to_json(parts), indent=2))
        return
    out = out or Path(f"{Path(name).name or 'event'}-{Path(video).stem}.png")
    plot_parts(parts, out, engine.zone)
    click.echo(str(out))


def _look(engine: Engine, file: Path, plots: Path | None, targets: list[dict[str, Any]], look_closer: bool) -> None:
    from query.events import watch

    defined = _defined(engine, file)
    closer = _closer(engine) if look_closer else None
    for detected in watch(engine, defined, source=file, targets=targets, closer=closer):
        if plots is not None:
            from query.events.plot import plot

            for path in plot(detected, plots, engine.zone):
                click.echo(printable(str(path)), err=True)


def _defined(engine: Engine, file: Path) -> dict[str, Event]:
    """The events of the file, whose cameras the catalog knows."""
    from query.events import read_events
    from query.events.watching import refuse_unknown_cameras

    defined = read_events(file)
    with engine.catalog.snapshot() as snapshot:
        refuse_unknown_cameras(snapshot, defined, file)
    return defined


def _closer(engine: Engine) -> Closer:
    from query.events.closer import Closer

    with engine.space() as space:
        model = space.model
    return Closer.of(model, engine.catalog.cache_folder, lambda said: click.echo(printable(said), err=True))


def _targets(post: str | None, command: str | None) -> list[dict[str, Any]]:
    from query.events.telling import address, program

    targets: list[dict[str, Any]] = []
    if post is not None:
        targets.append({"post": address(post)})
    if command is not None:
        targets.append({"exec": program(command)})
    return targets


def _told(engine: Engine, targets: list[dict[str, Any]]) -> bool:
    """Tell what is new; whether all of it was told."""
    from query.events.telling import tell

    troubles = tell(engine.catalog.pending_alerts, targets)
    for sentence in troubles:
        click.echo(printable(f"framescout: {sentence}"), err=True)
    return not troubles


def _chosen(engine: Engine, moments: AlertMoments, names: tuple[str, ...], globs: tuple[str, ...]) -> AlertMoments:
    """What was found of these events at these cameras; of all where none is named."""
    from framescout.errors import UsageError
    from query.events.detection import camera_of
    from query.events.watching import there_are
    from query.filters import matches_camera

    _refuse_unknown(names, moments, "the catalog")
    if globs:
        with engine.catalog.snapshot() as snapshot:
            cameras = {video.id: camera_of(video) for video in snapshot.video_facts()}
        for glob in globs:
            if not any(matches_camera(camera, glob) for camera in cameras.values()):
                raise UsageError(f"no camera is called {glob!r}; {there_are(sorted(set(cameras.values())))}")
        moments = {
            name: [pair for pair in pairs if any(matches_camera(cameras[pair[0].video_id], glob) for glob in globs)]
            for name, pairs in moments.items()
        }
    return {name: pairs for name, pairs in moments.items() if not names or name in names}


def _refuse_unknown(names: Iterable[str], known: Collection[str], where: str) -> None:
    from framescout.errors import UsageError
    from query.events.watching import there_are

    for name in names:
        if name not in known:
            raise UsageError(f"there is no event {name!r} in {where}; {there_are(sorted(known))}")


def _print(engine: Engine, moments: AlertMoments, *, as_json: bool, as_csv: bool) -> None:
    from query.events.moments import to_json
    from query.events.showing import show

    if as_json:
        click.echo(json.dumps(to_json(moments), indent=2))
    elif as_csv:
        click.echo(_as_csv(moments), nl=False)
    else:
        show(moments, engine.zone)


def _as_csv(moments: AlertMoments) -> str:
    """A row an alert."""
    from query.clips.manifest import cell
    from query.events.moments import to_json

    text = io.StringIO()
    writer = csv.DictWriter(text, _COLUMNS, lineterminator="\r\n", extrasaction="ignore")
    writer.writeheader()
    for name, alerts in to_json(moments).items():
        for alert in alerts:
            writer.writerow({column: cell(value) for column, value in {"event": name, **alert}.items()})
    return text.getvalue()
