"""The log of exports in a catalog's folder: who had which stretches cut out, when, and whereto. A line of JSON each.

Nothing else knows this, so that no line is ever changed: an export appends one before it begins, and one when it ends.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

NAME = "exports.jsonl"


class LoggedExport(msgspec.Struct, frozen=True):
    """What the log says of one export."""

    id: str
    at: datetime
    """Aware, UTC; when it began."""
    who: str
    by: str
    """"web" or "command line"."""
    folder: str
    """That the files were written to; empty where they went to the browser alone."""
    moments: Sequence[Mapping[str, Any]]
    """Each with `video` (a path), `start` and `end` (seconds), as they were found."""
    pad: float = 0.0
    """Seconds by which each clip is longer than its moment, on both sides."""
    query: Mapping[str, Any] = msgspec.field(default_factory=dict)
    """What was asked, as in the export's manifest."""
    state: str = "begun"
    """"done", "stopped", "failed", or "begun": it is still going on, or was killed."""
    kind: str = "clips"
    """Or "still": one picture, of the second at which its moment starts and ends."""

    def to_json(self) -> dict[str, Any]:
        """The form that `log --json` prints."""
        return msgspec.structs.asdict(self) | {"at": self.at.isoformat()}


def begin(
    catalog: Path,
    *,
    who: str,
    by: str,
    folder: Path | None,
    moments: Sequence[Mapping[str, Any]],
    pad: float = 0.0,
    query: Mapping[str, Any],
    kind: str = "clips",
) -> str:
    """Write down that an export begins, on the disk when this returns; its id. The fields are those of LoggedExport.

    Raises:
        OSError: the log can't be written.
    """
    number = secrets.token_hex(8)
    stretches = [{name: each[name] for name in ("video", "start", "end")} for each in moments]
    where = str(folder.absolute()) if folder else ""
    line = {"id": number, "at": _now(), "who": who, "by": by, "folder": where, "moments": stretches}
    more = {"kind": kind} if kind != "clips" else {}  # so that a framescout from before stills reads all others
    _append(catalog / NAME, line | {"pad": pad, "query": dict(query)} | more)
    return number


def end(catalog: Path, number: str, state: str) -> None:
    """Write down how an export ended. Raises OSError as `begin` does."""
    _append(catalog / NAME, {"id": number, "at": _now(), "state": state})


def read(catalog: Path) -> tuple[list[LoggedExport], int]:
    """The exports, the first first, and how many lines can't be read: one that a power cut tore, or was changed.

    Raises:
        OSError: the log is there and can't be read.
    """
    every: dict[str, dict[str, Any]] = {}
    unreadable = 0
    try:
        lines = (catalog / NAME).read_bytes().splitlines()
    except FileNotFoundError:
        lines = []
    for line in lines:
        try:
            said = json.loads(line)
            if "state" in said:
                every[said["id"]]["state"] = str(said["state"])
            else:
                every[_checked(said)["id"]] = said | {"at": datetime.fromisoformat(said["at"])}
        except (ValueError, TypeError, KeyError, RecursionError):
            unreadable += bool(line)
    return [LoggedExport(**said) for said in every.values()], unreadable


def _checked(said: dict[str, Any]) -> dict[str, Any]:
    """A line that says all of an export. Raises TypeError or KeyError where something else was written into it."""
    LoggedExport(**said)
    texts = [
        said["id"],
        said["who"],
        said["by"],
        said["folder"],
        said.get("kind", ""),
        *(moment["video"] for moment in said["moments"]),
    ]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("an export's names are texts")
    return said


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _append(path: Path, line: Mapping[str, Any]) -> None:
    """Add a line in one write, which no other process's write divides, behind one that a power cut tore."""
    with open(path, "a+b", buffering=0, opener=partial(os.open, mode=0o600)) as log:
        is_torn = log.seek(0, os.SEEK_END) > 0 and log.seek(-1, os.SEEK_END) >= 0 and log.read(1) != b"\n"
        text = b"\n" * is_torn + json.dumps(line, default=str).encode() + b"\n"
        if log.write(text) < len(text):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        os.fsync(log.fileno())
