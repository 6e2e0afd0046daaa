"""The table of a question's fields in docs/search.md, written from query/fields.py.

python -m tests.docs.fields
"""

from __future__ import annotations

import math
from pathlib import Path

from query.fields import FIELDS, FLAG, PICTURE, Field

SEARCH = Path(__file__).resolve().parents[2] / "docs" / "search.md"
_BEGIN, _END = "<!-- fields -->\n", "<!-- /fields -->\n"


def table() -> str:
    """A row a field, in Markdown."""
    rows = [f"| {_option(field)} | {_parameter(field)} | {field.help} | {_values(field)} |" for field in FIELDS]
    return "\n".join(["| option | over HTTP | says | values |", "|---|---|---|---|", *rows, ""])


def _option(field: Field) -> str:
    if not field.options:
        return "the words themselves" if field.name == "text" else "further words in quotes"
    names = ", ".join(f"`{name}`" for name in field.options)
    return f"{names} {field.metavar}" if field.metavar else names


def _parameter(field: Field) -> str:
    return f"`{field.parameter}=false`" if field.kind is FLAG else f"`{field.parameter}`"


def _values(field: Field) -> str:
    """How many, and between which bounds."""
    bounds, said = field.bounds, ["any number"] if field.is_many else []
    if field.kind is PICTURE:
        said = ["any number; one over HTTP, sent before"]
    if bounds is not None and not math.isinf(bounds.high):
        said.append(f"{'above ' * bounds.is_open}{bounds.low:g} to {bounds.high:g}")
    return ", ".join(said)


def with_table(text: str) -> str:
    """The document with the table in its place."""
    before, rest = text.split(_BEGIN)
    return before + _BEGIN + table() + _END + rest.split(_END)[1]


if __name__ == "__main__":
    SEARCH.write_text(with_table(SEARCH.read_text(encoding="utf-8")), encoding="utf-8")
