"""Fits lines into a terminal's width: a path is shortened from the left, where it says the least."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.measure import Measurement
from rich.text import Text

from framescout.console import printable

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult
    from rich.table import Table

_SHORTEST_PATH = 16  # columns that a path is left in a narrow terminal
_GAP = 2  # blanks between two columns


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


def name_width(path: str) -> int:
    """Columns that a path needs at least, so that the name at its end is whole."""
    name = re.split(r"[/\\]", path)[-1]
    return cell_len(path) if path == name else cell_len(f"…/{name}")


def longest_word(words: str) -> int:
    """Columns that words need at least, where they go on in the next line."""
    return max(map(cell_len, words.split()), default=0)


def richest_that_fits(layouts: Sequence[Sequence[str]], widths: Mapping[str, int], width: int) -> Sequence[str]:
    """The first of these layouts, richest first, whose columns need no more than `width` together; else the last.

    A layout is the names of its columns, `widths` what each needs; `table_of` leaves two blanks between them.
    """
    return next((names for names in layouts if _needed(names, widths) <= width), layouts[-1])


def _needed(names: Sequence[str], widths: Mapping[str, int]) -> int:
    return sum(widths[name] for name in names) + _GAP * (len(names) - 1)


def fitting_table(
    layouts: Sequence[Sequence[str]],
    widths: Mapping[str, int],
    width: int,
    *,
    numbers: tuple[str, ...],
    whole: Mapping[str, int],
) -> tuple[Sequence[str], Table]:
    """The layout that `richest_that_fits` takes, and a table of its columns, none of which has less than it needs.

    `whole`: what those columns would take that go on below or are shortened; the first of them is given room first.
    """
    names = richest_that_fits(layouts, widths, width)
    table = table_of(*names, numbers=numbers, fitted=tuple(whole))
    left = width - _needed(names, widths)
    if left >= 0:
        for name, column in zip(names, table.columns, strict=True):
            if name in whole:
                more = min(left, max(0, whole[name] - widths[name]))
                column.width, left = widths[name] + more, left - more  # rich's min_width cuts words off
    return names, table


class FittedPath:
    """A cell of a table: a path with what follows it, on one line, however narrow the column is.

    What follows is left out where there is no room for it. `below` then has a line of its own.
    """

    def __init__(self, path: str, *, after: str = "", below: str = "", link: str | None = None) -> None:
        self._path, self._after, self._below = path, after, below
        self._style = f"link {link}" if link else ""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        room = options.max_width - max(_SHORTEST_PATH, name_width(self._path))
        has_all = cell_len(self._after + self._below) <= room
        after = self._after + self._below if has_all else self._after if cell_len(self._after) <= room else ""
        line = Text(no_wrap=True, overflow="ellipsis")
        line.append(shortened(self._path, options.max_width - cell_len(after)), self._style).append(after)
        yield line
        if self._below and not has_all:
            yield Text(self._below, no_wrap=True, overflow="ellipsis")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        whole = cell_len(self._path + self._after + self._below)
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
