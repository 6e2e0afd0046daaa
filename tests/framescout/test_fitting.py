"""What fits a terminal's width."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from framescout.fitting import FittedPath, fitting_table, name_width, richest_that_fits, shortened, table_of

PATH = "/mnt/archive/cam01/2026-02-14/night_監視.mp4"


@pytest.mark.parametrize(
    ("width", "said"),
    [
        (60, PATH),
        (42, "…/archive/cam01/2026-02-14/night_監視.mp4"),
        (29, "…/2026-02-14/night_監視.mp4"),
        (17, "…/night_監視.mp4"),
        (12, "…ht_監視.mp4"),
    ],
)
def test_a_path_is_shortened_from_the_left_at_a_folder(width: int, said: str) -> None:
    assert shortened(PATH, width) == said


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])), st.integers(2, 60))
def test_what_is_shortened_fits_and_is_the_end(path: str, width: int) -> None:
    said = shortened(path, width)
    assert cell_len(said) <= max(width, 2)
    assert said == path or path.endswith(said.removeprefix("…"))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_a_row_is_one_line_however_narrow_the_terminal(width: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    table = table_of("n", "from", "video", numbers=("n",), fitted=("video",))
    for number in range(12):
        table.add_row(str(number), "0:00:06.0", FittedPath(PATH, after="  (+3 alike)"))
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    lines = console.file.getvalue().splitlines()
    assert len(lines) == 13
    assert all(cell_len(line) <= width and "監視.mp4" in line and "0:00:06.0" in line for line in lines[1:])


@given(
    st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), min_size=1, max_size=5),
    st.fixed_dictionaries({name: st.integers(1, 30) for name in "abcdef"}),
    st.integers(1, 120),
)
def test_the_richest_layout_that_fits_is_taken(layouts: list[list[str]], widths: dict[str, int], width: int) -> None:
    taken = richest_that_fits(layouts, widths, width)
    fit = [names for names in layouts if len("  ".join("x" * widths[name] for name in names)) <= width]
    assert taken == (fit[0] if fit else layouts[-1])


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"])))
def test_in_so_many_columns_a_name_is_whole(path: str) -> None:
    name = path.replace("\\", "/").rpartition("/")[2]
    assert shortened(path, max(2, name_width(path))).endswith(name)


@pytest.mark.parametrize(("width", "lines"), [(60, 1), (30, 2)])
def test_what_stands_below_a_path_stands_beside_it_where_it_fits(width: int, lines: int) -> None:
    console = Console(file=io.StringIO(), width=width)
    console.print(FittedPath(PATH, below="  > 0:00:12.0 a dog"))
    assert isinstance(console.file, io.StringIO)
    said = console.file.getvalue().splitlines()
    assert len(said) == lines
    assert "監視.mp4" in said[0]
    assert "> 0:00:12.0 a dog" in said[-1]


@given(
    st.fixed_dictionaries({name: st.integers(1, 30) for name in "abcdef"}),
    st.fixed_dictionaries({name: st.integers(1, 60) for name in "bdf"}),
    st.integers(1, 160),
)
def test_no_column_of_a_table_that_fits_has_less_than_it_needs(
    widths: dict[str, int], whole: dict[str, int], width: int
) -> None:
    names, table = fitting_table(["abcdef", "abd", "b"], widths, width, numbers=("a",), whole=whole)
    if sum(widths[name] + 2 for name in names) - 2 > width:
        return
    given_to = {name: column.width or widths[name] for name, column in zip(names, table.columns, strict=True)}
    assert all(given_to[name] >= widths[name] for name in names)
    assert sum(given_to.values()) + 2 * (len(names) - 1) <= width
    first = next(name for name in names if name in whole)
    assert given_to[first] >= min(whole[first], width - sum(widths[name] + 2 for name in names) + 2 + widths[first])
