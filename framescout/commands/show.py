"""`framescout show`: everything that is known of one video, with pictures of it where the terminal can."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from framescout.console import printable
from framescout.timeline import format_clock

if TYPE_CHECKING:
    from framescout.catalog import Catalog

_PICTURE = 26  # columns of a picture of the strip, about
_STEPS = "▁▂▃▄▅▆▇█"


@click.command()
@click.argument("video")
@click.option("--no-pictures", is_flag=True, help="Only words.")
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_context
def show(ctx: click.Context, video: str, no_pictures: bool, as_json: bool) -> None:
    """Show everything that is known of VIDEO, named by its path, the end of one, or its video_id.

    Its pictures in a row (on a terminal with colours), what labels and events found in it, how much moves, and of each
    file every time and camera that was found, from where, and which counts.

    \b
    framescout show cam01/20260214_221500.mp4
    framescout show 17 --json

    Exit status: 0 done; 2 there is no such video; 3 there is no catalog.
    """
    from framescout.catalog import Catalog
    from framescout.settings import catalog_place, load_chosen

    catalog = Catalog.open(catalog_place(ctx.obj), create=False, settings=load_chosen(ctx.obj))
    tell_of_video(catalog, video, as_json=as_json, with_pictures=not no_pictures)


def tell_of_video(catalog: Catalog, written: str, *, as_json: bool, with_pictures: bool) -> None:
    """Print what is known of the video that a person named so.

    Raises:
        UsageError: there is no such video, or there are several.
    """
    from framescout.summary import evidence

    facts = evidence(catalog, written)
    if as_json:
        click.echo(json.dumps(facts, indent=2))
        return
    if with_pictures:
        _draw_strip(facts)
    length = format_clock(facts["duration"], decimals=1)
    click.echo(
        f"video       {facts['video_id']}: {length}, {facts['width']} x {facts['height']}, {facts['codec']}, "
        f"{facts['frame_rate']:.6g} frames/s"
    )
    if facts["timecode"]:
        click.echo(f"timecode    {facts['timecode']} at its first frame")
    if facts["partial"]:
        _line(f"partial     {facts['partial']['why']}")
    for file in facts["files"]:
        _tell_of_file(file, catalog)
    for model in facts["models"]:
        _line(f"model       {model['name']}: {model['keyframes']} keyframes ({model['density']})")
        for name, counts in model["labels"].items():
            shares = ", ".join(f"{label} {count / sum(counts.values()):.0%}" for label, count in counts.items())
            _line(f"  labels    {name}: {shares}")
        for alert in model["alerts"]:
            place = f" ({alert['context']})" if alert["context"] else ""
            span = " to ".join(format_clock(alert[edge], decimals=1) for edge in ("start", "end"))
            _line(f"  event     {alert['event']} {span}{place}")
    _line(f"motion      {_motion(facts['motion'])}")


def _tell_of_file(file: dict[str, Any], catalog: Catalog) -> None:
    _line(f"file        {file['path']}{' (gone)' if file['is_gone'] else ''}")
    _line(f"  camera    {file['camera']} ({file['camera_from']})" if file["camera"] else "  camera    unknown")
    for number, time in enumerate(file["times"]):
        at = datetime.fromisoformat(time["at"]).astimezone(catalog.settings.zone).isoformat(" ", "seconds")
        _line(f"  {'recorded' if number == 0 else 'not used'}  {at} ({time['why']})")
    if not file["times"]:
        _line("  recorded  unknown: neither name, nor folders, nor tags tell")


def _motion(motion: dict[str, Any]) -> str:
    """The curve in as many letters as a terminal of 80 columns takes: of each stretch the most that moves."""
    levels = [level or 0.0 for level in motion["levels"]]
    if not levels:
        return f"unknown: {motion['detail']}" if motion["detail"] else "unknown"
    width = min(len(levels), 66)
    edges = [len(levels) * number // width for number in range(width + 1)]
    peaks = [max(levels[start:end]) for start, end in pairwise(edges)]
    return "".join(_STEPS[min(len(_STEPS) - 1, int(peak * len(_STEPS)))] for peak in peaks)


def _draw_strip(facts: dict[str, Any]) -> None:
    """Pictures at even steps; none where the terminal can't, or no file can be read."""
    from rich.console import Console

    from framescout import terminal_pictures

    console = Console()
    path = next((file["path"] for file in facts["files"] if Path(file["path"]).is_file()), None)
    if path is None or not terminal_pictures.can_draw(console):
        return
    from framescout.errors import MediaError
    from framescout.media.frames import pictures_at

    many = max(1, console.width // _PICTURE)
    columns = console.width // many - 1
    times = [facts["duration"] * (number + 0.5) / many for number in range(many)]
    try:
        pictures = list(pictures_at(path, times, size=(640, 640)))
    except MediaError:
        return
    terminal_pictures.draw(console, terminal_pictures.beside(pictures, columns), many * (columns + 1) - 1)
    heads = [format_clock(time, decimals=1)[:columns].ljust(columns) for time in times]
    console.print(" ".join(heads).rstrip(), style="dim", highlight=False)


def _line(text: str) -> None:
    click.echo(printable(text))
