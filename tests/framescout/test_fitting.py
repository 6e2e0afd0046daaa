"""What fits a terminal's width."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from framescout.fitting import FittedPath, shortened, table_of

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
