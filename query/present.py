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
from query.request import PageToken

if TYPE_CHECKING:
    from rich.text import Text

_LAYOUTS = (
    ("n", "from", "to", "confidence", "timecode", "recorded", "video"),
    ("n", "from", "to", "sure", "timecode", "recorded", "video"),
    ("n", "from", "to", "sure", "recorded", "video"),
    ("n", "from", "sure", "recorded", "video"),
    ("n", "from", "to", "sure", "video"),
    ("n", "from", "sure", "video"),
)
"""Columns of the table, richest first: what a terminal is too narrow for gives way to the names of videos."""


def as_json(answer: Answer) -> str:
    """The document of `search --json`; ASCII, so that every file name survives."""
    return json.dumps(answer.to_json(), indent=2)


def as_json_line(answer: Answer) -> str:
    """The same on one line."""
    return json.dumps(answer.to_json())


def show(answer: Answer, *, preview: bool = False) -> None:
    """A table on a terminal, `preview`: and pictures; elsewhere lines with tabs: start, end, confidence, path."""
    if sys.stdout.isatty() and answer.moments:
        _show_table(answer)
        if preview:
            from query.preview import show_pictures

            show_pictures(answer.moments)
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
    if not answer.keyframes_searched:
        return "the filters leave nothing to search; leave one of them out"
    if not answer.moments and PageToken.read(answer.query.get("page")).number > 1:
        return "there is no such page: the pages before it hold all moments"
    if not answer.moments:
        return f"no match in {answer.keyframes_searched} keyframes"
    if not answer.matched:
        return "no confident match; these are the nearest"
    return None


def _show_table(answer: Answer) -> None:
    from rich.console import Console

    from framescout.fitting import FittedPath, fitting_table, name_width

    console = Console()
    rows = [_cells(number, moment) for number, moment in enumerate(answer.moments, 1)]
    known = {name for row in rows for name, cell in row.items() if cell}
    widths = {name: max(len(name), *(row[name].cell_len for row in rows)) for name in known}
    widths["video"] = max(name_width(printable(moment.video)) for moment in answer.moments)
    layouts = [[name for name in layout if name in widths] for layout in _LAYOUTS]
    numbers = ("n", "from", "to", "confidence", "sure")
    names, table = fitting_table(layouts, widths, console.width, numbers=numbers, whole={"video": console.width})
    for row, moment in zip(rows, answer.moments, strict=True):
        alike = f"  (+{moment.similar} alike)" if moment.similar else ""
        steps = "".join(f"  > {_clock(step.time)} {printable(step.text)}" for step in moment.steps[1:])
        link = Path(moment.video).as_uri()
        video = FittedPath(printable(moment.video), after=alike, below=steps, link=link)
        table.add_row(*(row[name] for name in names[:-1]), video)
    console.print(table)


def _cells(number: int, moment: Moment) -> dict[str, Text]:
    """What stands in the columns of a row besides the video; nothing where it isn't known."""
    from rich.text import Text

    style = "green" if moment.confidence >= MATCH else "dim"
    sure = f"{moment.confidence:.0%}"
    return {
        "n": Text(str(number)),
        "from": Text(_clock(moment.start)),
        "to": Text(_clock(moment.end)),
        "confidence": Text(f"{sure} " + "#" * round(moment.confidence * 8), style=style),
        "sure": Text(sure, style=style),
        "timecode": Text(moment.timecode.text_at(moment.start) if moment.timecode else ""),
        "recorded": Text(f"{moment.recorded_at:%Y-%m-%d %H:%M}" if moment.recorded_at else ""),
    }


def _clock(seconds: float) -> str:
    return format_clock(seconds, decimals=1)


def _write(line: str) -> None:
    sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape") + b"\n")
