"""The tables of names, tags and makers in docs/times.md, written from framescout/recording.

python -m tests.docs.names
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from framescout.recording.forms import FORMS, Form, Part, Seen, Strength
from framescout.recording.tags import LOCAL_MAKERS, TAGS

TIMES = Path(__file__).resolve().parents[2] / "docs" / "times.md"
_BEGIN, _END = "<!-- {} -->\n", "<!-- /{} -->\n"
_EXAMPLE = datetime(2026, 2, 14, 22, 15, 0, tzinfo=UTC)


def names() -> str:
    """A row a device or program whose names are known, in Markdown."""
    rows = [
        f"| {seen.by} | `{_example(seen)}` | {_zone(form, seen)} | {seen.source} |"
        for form in FORMS
        for seen in form.seen
    ]
    return "\n".join(["| written by | example | read as | source |", "|---|---|---|---|", *rows, ""])


def tags() -> str:
    """A row a tag, in Markdown."""
    rows = [f"| {each.containers or 'all others'} | `{each.name}` | {each.why} |" for each in TAGS]
    return "\n".join(["| container | tag | read as |", "|---|---|---|", *rows, ""])


def makers() -> str:
    """A row a way to know a maker, in Markdown."""
    rows = [f"| {each.name} | `{each.tag}` | {each.source} |" for each in LOCAL_MAKERS]
    return "\n".join(["| maker | known by | source |", "|---|---|---|", *rows, ""])


def _example(seen: Seen) -> str:
    written = _EXAMPLE.strftime(seen.example).replace("{epoch}", str(int(_EXAMPLE.timestamp())))
    return written.replace("\u202f", " ")


def _zone(form: Form, seen: Seen) -> str:
    said = (
        "UTC"
        if form.is_utc or "UTC" in seen.example
        else "as it says"
        if "+01" in seen.example or "GMT+" in seen.example
        else "local"
    )
    where = "" if form.part is Part.NAME else ", with its folders"
    return f"{said}{where}{', a guess' if form.strength is Strength.GUESS else ''}"


def with_tables(text: str) -> str:
    """The document with the tables in their places."""
    for name, table in (("names", names()), ("tags", tags()), ("makers", makers())):
        begin, end = _BEGIN.format(name), _END.format(name)
        before, rest = text.split(begin)
        text = before + begin + table + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    TIMES.write_text(with_tables(TIMES.read_text(encoding="utf-8")), encoding="utf-8")
