"""Shows the best picture of each moment in the terminal, numbered as in the table above."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from framescout.timeline import format_clock
from query.answer import Moment

if TYPE_CHECKING:
    from PIL.Image import Image

_WIDTH = 38  # columns of a picture where there is room


def show_pictures(moments: Sequence[Moment]) -> None:
    """Rows of pictures below their numbers; a file that can't be read leaves its place dark."""
    from rich.console import Console

    from framescout import terminal_pictures

    console = Console()
    if not terminal_pictures.can_draw(console):
        return
    many = max(1, console.width // (_WIDTH + 1))
    width = min(_WIDTH, console.width // many - 1)
    for first in range(0, len(moments), many):
        row = moments[first : first + many]
        heads = [
            f"{number}  {format_clock(moment.peak, decimals=1)}  {moment.confidence:.0%}"
            for number, moment in enumerate(row, first + 1)
        ]
        console.print(" ".join(head[:width].ljust(width) for head in heads).rstrip(), highlight=False, markup=False)
        strip = terminal_pictures.beside([_picture(moment) for moment in row], width)
        terminal_pictures.draw(console, strip, len(row) * (width + 1) - 1)


def _picture(moment: Moment) -> Image:
    from PIL import Image

    from framescout.errors import MediaError
    from framescout.media.frames import pictures_at

    try:
        return next(pictures_at(moment.video, [moment.peak], size=(640, 640)))
    except MediaError:
        return Image.new("RGB", (16, 9))
