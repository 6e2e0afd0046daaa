"""Pictures in a terminal: the protocol fits the terminal, and what is sent is the picture."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from framescout import terminal_pictures
from framescout.terminal_pictures import CELL, Way, beside, draw, rows_of, way_of


@pytest.fixture
def picture() -> Image.Image:
    """Four colours, one a quarter."""
    image = Image.new("RGB", (160, 90), (255, 0, 0))
    image.paste((0, 255, 0), (80, 0, 160, 45))
    image.paste((0, 0, 255), (0, 45, 80, 90))
    image.paste((255, 255, 255), (80, 45, 160, 90))
    return image


@pytest.mark.parametrize(
    ("environment", "attributes", "way"),
    [
        ({"TERM": "xterm-kitty"}, None, Way.KITTY),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, None, Way.KITTY),
        ({"TERM": "xterm-ghostty"}, None, Way.KITTY),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, None, Way.ITERM),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, None, Way.ITERM),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"}, None, Way.ITERM),
        ({"TERM": "foot"}, "\x1b[?62;4;22c", Way.SIXEL),
        ({"TERM": "xterm-256color"}, "\x1b[?64;1;2;6;22c", Way.BLOCKS),
        ({"TERM": "xterm-256color"}, "\x1b[?44;14c", Way.BLOCKS),
        ({"TERM": "xterm-256color"}, None, Way.BLOCKS),
        ({"TERM": "screen-256color", "KITTY_WINDOW_ID": "1"}, None, Way.BLOCKS),
        ({"TERM": "tmux-256color", "TMUX": "/tmp/x", "TERM_PROGRAM": "iTerm.app"}, "\x1b[?1;2;4c", Way.SIXEL),
    ],
)
def test_each_terminal_is_given_what_it_knows(environment: dict[str, str], attributes: str | None, way: Way) -> None:
    assert way_of(environment, attributes) is way


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


def test_sixels_read_back_are_the_picture(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    said = drawn(picture, 20, monkeypatch, Way.SIXEL)
    header, body = re.fullmatch(r'\x1bPq"1;1;(\d+;\d+)(.*)\x1b\\\n', said, re.DOTALL).groups()
    width, height = map(int, header.split(";"))
    palette = {
        int(number): tuple(int(part) for part in rgb.split(";"))
        for number, rgb in re.findall(r"#(\d+);2;(\d+;\d+;\d+)", body)
    }
    pixels = np.full((height + 5, width, 3), -1)
    for band, lines in enumerate(re.sub(r"#\d+;2;\d+;\d+;\d+", "", body).split("-")):
        for colour, letters in re.findall(r"#(\d+)([^#$]*)", lines):
            run = re.sub(r"!(\d+)(.)", lambda found: found[2] * int(found[1]), letters)
            assert len(run) == width
            for column, letter in enumerate(run):
                for row in range(6):
                    if ord(letter) - 63 >> row & 1:
                        pixels[band * 6 + row, column] = palette[int(colour)]
    assert (pixels[:height] >= 0).all()
    wanted = np.asarray(picture.resize((width, height))).astype(int) * 100 // 255
    assert np.abs(pixels[:height] - wanted).max() <= 2


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
