"""`framescout cameras`: the cameras of the catalog; what a person says of their clocks, zones and folders."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framescout.console import printable
from framescout.timeline import parse_clock

if TYPE_CHECKING:
    from framescout.catalog import Catalog
    from framescout.recording import Said

_NO_NAME = "(not known)"


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_context
def cameras(ctx: click.Context, as_json: bool) -> None:
    """List the cameras of the catalog: how many videos, from when to when, and what was said of their clocks.

    What `framescout cameras set` says counts at once, for all that is indexed; nothing is read again.

    \b
    framescout cameras
    framescout cameras set yard --folder /archive/yard --timezone Europe/Berlin
    framescout cameras set cam03 --fast 4:10
    framescout cameras forget cam03

    Exit status: 0 done; 2 usage; 3 there is no catalog.
    """
    if ctx.invoked_subcommand is not None:
        return
    catalog = _opened(ctx)
    facts = _gather(catalog)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
    else:
        _show(facts, catalog.settings.zone)


@cameras.command("set", short_help="Say what is known of a camera, or of a folder.")
@click.argument("name", required=False)
@click.option("--folder", type=click.Path(path_type=Path), help="Of the files below this folder; NAME is their camera.")
@click.option("--timezone", metavar="ZONE", help="Where the clock stands, as in the IANA list: Europe/Berlin.")
@click.option("--fast", metavar="CLOCK", help="By how much the clock is ahead: 4:10 is four minutes and ten seconds.")
@click.option("--slow", metavar="CLOCK", help="By how much it is behind.")
@click.option(
    "--local-tags/--utc-tags", default=None, help="Whether it writes local time where the container's tag says UTC."
)
@click.pass_context
def set_(
    ctx: click.Context,
    name: str | None,
    folder: Path | None,
    timezone: str | None,
    fast: str | None,
    slow: str | None,
    local_tags: bool | None,
) -> None:
    """Say what is known of a camera, or of all files below a folder; what was said before and isn't named stays.

    \b
    framescout cameras set cam03 --fast 4:10
    framescout cameras set --folder /archive/phones --timezone America/New_York
    """
    if name is None and folder is None:
        raise click.UsageError("Name a camera, or a --folder, or both.")
    if fast is not None and slow is not None:
        raise click.UsageError("A clock is --fast or --slow, not both.")
    given = {"timezone": timezone, "fast": _seconds(fast, slow), "local_tags": local_tags}
    if not (folder and name) and all(value is None for value in given.values()):
        raise click.UsageError("Say something of it: --timezone, --fast, --slow or --local-tags.")
    catalog = _opened(ctx)
    every = catalog.rules.said
    new = _merged(every, name, folder, {key: value for key, value in given.items() if value is not None})
    catalog.say([*(each for each in every if not each.is_of_same(new)), new])
    click.echo(printable(_sentence(new)), err=True)


@cameras.command()
@click.argument("name", required=False)
@click.option("--folder", type=click.Path(path_type=Path), help="What was said of this folder.")
@click.pass_context
def forget(ctx: click.Context, name: str | None, folder: Path | None) -> None:
    """Forget what was said of a camera or a folder.

    \b
    framescout cameras forget cam03
    """
    if (name is None) == (folder is None):
        raise click.UsageError("Name a camera or a --folder.")
    catalog = _opened(ctx)
    every = catalog.rules.said
    wanted = _said(folder=_absolute(folder), camera=name)
    kept = [each for each in every if not each.is_of_same(wanted)]
    if len(kept) == len(every):
        raise click.UsageError(f"Nothing was said of {folder or name}; framescout cameras lists what was.")
    catalog.say(kept)


def _opened(ctx: click.Context) -> Catalog:
    from framescout import settings
    from framescout.catalog import Catalog

    loaded = settings.load_chosen(ctx.obj)
    return Catalog.open(settings.catalog_place(ctx.obj), create=False, settings=loaded)


def _merged(every: Iterable[Said], name: str | None, folder: Path | None, given: dict[str, Any]) -> Said:
    """What was said of the same, with what is said now."""
    import msgspec

    target = _said(folder=_absolute(folder), camera=name)
    before = next((each for each in every if each.is_of_same(target)), target)
    return _said(**(msgspec.structs.asdict(before) | ({"camera": name} if name else {}) | given))


def _said(**values: Any) -> Said:
    from framescout.recording import Said

    try:
        return Said(**values)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from error


def _absolute(folder: Path | None) -> str | None:
    return None if folder is None else os.path.realpath(folder)


def _seconds(fast: str | None, slow: str | None) -> float | None:
    """How far the clock is ahead."""
    written = fast if fast is not None else slow
    if written is None:
        return None
    try:
        return parse_clock(written) * (1 if fast is not None else -1)
    except ValueError:
        raise click.UsageError(f"{written!r} is no time; write it like 4:10, or in seconds.") from None


def _gather(catalog: Catalog) -> dict[str, Any]:
    """The document of `cameras --json`; a camera of null are the videos of which nobody knows it."""
    import msgspec

    with catalog.snapshot() as snapshot:
        videos = snapshot.video_facts()
    known: dict[str | None, dict[int, list[datetime]]] = {}
    for video in videos:
        for file in video.files:
            times = known.setdefault(file.camera or None, {}).setdefault(video.id, [])
            times += [file.recorded_at] if file.recorded_at else []
    return {
        "timezone": catalog.settings.timezone,
        "cameras": [
            _facts(name, [*known[name].values()]) for name in sorted(known, key=lambda name: (name is None, name or ""))
        ],
        "said": [msgspec.structs.asdict(each) for each in catalog.rules.said],
    }


def _facts(camera: str | None, times_of_each: Sequence[Sequence[datetime]]) -> dict[str, Any]:
    times = [at for times in times_of_each for at in times]
    return {
        "camera": camera,
        "videos": len(times_of_each),
        "timed": sum(map(bool, times_of_each)),
        "first": min(times).isoformat() if times else None,
        "last": max(times).isoformat() if times else None,
    }


def _show(facts: dict[str, Any], zone: tzinfo) -> None:
    names = [_NO_NAME if each["camera"] is None else each["camera"] for each in facts["cameras"]]
    widest = max(map(len, names), default=0)
    for name, each in zip(names, facts["cameras"], strict=True):
        line = f"{name:<{widest}}  {each['videos']:>6} videos  {_when(each, zone)}"
        click.echo(printable(line.rstrip()))
    for each in facts["said"]:
        click.echo(printable(_sentence(_said(**each))))
    click.echo(f"other clocks stand in {facts['timezone']} (the setting timezone)", err=True)


def _when(camera: dict[str, Any], zone: tzinfo) -> str:
    """From when to when, and of how many videos that is known where it isn't of all."""
    if not camera["timed"]:
        return ""
    days = [f"{datetime.fromisoformat(camera[name]).astimezone(zone):%Y-%m-%d %H:%M}" for name in ("first", "last")]
    some = f"{camera['timed']} with a time: " if camera["timed"] < camera["videos"] else ""
    return some + " to ".join(dict.fromkeys(days))


def _sentence(said: Said) -> str:
    """What was said, in words."""
    parts = [f"of camera {said.camera}"] if said.folder and said.camera else []
    parts += [f"in {said.timezone}"] if said.timezone else []
    parts += [f"its clock is {abs(said.fast):g} s {'fast' if said.fast > 0 else 'slow'}"] if said.fast else []
    parts += ["its tags hold local time"] if said.local_tags else []
    return f"{said.folder or said.camera}: {', '.join(parts) or 'nothing'}"
