"""Fits lines into a terminal's width: a path is shortened from the left, where it says the least."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.measure import Measurement
from rich.text import Text

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

_SHORTEST_PATH = 16  # columns that a path is left in a narrow terminal


def shortened(path: str, width: int) -> str:
    """The end of a path that fits into so many columns, from a folder's name on where one begins there."""
    if cell_len(path) <= width:
        return path
    for separator in re.finditer(r"[/\\]", path):
        end = f"…{path[separator.start() :]}"
        if separator.start() and cell_len(end) <= width:
            return end
    while path and cell_len(path) >= width:
        path = path[1:]
    return f"…{path}"


class FittedPath:
    """A cell of a table: a path with what follows it, on one line, however narrow the column is."""

    def __init__(self, path: str, *, after: str = "", link: str | None = None) -> None:
        self._path, self._after = path, after
        self._style = f"link {link}" if link else ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        after = self._after if cell_len(self._after) <= width - _SHORTEST_PATH else ""
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(shortened(self._path, width - cell_len(after)), self._style).append(after)
        yield line

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        whole = cell_len(self._path) + cell_len(self._after)
        return Measurement(min(whole, _SHORTEST_PATH), whole)


def table_of(*names: str, numbers: tuple[str, ...] = (), fitted: str | None = None) -> Table:
    """A table without lines, whose columns have these heads; those of `numbers` are set to the right.

    `fitted`: the column that gives way where the terminal is narrow; it holds a `FittedPath` or text that may be cut.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        justify: Literal["right", "left"] = "right" if name in numbers else "left"
        table.add_column(name, justify=justify, no_wrap=name != fitted, overflow="ellipsis")
    return table
