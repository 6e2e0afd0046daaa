"""Pictures in a terminal: the protocol fits the terminal, and what is sent is the picture."""

from __future__ import annotations

import base64
import io
import re
import sys

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from framescout import terminal_pictures
from framescout.terminal_pictures import CELL, Way, beside, draw, rows_of, way_of
from tests.terminal import DA1, run_in_terminal

has_terminals = pytest.mark.skipif(sys.platform == "win32", reason="it has no pseudo-terminals")


@pytest.fixture
def picture() -> Image.Image:
    """Four colours, one a quarter."""
    image = Image.new("RGB", (160, 90), (255, 0, 0))
    image.paste((0, 255, 0), (80, 0, 160, 45))
    image.paste((0, 0, 255), (0, 45, 80, 90))
    image.paste((255, 255, 255), (80, 45, 160, 90))
    return image


KITTY_SAYS, XTERM_SAYS, SIXEL_SAYS = "\x1b_Gi=1;OK\x1b\\\x1b[?62;c", "\x1b[?64;1;2;6;22c", "\x1b[?62;4;22c"


@pytest.mark.parametrize(
    ("environment", "answer", "way"),
    [
        ({"TERM": "xterm-kitty"}, "", Way.KITTY),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, KITTY_SAYS, Way.KITTY),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, XTERM_SAYS, Way.BLOCKS),  # begun within kitty
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "", Way.BLOCKS),
        ({"TERM": "xterm-ghostty"}, "", Way.KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "", Way.ITERM),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "", Way.ITERM),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, "", Way.ITERM),
        ({"TERM": "foot"}, SIXEL_SAYS, Way.SIXEL),
        ({"TERM": "foot"}, f"typed before{SIXEL_SAYS}", Way.SIXEL),
        ({"TERM": "xterm-256color"}, XTERM_SAYS, Way.BLOCKS),
        ({"TERM": "xterm-256color"}, "\x1b[?44;14c", Way.BLOCKS),
        ({"TERM": "xterm-256color"}, "", Way.BLOCKS),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, "", Way.BLOCKS),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x", "TERM_PROGRAM": "iTerm.app"}, "\x1b[?1;2;4c", Way.SIXEL),
    ],
)
def test_each_terminal_is_given_what_it_knows(environment: dict[str, str], answer: str, way: Way) -> None:
    assert way_of(environment, answer) is way


def drawn(picture: Image.Image, columns: int, monkeypatch: pytest.MonkeyPatch, way: Way) -> str:
    monkeypatch.setattr(terminal_pictures, "way_of", lambda *_: way)
    console = Console(file=io.StringIO(), force_terminal=True, color_system="truecolor", width=80)
    draw(console, picture, columns)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_kitty_and_iterm_get_the_picture_itself(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    said = drawn(picture, 32, monkeypatch, Way.KITTY)
    messages = re.findall(r"\x1b_G([^;]*);([^\x1b]*)\x1b\\", said)
    assert all(len(data) <= 4096 for _, data in messages)
    assert [re.search(r"m=(\d)", keys)[1] for keys, _ in messages] == ["1"] * (len(messages) - 1) + ["0"]
    assert "c=32,r=9" in messages[0][0]
    (iterm,) = re.findall(r"File=inline=1;width=32;height=9;[^:]*:(.*)\x07", drawn(picture, 32, monkeypatch, Way.ITERM))
    for data in ("".join(data for _, data in messages), iterm):
        sent = Image.open(io.BytesIO(base64.b64decode(data)))
        assert sent.size == (32 * CELL[0], 9 * CELL[1])
        assert sent.getpixel((10, 10)) == (255, 0, 0)
        assert sent.getpixel((310, 170)) == (255, 255, 255)


def pixels_of(sixels: str) -> np.ndarray:
    """(H, W, 3) in parts of a hundred; -1 where nothing was drawn."""
    header, body = re.fullmatch(r'\x1bPq"1;1;(\d+;\d+)(.*)\x1b\\', sixels, re.DOTALL).groups()
    width, height = map(int, header.split(";"))
    palette = {
        int(number): tuple(int(part) for part in rgb.split(";"))
        for number, rgb in re.findall(r"#(\d+);2;(\d+;\d+;\d+)", body)
    }
    assert len(palette) <= 256
    bands = re.sub(r"#\d+;2;\d+;\d+;\d+", "", body).split("-")
    assert len(bands) * 6 == height, "a part of a band takes a line more of some terminals"
    pixels = np.full((height, width, 3), -1)
    for band, lines in enumerate(bands):
        for colour, letters in re.findall(r"#(\d+)([^#$]*)", lines):
            run = re.sub(r"!(\d+)(.)", lambda found: found[2] * int(found[1]), letters)
            assert len(run) == width
            for column, letter in enumerate(run):
                for row in range(6):
                    if ord(letter) - 63 >> row & 1:
                        pixels[band * 6 + row, column] = palette[int(colour)]
    return pixels


def test_sixels_read_back_are_the_picture(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = pixels_of(drawn(picture, 20, monkeypatch, Way.SIXEL).removesuffix("\n"))
    assert pixels.shape == (120, 200, 3)
    assert (pixels >= 0).all()
    wanted = np.asarray(picture.resize((200, 120))).astype(int) * 100 // 255
    assert np.abs(pixels - wanted).max() <= 2


def test_half_blocks_are_the_picture(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = drawn(picture, 16, monkeypatch, Way.BLOCKS).splitlines()
    assert len(lines) == rows_of(picture, 16)
    assert all(re.sub(r"\x1b\[[\d;]*m", "", line) == "▀" * 16 for line in lines)
    assert lines[0].startswith("\x1b[38;2;255;0;0;48;2;255;0;0m")
    assert "38;2;255;255;255;48;2;255;255;255m" in lines[-1]


def test_pictures_of_two_shapes_stand_beside_each_other(picture: Image.Image) -> None:
    both = beside([picture, picture.rotate(90, expand=True)], 10)
    assert both.width == 21 * CELL[0]
    assert both.getpixel((105, 5)) == (0, 0, 0)
    assert both.height == rows_of(picture.rotate(90, expand=True), 10) * CELL[1]


DRAW = """
from PIL import Image
from rich.console import Console
from framescout.terminal_pictures import draw
draw(Console(), Image.new("RGB", (160, 90), (255, 0, 0)), 20)
print("ended")
"""


def drawn_in(answer: str, cell: tuple[int, int] = (0, 0), **variables: str) -> str:
    """What a terminal is sent that answers so."""
    said, code = run_in_terminal([sys.executable, "-c", DRAW], answer=answer, cell=cell, environment=variables)
    assert code == 0, said
    assert said.endswith("ended\r\n"), "what is typed or answered is echoed"
    return said.removesuffix("ended\r\n")


@has_terminals
def test_a_terminal_is_asked_once_and_answers_as_it_can() -> None:
    asked, sixels = drawn_in(SIXEL_SAYS).split(DA1)
    assert asked == ""
    assert pixels_of(sixels.removesuffix("\r\n")).shape == (120, 200, 3)
    *_, kitty = drawn_in(KITTY_SAYS, KITTY_WINDOW_ID="7").split(DA1)
    assert kitty.startswith("\x1b_Ga=T,f=100,")
    for answer in (XTERM_SAYS, ""):  # one that knows nothing; one that never answers
        blocks = drawn_in(answer).removeprefix(DA1).replace("\r\n", "\n").splitlines()
        assert all(re.sub(r"\x1b\[[\d;]*m", "", line) == "▀" * 20 for line in blocks), blocks
        assert len(blocks) == 6


@has_terminals
def test_what_one_knows_from_variables_is_not_asked() -> None:
    assert DA1 not in drawn_in("", TERM="xterm-kitty")
    assert drawn_in("", TERM_PROGRAM="iTerm.app").startswith("\x1b]1337;File=inline=1;width=20;height=6;")


@has_terminals
def test_sixels_are_as_wide_as_the_characters_of_the_terminal() -> None:
    *_, sixels = drawn_in(SIXEL_SAYS, cell=(8, 17)).split(DA1)
    assert pixels_of(sixels.removesuffix("\r\n")).shape == (102, 160, 3)


@has_terminals
def test_in_the_background_nobody_is_asked_since_that_would_stop_the_program() -> None:
    begun = f"subprocess.run([sys.executable, '-c', {DRAW!r}], process_group=0, timeout=60)"
    behind = f"import subprocess, sys; sys.exit({begun}.returncode)"
    said, code = run_in_terminal([sys.executable, "-c", behind], answer=SIXEL_SAYS)
    assert (code, DA1 in said) == (0, False)
    assert said.endswith("ended\r\n")
