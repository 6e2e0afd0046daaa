"""`framescout demo`: draws a small archive, then runs the commands that it prints."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from framescout.errors import UsageError

if TYPE_CHECKING:
    from PIL.Image import Image

QUESTION = "trees in a green meadow"
_VIDEOS = {
    "holiday.mp4": ("mountains", "meadow", "sunset"),
    "cam01_20260214_221500.mp4": ("night",),
    "evening_at_the_sea.mp4": ("sunset",),
    "mountain_tour.mp4": ("mountains",),
}
_SHOT = 6  # seconds
_MARK = ".framescout-demo"


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path("framescout-demo"))
@click.pass_context
def demo(ctx: click.Context, folder: Path) -> None:
    """Make a small archive in FOLDER, index it, ask it a question, cut out a clip: the quickest proof that it works.

    \b
    framescout demo

    Exit status: 0 done; otherwise that of the step that failed.
    """
    _claim(folder)
    archive, catalog, clips = folder / "archive", folder / "catalog", folder / "clips"
    click.echo(f"Drawing a small archive of {len(_VIDEOS)} videos in {archive}", err=True)
    make_archive(archive)
    for arguments in (
        ["--catalog", str(catalog), "index", str(archive)],
        ["--catalog", str(catalog), "search", QUESTION, "--limit", "3"],
        ["--catalog", str(catalog), "export", QUESTION, "--limit", "1", "--out", str(clips), "--overwrite"],
    ):
        click.echo(f"\n$ framescout {shlex.join(arguments)}")
        sys.stdout.flush()
        code = ctx.find_root().command.main(arguments, prog_name="framescout", standalone_mode=False)
        if code:
            ctx.exit(code)
    click.echo(f"\nThe clip is in {clips}; the archive it was found in is {archive}.")
    click.echo('Now with your own footage:  framescout index FOLDER  and  framescout search "what you look for"')


def make_archive(folder: Path) -> None:
    """Four short videos of drawn landscapes, each shot a slow pan of six seconds."""
    from framescout.commands.scenes import SCENES, draw

    folder.mkdir(parents=True, exist_ok=True)
    pictures = {name: draw(name) for name in SCENES}
    for name, shots in _VIDEOS.items():
        if not (folder / name).exists():
            _encode(folder / name, [pictures[shot] for shot in shots])


def _encode(path: Path, pictures: list[Image]) -> None:
    import tempfile

    import ffmpeg

    from framescout.media.ffmpeg import file_url, run

    with tempfile.TemporaryDirectory() as folder:
        shots = []
        for number, picture in enumerate(pictures):
            still = Path(folder) / f"{number}.png"
            picture.save(still)
            shot = ffmpeg.input(file_url(still), loop=1, t=_SHOT, framerate=25)
            shots.append(shot.filter("crop", 640, 360, f"(iw-ow)*t/{_SHOT}", "(ih-oh)/2"))
        unfinished = path.with_name(f".{path.name}.part")
        joined = ffmpeg.concat(*shots, v=1, a=0)
        output = joined.output(file_url(unfinished), format="mp4", vcodec="libx264", pix_fmt="yuv420p", crf=20)
        run(output, doing=f"drawing {path.name}")
        unfinished.replace(path)


def _claim(folder: Path) -> None:
    """Make the folder ours.

    Raises:
        UsageError: somebody else's files are in it.
    """
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK).exists():
        raise UsageError(f"{folder} is not empty; name another folder: framescout demo FOLDER")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _MARK).touch()
