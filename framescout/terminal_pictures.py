"""Draws pictures in a terminal: by kitty's and iTerm2's protocols, by sixels, else as half blocks in colour.

The terminal is known by the variables that it sets; those that say nothing are asked for sixels (DA1, as a VT340 was).
No library is used: term-image was last released in 2024 and wants an old Pillow, chafa.py brings a compiled program,
and textual-image 0.12 has no iTerm2, takes 0.16 s to import, and fails on a terminal that doesn't know its own width.
"""

from __future__ import annotations

import base64
import io
import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image
    from rich.console import Console
    from rich.text import Text

CELL = (10, 20)
"""Pixels of a character, (width, height), where a picture is drawn in pixels; the terminal scales to its own."""
_CHUNK = 4096  # bytes of one of kitty's messages at most
_WAIT = 1.0  # seconds for a terminal's answer: what comes later would stand in the shell as if it were typed
_KNOWS_KITTYS = "\x1b_Gi=1,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_ATTRIBUTES = "\x1b[c"
_ANSWER = re.compile(r"\x1b\[\?([\d;]*)c")  # to DA1, which every terminal answers last
_GAP = 1  # characters between two pictures side by side


class Way(StrEnum):
    """How a terminal is given a picture."""

    KITTY = "kitty"
    ITERM = "iterm"
    SIXEL = "sixel"
    BLOCKS = "blocks"


def way_of(environment: Mapping[str, str], answer: str = "") -> Way:
    """How the terminal with these variables is given pictures; `answer`: what it said to `_asked`, if it did."""
    if not _is_within_another(environment):
        if environment.get("TERM") in ("xterm-kitty", "xterm-ghostty") or "\x1b_Gi=1;OK\x1b\\" in answer:
            return Way.KITTY
        if "iTerm" in environment.get("LC_TERMINAL", "") or environment.get("TERM_PROGRAM") in ("iTerm.app", "WezTerm"):
            return Way.ITERM
    said = _ANSWER.search(answer)
    return Way.SIXEL if said and "4" in said[1].split(";") else Way.BLOCKS


def _is_within_another(environment: Mapping[str, str]) -> bool:
    """Whether tmux or screen stands between, which takes kitty's messages for titles."""
    return "TMUX" in environment or environment.get("TERM", "").startswith(("screen", "tmux"))


def can_draw(console: Console) -> bool:
    """Whether this is a terminal with colours."""
    return console.is_terminal and console.color_system is not None and not console.no_color


def draw(console: Console, picture: Image, columns: int) -> None:
    """Draw a picture so many characters wide, and go to the line below it."""
    way = way_of(os.environ)
    if way is Way.BLOCKS:
        way = way_of(os.environ, _asked("KITTY_WINDOW_ID" in os.environ and not _is_within_another(os.environ)))
    if way is Way.BLOCKS:
        for line in _blocks(picture, columns):
            console.print(line)
        return
    rows = rows_of(picture, columns)
    width, height = _cell() if way is Way.SIXEL else CELL
    sized = picture.convert("RGB").resize((columns * width, rows * height))
    console.file.write({Way.KITTY: _kitty, Way.ITERM: _iterm, Way.SIXEL: _sixel}[way](sized, columns, rows) + "\n")
    console.file.flush()


def rows_of(picture: Image, columns: int) -> int:
    """Lines that a picture takes which is so many characters wide; a character is twice as high as wide."""
    return max(1, round(columns * picture.height / picture.width / 2))


def beside(pictures: Sequence[Image], columns: int) -> Image:
    """One picture of several side by side, each `columns` characters wide, with a gap of a character between them."""
    from PIL import Image

    width = columns * CELL[0]
    height = max(rows_of(each, columns) for each in pictures) * CELL[1]
    strip = Image.new("RGB", ((width + _GAP * CELL[0]) * len(pictures) - _GAP * CELL[0], height))
    for number, each in enumerate(pictures):
        strip.paste(each.resize((width, rows_of(each, columns) * CELL[1])), (number * (width + _GAP * CELL[0]), 0))
    return strip


def _blocks(picture: Image, columns: int) -> Iterator[Text]:
    """Half blocks: the upper pixel is the letter, the lower one its ground."""
    from rich.color import Color
    from rich.style import Style
    from rich.text import Text

    sized = picture.convert("RGB").resize((columns, 2 * rows_of(picture, columns)))
    pixels = np.asarray(sized).tolist()
    for upper, lower in zip(pixels[::2], pixels[1::2], strict=True):
        line = Text(no_wrap=True)
        for above, below in zip(upper, lower, strict=True):
            line.append("▀", Style(color=Color.from_rgb(*above), bgcolor=Color.from_rgb(*below)))
        yield line


def _kitty(picture: Image, columns: int, rows: int) -> str:
    data = _encoded(picture)
    parts = [data[start : start + _CHUNK] for start in range(0, len(data), _CHUNK)]
    said = [f"a=T,f=100,q=2,c={columns},r={rows},", *[""] * (len(parts) - 1)]
    more = [1] * (len(parts) - 1) + [0]
    return "".join(f"\x1b_G{keys}m={m};{part}\x1b\\" for keys, m, part in zip(said, more, parts, strict=True))


def _iterm(picture: Image, columns: int, rows: int) -> str:
    return f"\x1b]1337;File=inline=1;width={columns};height={rows};preserveAspectRatio=0:{_encoded(picture)}\x07"


def _sixel(picture: Image, columns: int, rows: int) -> str:
    """In 255 colours; six rows of pixels a band, and in a band a run of letters for each colour that it holds."""
    from PIL.Image import Quantize

    height = max(6, picture.height - picture.height % 6)  # a part of a band would take a line more
    whole = picture.crop((0, 0, picture.width, height))
    few = whole.quantize(255, method=Quantize.MEDIANCUT)
    palette = np.array(few.getpalette(), int).reshape(-1, 3) * 100 // 255
    numbers = np.asarray(few)
    colours = "".join(f"#{number};2;{r};{g};{b}" for number, (r, g, b) in enumerate(palette.tolist()))
    bands = []
    for top in range(0, len(numbers), 6):
        band = numbers[top : top + 6]
        lines = []
        for colour in np.unique(band).tolist():
            bits = ((band == colour) << np.arange(len(band))[:, None]).sum(axis=0)
            letters = bytes((bits + 63).astype(np.uint8)).decode("ascii")
            lines.append(f"#{colour}" + re.sub(r"(.)\1{3,}", lambda run: f"!{len(run[0])}{run[1]}", letters))
        bands.append("$".join(lines))
    return f'\x1bPq"1;1;{whole.width};{whole.height}{colours}{"-".join(bands)}\x1b\\'


def _encoded(picture: Image) -> str:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return base64.b64encode(out.getvalue()).decode("ascii")


def _cell() -> tuple[int, int]:
    """Pixels of a character of this terminal, (width, height), where it tells: nobody scales sixels."""
    if sys.platform == "win32" or not sys.stdout.isatty():
        return CELL
    import fcntl
    import struct
    import termios

    try:
        told = fcntl.ioctl(sys.stdout.fileno(), termios.TIOCGWINSZ, bytes(8))
    except OSError:
        return CELL
    rows, columns, width, height = struct.unpack("HHHH", told)
    return (width // columns, height // rows) if rows and columns and width >= columns and height >= rows else CELL


@cache
def _asked(may_know_kittys: bool) -> str:
    """What the terminal answers to DA1, and before it to kitty's question; "" where nobody can be asked or answers."""
    if sys.platform == "win32" or not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ""
    import select
    import termios
    import time
    import tty

    terminal = sys.stdin.fileno()
    if os.tcgetpgrp(terminal) != os.getpgrp():  # in the background, where a program that changes a terminal is stopped
        return ""
    before, answer, until = termios.tcgetattr(terminal), "", time.monotonic() + _WAIT
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)
        sys.stdout.write((_KNOWS_KITTYS if may_know_kittys else "") + _ATTRIBUTES)
        sys.stdout.flush()
        while not _ANSWER.search(answer) and (left := until - time.monotonic()) > 0:
            if select.select([terminal], [], [], left)[0]:
                said = os.read(terminal, 1)
                if not said:
                    break
                answer += said.decode("ascii", "replace")
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
    return answer
