"""A terminal of a chosen width, which a test reads, and in which it answers."""

from __future__ import annotations

import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

if sys.platform != "win32":
    import fcntl
    import pty
    import struct
    import termios

DA1 = "\x1b[c"
"""By which a program asks a terminal what it can."""

_LIMIT = 120.0  # seconds for a program, on a loaded machine


def run_in_terminal(
    command: Sequence[str | Path],
    *,
    width: int = 80,
    cell: tuple[int, int] = (0, 0),
    answer: str = "",
    environment: Mapping[str, str] | None = None,
) -> tuple[str, int]:
    """What a program writes to a terminal so many characters wide, and its exit status.

    `cell`: pixels of a character, (width, height), which the terminal tells where they aren't 0. `answer`: what it says
    when it is asked by `DA1`; "" where it says nothing.
    """
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, width * cell[0], 24 * cell[1]))
    known = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
    kept = {name: value for name, value in os.environ.items() if name not in _OF_TERMINALS}
    process = subprocess.Popen(
        [sys.executable, "-c", _LEADER, *map(str, command)],
        stdin=its,
        stdout=its,
        stderr=its,
        env={**kept, **known, **(environment or {})},
        start_new_session=True,
    )
    os.close(its)
    try:
        return _read(ours, answer), process.wait(_LIMIT)
    finally:
        os.close(ours)
        process.kill()
        process.wait()


_OF_TERMINALS = {
    "COLUMNS", "LINES", "KITTY_WINDOW_ID", "LC_TERMINAL", "TERM_PROGRAM", "TMUX", "NO_COLOR", "FORCE_COLOR",
    "TTY_COMPATIBLE", "TTY_INTERACTIVE",
}  # fmt: skip

_LEADER = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
"""The terminal is the program's own, as in a window; then the program takes this one's place."""


def _read(ours: int, answer: str) -> str:
    """Until nobody holds the other side open."""
    written, until, answered = b"", time.monotonic() + _LIMIT, False
    while (left := until - time.monotonic()) > 0:
        if not select.select([ours], [], [], left)[0]:
            break
        try:
            more = os.read(ours, 65536)
        except OSError:  # as Linux says that it is closed
            break
        if not more:
            break
        written += more
        if answer and not answered and DA1.encode() in written:
            os.write(ours, answer.encode())
            answered = True
    return written.decode("utf-8", "replace")
