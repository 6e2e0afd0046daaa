"""Reads moments from JSON, and writes manifest.json and manifest.csv of clips.

Input is checked before it is used, and an error names the place of the mistake.
"""

from __future__ import annotations

import csv
import io
import json
import math
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec

from framescout.errors import NotAvailableError, UsageError
from query.answer import Moment
from query.clips.clip import Clip

_LARGEST = 256 * 2**20
_Seconds = Annotated[float, msgspec.Meta(ge=0, le=1e9)]


class _Entry(msgspec.Struct):
    """A moment as `search --json` prints it; fields that are not known are passed over."""

    video: Annotated[str, msgspec.Meta(min_length=1)]
    start: _Seconds
    end: _Seconds
    video_id: int = 0
    camera: str | None = None
    recorded_at: datetime | None = None
    peak: _Seconds | None = None
    score: float = 0.0
    confidence: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    keyframe_id: int = 0


def read_moments(source: Path | str) -> tuple[dict[str, Any], list[Moment]]:
    """The query and the moments of a file: what `search --json` prints, or a bare list of moments; '-' is stdin.

    A moment needs `video`, `start` and `end`; `peak` is the middle where it isn't given.

    Raises:
        NotAvailableError: the file can't be read.
        UsageError: it isn't that; says what is wrong and where.
    """
    document = _parsed(source)
    query: Any = {}
    entries: Any = document
    if isinstance(document, dict):
        if "moments" not in document and "clips" in document:
            raise UsageError(f"{_title(source)} is the manifest of an export; give what search --json printed")
        query, entries = document.get("query", {}), document.get("moments")
    if not isinstance(query, dict):
        raise UsageError(f"{_title(source)}: query must be an object")
    if not isinstance(entries, list):
        raise UsageError(f"{_title(source)} has no list of moments; give what search --json printed")
    return query, [_moment(entry, number, source) for number, entry in enumerate(entries)]


def _parsed(source: Path | str) -> Any:
    try:
        if str(source) == "-":
            data = sys.stdin.buffer.read(_LARGEST + 1)
        else:
            with Path(source).open("rb") as file:
                data = file.read(_LARGEST + 1)
    except OSError as error:
        raise NotAvailableError(f"{source} can't be read: {error.strerror}") from error
    if len(data) > _LARGEST:
        raise UsageError(f"{_title(source)} is larger than {_LARGEST >> 20} MB; that is no list of moments")
    try:
        # not msgspec's reader: it refuses the escapes that stand for the bytes of a path that is no UTF-8
        return json.loads(data.decode("utf-8-sig"), parse_constant=_finite, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{_title(source)} is no JSON: {error}") from error


def _finite(digits: str) -> float:
    if not math.isfinite(number := float(digits)):
        raise ValueError(f"{digits} is no finite number")
    return number


def _moment(value: Any, number: int, source: Path | str) -> Moment:
    where = f"{_title(source)}, moments[{number}]"
    try:
        entry = msgspec.convert(value, _Entry)
    except (msgspec.ValidationError, OverflowError, UnicodeError) as error:
        raise UsageError(f"{where}: {error}") from error
    if "\0" in entry.video:
        raise UsageError(f"{where}: video holds a null character")
    if entry.end < entry.start:
        raise UsageError(f"{where}: it ends ({entry.end}) before it starts ({entry.start})")
    if not all(map(math.isfinite, (entry.start, entry.end, entry.score))):
        raise UsageError(f"{where}: a number isn't finite")
    peak = (entry.start + entry.end) / 2 if entry.peak is None else entry.peak
    recorded = entry.recorded_at
    return Moment(
        video=str(Path(entry.video).absolute()),
        video_id=entry.video_id,
        camera=entry.camera,
        recorded_at=recorded.replace(tzinfo=UTC) if recorded and recorded.tzinfo is None else recorded,
        start=entry.start,
        end=entry.end,
        peak=min(max(peak, entry.start), entry.end),
        score=entry.score,
        confidence=entry.confidence,
        keyframe_id=entry.keyframe_id,
    )


def _title(source: Path | str) -> str:
    return "stdin" if str(source) == "-" else str(source)


def as_json(
    query: dict[str, Any] | None,
    clips: Sequence[Clip],
    programs: dict[str, str] | None = None,
    command: Sequence[str] = (),
) -> str:
    """The text of manifest.json; `programs` made the clips (name -> version), by the words of a `command` line."""
    document: dict[str, Any] = {"query": query or {}, "clips": [clip.to_json() for clip in clips]}
    if programs:
        document["programs"] = programs
    if command:
        document["command"] = list(command)
    text = json.dumps(document, indent=2, ensure_ascii=False)
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        text = json.dumps(document, indent=2)  # a path that is no UTF-8 survives as an escape
    return text + "\n"


def as_csv(clips: Sequence[Clip]) -> str:
    """The text of manifest.csv: a row a clip, RFC 4180."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    columns = ("file", "start", "end", "video", "video_id", "camera", "recorded_at", "peak", "score", "confidence")
    writer.writerow((*columns, "keyframe_id"))
    for clip in clips:
        row = clip.to_json()
        writer.writerow([cell(row[column]) for column in (*columns, "keyframe_id")])
    return text.getvalue()


def cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, str) and value.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{value}"
    return "" if value is None else value
