"""The tables of docs/footage.md, written from tests/footage/cases.py.

python -m tests.docs.footage
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.footage.cases import CONTAINERS, PICTURES, REPORTS, SOUNDS, TIMECODES, Case

PAGE = Path(__file__).resolve().parents[2] / "docs" / "footage.md"


def table(head: str, cases: Iterable[Case]) -> str:
    """A row a case, in Markdown."""
    rows = [f"| {each.footage} | {each.does} | {_tests(each.shown_by)} |" for each in cases]
    return "\n".join([f"| {head} | shown by |", "|---|---|---|", *rows, ""])


def reports() -> str:
    """A row a public report."""
    rows = [
        f"| {number} | {each.source} | {each.met} | {each.answer} | {_tests(each.shown_by)} |"
        for number, each in REPORTS.items()
    ]
    head = "| # | reported in | what people met | right answer, which framescout gives | shown by |"
    return "\n".join([head, "|---|---|---|---|---|", *rows, ""])


def _tests(shown_by: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in shown_by)


def with_tables(text: str) -> str:
    """The page with the tables in their places."""
    tables = {
        "containers": table("container and codecs | when a frame is shown, from", CONTAINERS),
        "pictures": table("footage | what framescout does", PICTURES),
        "sounds": table("footage | what framescout does", SOUNDS),
        "timecodes": table("from | what framescout does", TIMECODES),
        "reports": reports(),
    }
    for name, rows in tables.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->\n"
        before, rest = text.split(begin)
        text = before + begin + rows + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
