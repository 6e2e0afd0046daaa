"""A figure that the documents quote as measured stands in benchmarks/results/.

What counts as quoted: a paragraph, list or table that names files of results/ (a table also those that the paragraph
before it names; a row of a table that names files of its own, those alone). Its figures are all numbers with a decimal
point, all numbers with a unit, and all cells that are a number; the first column of a table says what was measured and
is left out. Each must stand in one of the named files.

So that no measured figure goes without such a name: outside of docs/decisions/ a number with two decimals or more
stands only in a block that quotes. Constants and versions are written as `code`, which is never a figure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = [
    *(ROOT / name for name in ("README.md", "CHANGELOG.md", "benchmarks/README.md", "training/README.md")),
    ROOT / "framescout" / "models" / "starter" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
NUMBER = r"(?<![\w.,:/])\d[\d,]*(?:\.\d+)?(?![\w:]|[.,]\d)"
FIGURE = re.compile(rf"{NUMBER}(?=\s?(?:%|ms\b|MB\b|GB\b|MiB\b|GiB\b))|(?<![\w.,:/])\d[\d,]*\.\d+(?![\w:]|[.,]\d)")
MEASURED = re.compile(r"(?<!Python )(?<![\w.,:/])\d+\.\d{2,}(?![\w:]|[.,]\d)")
A_NUMBER = re.compile(r"[+-]?\d[\d,]*(?:\.\d+)?")


def plain(text: str) -> str:
    """Without code, targets of links and emphasis."""
    return re.sub(r"`[^`]*`|\]\([^)]*\)|\*\*", " ", text)


def named(text: str) -> set[str]:
    return set(re.findall(r"results/([\w.-]+\.md)", text))


def figures(line: str) -> set[str]:
    """What a line says was measured."""
    if not line.startswith("|"):
        return set(FIGURE.findall(plain(line)))
    cells = [plain(cell).strip() for cell in line.strip().strip("|").split("|")[1:]]
    return {cell.lstrip("+-") for cell in cells if A_NUMBER.fullmatch(cell)} | {
        each for cell in cells for each in FIGURE.findall(cell)
    }


def lines(page: Path) -> Iterator[tuple[str, set[str]]]:
    """(line, files of results/ that it quotes), code blocks left out."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    before: set[str] = set()
    for block in re.split(r"\n\s*\n", re.sub(r"^#.*", "\n", text, flags=re.MULTILINE)):
        is_table = block.lstrip().startswith("|")
        for line in block.strip().splitlines():
            yield line, (named(line) or before) if is_table else named(block)
        before = named(block)


def stands(figure: str, text: str) -> bool:
    return re.search(rf"(?<![\d.]){re.escape(figure)}(?![\d]|\.\d)", text) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_quoted_figure_stands_in_the_results(page: Path) -> None:
    for line, sources in lines(page):
        text = "\n".join((RESULTS / name).read_text(encoding="utf-8") for name in sources)
        missing = [each for each in figures(line) if sources and not stands(each, text)]
        assert not missing, f"{missing} in “{line}” don't stand in {sorted(sources)}"


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page.parent.name != "decisions"], ids=lambda page: str(page.relative_to(ROOT))
)
def test_no_measured_figure_goes_without_its_source(page: Path) -> None:
    for line, sources in lines(page):
        assert sources or not MEASURED.findall(plain(line)), f"name a file of benchmarks/results/ beside: {line}"


def test_every_file_says_how_it_came_about() -> None:
    for path in RESULTS.glob("*.md"):
        text = path.read_text(encoding="utf-8")
        assert re.search(r"^\| date \| .+ \|\n\| command \| .+ \|$", text, re.MULTILINE), path.name
        assert path.stem.endswith("-by-hand") == ("Taken by hand from an earlier run" in text), path.name
