"""Runs the ffmpeg program on a graph built with ffmpeg-python.

No shell is involved and only local files are opened. A stopped run leaves no child process. What the program complains
about becomes one sentence.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import ffmpeg

from framescout import settings
from framescout.errors import ClipError, DiskFullError, FfmpegNotFoundError
from framescout.media.container import DEMUXERS, MAX_PIXELS

_LINES_KEPT = 40
_PIECE = 2**16
_DISGUISED = {0xDC80 + n: 0x10FF00 + n for n in range(128)}
_BARE = {there: here for here, there in _DISGUISED.items()}
_NO_SPACE = "No space left on device"
# What ffmpeg says last is seldom what went wrong first.
_EMPTY_PHRASES = (
    "Conversion failed!",
    "Error opening output files",
    "Nothing was written into output file",
    "Terminating thread",
    "Task finished with error",
    "Error while filtering",
    "Exiting with exit code",
)


_chosen: str | None = None


def choose_ffmpeg(program: str) -> None:
    """Use the program that the setting `ffmpeg` names; "" stands for the one that imageio-ffmpeg brings."""
    global _chosen
    _chosen = program


def find_ffmpeg() -> str:
    """The path of the ffmpeg program: the chosen one, else the one of the settings, else the tested one.

    imageio-ffmpeg brings the release that the tests ran with; one on the PATH is used only where a setting says so.

    Raises:
        FfmpegNotFoundError: it is not there.
    """
    return _locate(settings.load().ffmpeg if _chosen is None else _chosen)


def _locate(program: str) -> str:
    if program:
        if path := shutil.which(program):
            return path
        raise FfmpegNotFoundError(
            f"the setting ffmpeg names {program!r}, which is no program here; correct it, or leave it empty"
        )
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise FfmpegNotFoundError(
            "no ffmpeg program found; run: pip install imageio-ffmpeg, or name one in the setting ffmpeg"
        ) from error


def version() -> str:
    """Which release the program says it is."""
    return " ".join(_listing("-version").split()[2:3])


def has_filter(name: str) -> bool:
    """Whether the program was built with a filter."""
    return any(line.split()[1:2] == [name] for line in _listing("-filters").splitlines())


def has_encoder(name: str) -> bool:
    """Whether the program was built with an encoder."""
    return any(line.split()[1:2] == [name] for line in _listing("-encoders").splitlines())


def keep_frame_times() -> dict[str, str]:
    """The output option that keeps every frame at its own time; its name changed with ffmpeg 5.1."""
    return {"fps_mode" if "\n-fps_mode" in _listing("-h", "full") else "vsync": "passthrough"}


def file_url(path: str | Path) -> str:
    """A path for ffmpeg-python's nodes, whatever characters are in it."""
    # ffmpeg-python can't carry the stand-ins for bytes that are no UTF-8; `run` puts them back
    return "file:" + os.path.abspath(path).translate(_DISGUISED)  # noqa: PTH100 - links are to stay as they are


def footage(path: str | Path, *, part: tuple[int, int] | None = None, **options: Any) -> Any:
    """A local video as ffmpeg-python's input node; no network, and no file that another file names.

    `part`: the first byte, and the first one behind it, of a part that is read as if it were the file.
    """
    protocols = "file,subfile" if part else "file"
    url = f"subfile,,start,{part[0]},end,{part[1]},,:{file_url(path)}" if part else file_url(path)
    limits = {"protocol_whitelist": protocols, "format_whitelist": DEMUXERS, "max_pixels": MAX_PIXELS}
    return ffmpeg.input(url, **limits, **options)


def run(stream: Any, *, doing: str) -> None:
    """Run a graph of ffmpeg-python (its output node), or a list of arguments; returns when the file is written.

    `doing` opens the sentence of an error: "cam01.mp4 at 0:01:15 can't be cut".

    Raises:
        ClipError: ffmpeg failed; with the last meaningful line of what it said.
        DiskFullError: the file didn't fit.
        FfmpegNotFoundError: there is no ffmpeg.
    """
    command = _command(stream)
    process = None
    try:
        with _interrupts_wait():
            process = subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        assert process.stderr
        # line by line: damaged footage makes ffmpeg talk without end
        said = [line.decode(errors="replace").strip() for line in deque(process.stderr, maxlen=_LINES_KEPT)]
        code = process.wait()
    except BaseException:
        if process:
            process.kill()
            process.wait()
        raise
    finally:
        if process and process.stderr:
            process.stderr.close()
    if any(_NO_SPACE in line for line in said):
        raise DiskFullError(f"{doing}: the disk is full; free some space, or name another folder")
    if code:
        raise ClipError(f"{doing}: {_complaint(said) or f'ffmpeg ended with code {code}'}")


def pieces(stream: Any) -> Generator[bytes, None, None]:
    """What a graph writes to `pipe:1`, as it is made; ends when nobody reads on. A failure ends it early.

    Raises:
        FfmpegNotFoundError: there is no ffmpeg.
    """
    with subprocess.Popen(  # noqa: S603 - a list of arguments, no shell
        _command(stream), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout
        try:
            while piece := process.stdout.read(_PIECE):
                yield piece
        finally:
            process.kill()


def _command(stream: Any) -> list[str]:
    given = stream if isinstance(stream, Sequence) else ffmpeg.get_args(stream)
    arguments = [argument.translate(_BARE) for argument in given]
    return [find_ffmpeg(), "-hide_banner", "-nostdin", "-loglevel", "error", "-y", *arguments]


@contextmanager
def _interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C and SIGTERM back: one that arrives while a program starts would lose sight of it."""
    if threading.current_thread() is not threading.main_thread():
        yield  # signals reach the main thread only
        return
    arrived: list[int] = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number in handlers:
        signal.signal(number, lambda number, _: arrived.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler or signal.SIG_DFL)
        for late in dict.fromkeys(arrived):
            signal.raise_signal(late)


def _complaint(said: Sequence[str]) -> str:
    telling = [line for line in said if line and not any(phrase in line for phrase in _EMPTY_PHRASES)]
    return telling[-1] if telling else ""


def _listing(*asked: str) -> str:
    return _said_by(find_ffmpeg(), *asked)


@cache
def _said_by(program: str, *asked: str) -> str:
    command = [program, "-hide_banner", *asked]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    return done.stdout.decode(errors="replace")
