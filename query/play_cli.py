"""The commands that show a moment of the last search in a player: play, open."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from framescout.console import printable
from framescout.timeline import format_clock

if TYPE_CHECKING:
    from query.answer import Moment

_PLAYERS: dict[str, Callable[[str, str], list[str]]] = {
    "mpv": lambda path, seconds: [f"--start={seconds}", "--", path],
    "vlc": lambda path, seconds: [f"--start-time={seconds}", path],
    "ffplay": lambda path, seconds: ["-hide_banner", "-loglevel", "error", "-ss", seconds, "-i", path],
}
"""Players that can begin at a time, best first, and what each is given: a path and seconds."""
_BEYOND_THE_PATH = {"mpv": "mpv.app/Contents/MacOS/mpv", "vlc": "VLC.app/Contents/MacOS/VLC"}  # below /Applications

_number = click.argument("number", type=click.IntRange(min=1), default=1, metavar="[N]")


@click.command()
@_number
def play(number: int) -> None:
    """Play moment N of your last search, from where it begins, in mpv, VLC or ffplay; without N the first.

    Where none of them is installed, the system's own player opens the video, and the time is said.

    \b
    framescout search "a red car"
    framescout play 3

    Exit status: 0 done; 2 there is no such moment; 3 there was no search, the file is gone, or no player can be had.
    """
    moment = _moment(number)
    found = next(_installed(), None)
    if found is None:
        click.echo(f"no mpv, VLC or ffplay is installed; the moment is at {_clock(moment)}", err=True)
        _open_by_the_system(moment.video)
        return
    name, program = found
    click.echo(printable(f"{moment.video} from {_clock(moment)} in {name}"), err=True)
    _run([program, *_PLAYERS[name](moment.video, f"{moment.start:.3f}")])


@click.command("open")
@_number
def open_(number: int) -> None:
    """Open the video of moment N of your last search in the program that your system opens such files with.

    It is told no time; `framescout play` begins at the moment.

    \b
    framescout search "a red car"
    framescout open 3

    Exit status: 0 done; 2 there is no such moment; 3 there was no search, the file is gone, or nothing opens it.
    """
    moment = _moment(number)
    click.echo(printable(f"{moment.video}; the moment is at {_clock(moment)}"), err=True)
    _open_by_the_system(moment.video)


def _moment(number: int) -> Moment:
    from framescout.errors import NotAvailableError
    from framescout.roots import no_place
    from query.last_search import recall

    moment = recall(number)
    if not Path(moment.video).is_file():
        way_out = no_place(moment.video) or "framescout index finds where it was moved to"
        raise NotAvailableError(f"{moment.video} is gone; {way_out}")
    return moment


def _clock(moment: Moment) -> str:
    return format_clock(moment.start, decimals=1)


def _installed() -> Iterator[tuple[str, str]]:
    for name in _PLAYERS:
        program = shutil.which(name)
        if program is None and sys.platform == "darwin" and name in _BEYOND_THE_PATH:
            program = shutil.which(Path("/Applications") / _BEYOND_THE_PATH[name])
        if program:
            yield name, program


def _open_by_the_system(path: str) -> None:
    if sys.platform == "win32":
        os.startfile(path)  # noqa: S606  # no shell: a file's name may hold anything
    else:
        _run(["open" if sys.platform == "darwin" else "xdg-open", path])


def _run(call: list[str]) -> None:
    """Wait for a player; Ctrl-C ends it and is no error."""
    from framescout.errors import NotAvailableError

    name = Path(call[0]).name
    try:
        ended = subprocess.run(call, check=False).returncode  # noqa: S603  # a fixed program, a path of the catalog
    except OSError as error:
        raise NotAvailableError(f"{name} can't be run ({error.strerror}); install mpv, VLC or ffplay") from error
    if ended:
        raise NotAvailableError(f"{name} ended with {ended}; install mpv, VLC or ffplay, or open the file yourself")
