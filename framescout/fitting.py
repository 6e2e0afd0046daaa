"""Fits lines into a terminal's width: a path is shortened from the left, where it says the least."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.measure import Measurement
from rich.text import Text

from framescout.console import printable

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


def table_of(*names: str, numbers: tuple[str, ...] = (), fitted: tuple[str, ...] = ()) -> Table:
    """A table without lines, whose columns have these heads; those of `numbers` are set to the right.

    `fitted`: those that give way where the terminal is narrow; they hold a `FittedPath`, or words that go on below.
    """
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in names:
        justify: Literal["right", "left"] = "right" if name in numbers else "left"
        table.add_column(name, justify=justify, no_wrap=name not in fitted, overflow="ellipsis")
    return table


def print_table(
    names: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: tuple[str, ...] = (), fitted: tuple[str, ...]
) -> None:
    """Print a table of plain words; those of the columns `fitted` go on in the next line where they don't fit."""
    from rich.console import Console

    table = table_of(*names, numbers=numbers, fitted=fitted)
    for row in rows:
        table.add_row(*(Text(printable(each)) for each in row))
    Console().print(table)
