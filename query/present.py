"""Presents an answer: as lines for people, or as JSON for programs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from framescout.console import printable
from framescout.timeline import format_clock
from query.answer import Answer, Moment
from query.confidence import MATCH

if TYPE_CHECKING:
    from rich.table import Table


def as_json(answer: Answer) -> str:
    """The document of `search --json`; ASCII, so that every file name survives."""
    return json.dumps(answer.to_json(), indent=2)


def as_json_line(answer: Answer) -> str:
    """The same on one line."""
    return json.dumps(answer.to_json())


def show(answer: Answer) -> None:
    """A table on a terminal; elsewhere a line a moment: start, end, confidence, path, parted by tabs."""
    if sys.stdout.isatty() and answer.moments:
        _show_table(answer)
    else:
        show_lines([(moment, ()) for moment in answer.moments])


def show_lines(rows: list[tuple[Moment, tuple[str, ...]]]) -> None:
    """A line a moment with what stands before it, parted by tabs."""
    for moment, before in rows:
        video = printable(moment.video) if sys.stdout.isatty() else moment.video
        fields = (*before, _clock(moment.start), _clock(moment.end), f"{moment.confidence:.2f}", video)
        _write("\t".join(fields))


def verdict(answer: Answer) -> str | None:
    """What a person should know besides the moments; None where they speak for themselves."""
    if not answer.moments:
        return f"no match in {answer.keyframes_searched} keyframes"
    if not answer.matched:
        return "no confident match; these are the nearest"
    return None


def _show_table(answer: Answer) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("from", "to", "confidence"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("recorded", no_wrap=True)
    table.add_column("video", overflow="fold")
    for moment in answer.moments:
        _add(table, moment)
    Console().print(table)


def _add(table: Table, moment: Moment) -> None:
    from rich.text import Text

    path = printable(moment.video)
    if moment.similar:
        path += f"  (+{moment.similar} alike)"
    for step in moment.steps[1:]:
        path += f"  > {_clock(step.time)} {step.text}"
    link = f"link {Path(moment.video).as_uri()}"
    sure = f"{moment.confidence:.0%} " + "#" * round(moment.confidence * 8)
    table.add_row(
        _clock(moment.start),
        _clock(moment.end),
        Text(sure, style="green" if moment.confidence >= MATCH else "dim"),
        f"{moment.recorded_at:%Y-%m-%d %H:%M}" if moment.recorded_at else "",
        Text(path, style=link),
    )


def _clock(seconds: float) -> str:
    return format_clock(seconds, decimals=1)


def _write(line: str) -> None:
    sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape") + b"\n")
