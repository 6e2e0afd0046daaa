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

_NARROW = 70  # columns of a terminal below which recording times are left out, so that names have room


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
    if not answer.moments:
        return f"no match in {answer.keyframes_searched} keyframes"
    if not answer.matched:
        return "no confident match; these are the nearest"
    return None


def _show_table(answer: Answer) -> None:
    from rich.console import Console

    from framescout.fitting import table_of

    console, numbers = Console(), ("n", "from", "to", "confidence")
    has_times = console.width >= _NARROW and any(moment.recorded_at for moment in answer.moments)
    has_timecodes = console.width >= _NARROW and any(moment.timecode for moment in answer.moments)
    known = (*(["timecode"] if has_timecodes else []), *(["recorded"] if has_times else []))
    table = table_of(*numbers, *known, "video", numbers=numbers, fitted=("video",))
    for number, moment in enumerate(answer.moments, 1):
        _add(table, number, moment, has_times=has_times, has_timecodes=has_timecodes)
    console.print(table)


def _add(table: Table, number: int, moment: Moment, *, has_times: bool, has_timecodes: bool) -> None:
    from rich.text import Text

    from framescout.fitting import FittedPath

    after = f"  (+{moment.similar} alike)" if moment.similar else ""
    for step in moment.steps[1:]:
        after += f"  > {_clock(step.time)} {printable(step.text)}"
    sure = f"{moment.confidence:.0%} " + "#" * round(moment.confidence * 8)
    timecode = [moment.timecode.text_at(moment.start) if moment.timecode else ""] if has_timecodes else []
    table.add_row(
        str(number),
        _clock(moment.start),
        _clock(moment.end),
        Text(sure, style="green" if moment.confidence >= MATCH else "dim"),
        *timecode,
        *([f"{moment.recorded_at:%Y-%m-%d %H:%M}" if moment.recorded_at else ""] if has_times else []),
        FittedPath(printable(moment.video), after=after, link=Path(moment.video).as_uri()),
    )


def _clock(seconds: float) -> str:
    return format_clock(seconds, decimals=1)


def _write(line: str) -> None:
    sys.stdout.buffer.write(line.encode("utf-8", "surrogateescape") + b"\n")
