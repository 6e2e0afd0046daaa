"""Draws a contact sheet: the picture at each moment's peak, with its place and its confidence."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from io import BytesIO
from math import ceil
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from framescout.errors import MediaError
from framescout.media.frames import picture_at
from framescout.timeline import format_clock
from query.answer import Moment
from query.clips.captions import origin, source_name, timecode
from query.clips.names import readable

MOST = 200
"""Moments that a sheet shows at most; a picture has its limits."""
_COLUMNS = 4
_CELL = (400, 225)
_GAP, _MARGIN, _CAPTION, _HEADER = 20, 36, 84, 74
_FONT = files("query.clips") / "fonts" / "DejaVuSans.ttf"
"""Pillow's own has no letters beyond English."""
_PAPER, _TILE, _INK, _FAINT = "#14161a", "#1f232a", "#f2f4f7", "#98a1ae"
_BAR, _BAR_GROUND = "#58c48d", "#343a44"


def draw_sheet(moments: Sequence[Moment], *, title: str) -> Image.Image:
    """The sheet as an RGB picture: at most four moments a row, in the order given."""
    shown = moments[:MOST]
    columns = max(1, min(_COLUMNS, len(shown)))
    rows = ceil(len(shown) / columns)
    width = max(2 * _MARGIN + columns * (_CELL[0] + _GAP) - _GAP, 640)
    height = _MARGIN + _HEADER + rows * (_CELL[1] + _CAPTION + _GAP) - _GAP + _MARGIN
    sheet = Image.new("RGB", (width, height), _PAPER)
    pen = ImageDraw.Draw(sheet)
    heading = _fit(pen, title or "Moments", _font(30), width - 2 * _MARGIN)
    pen.text((_MARGIN, _MARGIN - 6), heading, _INK, _font(30))
    count = f"{len(moments)} moment{'s' * (len(moments) != 1)}"
    more = f", the first {MOST} shown" if len(moments) > MOST else ""
    pen.text((_MARGIN, _MARGIN + 34), count + more, _FAINT, _font(18))
    for number, moment in enumerate(shown):
        row, column = divmod(number, columns)
        left = _MARGIN + column * (_CELL[0] + _GAP)
        top = _MARGIN + _HEADER + row * (_CELL[1] + _CAPTION + _GAP)
        _draw_moment(sheet, pen, moment, left, top)
    return sheet


def write_sheet(moments: Sequence[Moment], target: Path, *, title: str) -> None:
    """Draw the sheet into a JPEG file."""
    draw_sheet(moments, title=title).save(target, "JPEG", quality=90, optimize=True)


def _draw_moment(sheet: Image.Image, pen: ImageDraw.ImageDraw, moment: Moment, left: int, top: int) -> None:
    pen.rectangle((left, top, left + _CELL[0] - 1, top + _CELL[1] + _CAPTION - 1), _TILE)
    try:
        picture = picture_at(moment.video, moment.peak, size=_CELL)
        sheet.paste(picture, (left + (_CELL[0] - picture.width) // 2, top + (_CELL[1] - picture.height) // 2))
    except MediaError:
        pen.text((left + _CELL[0] // 2, top + _CELL[1] // 2), "no picture", _FAINT, _font(18), anchor="mm")
    inner, below = left + 12, top + _CELL[1]
    right = left + _CELL[0] - 12
    percent = f"{moment.confidence:.0%}"
    room = right - inner - pen.textlength(percent, _font(19)) - 16
    pen.text((inner, below + 7), _fit(pen, source_name(moment), _font(19), room), _INK, _font(19))
    pen.text((right, below + 7), percent, _INK, _font(19), anchor="ra")
    bar = right - 110
    place = f"{format_clock(moment.start)} - {format_clock(moment.end)}  {timecode(moment, moment.start)}"
    pen.text((inner, below + 33), _fit(pen, place.strip(), _font(16), bar - inner - 8), _FAINT, _font(16))
    told = _fit(pen, origin(moment, moment.start), _font(14), right - inner)
    pen.text((inner, below + 58), told, _FAINT, _font(14))
    pen.rounded_rectangle((bar, below + 41, right, below + 46), 2, _BAR_GROUND)
    if (reach := round(110 * moment.confidence)) >= 4:
        pen.rounded_rectangle((bar, below + 41, bar + reach, below + 46), 2, _BAR)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(BytesIO(_FONT.read_bytes()), size)


def _fit(pen: ImageDraw.ImageDraw, text: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    """The text on one line, its middle left out where it is too long."""
    line = "".join(letter if letter.isprintable() else " " for letter in readable(text))
    kept = len(line)
    fitted = line
    while kept > 2 and pen.textlength(fitted, font) > room:
        kept -= 1
        fitted = f"{line[: kept - kept // 2].rstrip()}...{line[len(line) - kept // 2 :].lstrip()}"
    return fitted
