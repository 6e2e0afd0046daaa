"""Lets one process write at a time, by a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from framescout.errors import CatalogLockedError

_HOW_FAR = ("files_done", "files", "bytes_done", "bytes")


class Note:
    """Who writes to a catalog, and how far the work is, for other processes to read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._facts: dict[str, Any] = {"pid": os.getpid(), "since": datetime.now(UTC).isoformat()}

    def say(self, **facts: int) -> None:
        """Add to what is said; where that can't be written, others know no better."""
        self._facts |= facts
        unfinished = self._path.with_suffix(".part")  # the lock's holder alone writes it: a kill leaves one at most
        with contextlib.suppress(OSError):
            unfinished.write_text(json.dumps(self._facts))
            unfinished.replace(self._path)


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[Note]:
    """Hold the catalog's writer lock, and have a note to say more in.

    Raises:
        CatalogLockedError: another process holds it; the sentence names its pid.
    """
    from filelock import FileLock, Timeout  # a search needs none, and waits 0.03 s for it

    lock, path = FileLock(folder / "writer.lock"), folder / "writer.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CatalogLockedError(
            f"the catalog {folder} is being written by another framescout (pid {_read_note(path)['pid']}); "
            "wait for it, or use another --catalog"
        ) from None
    try:
        # The note is apart from the lock: opening a lock file may truncate it.
        note = Note(path)
        note.say()
        yield note
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def holder(folder: Path) -> dict[str, Any] | None:
    """Who writes to the catalog now, and how far an index run is; None where nobody does.

    {"pid": ..., "since": ..., "files_done": ..., "files": ..., "bytes_done": ..., "bytes": ...}; the last four are None
    where nothing is known of them.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "writer.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _read_note(folder / "writer.json")
    lock.release()
    return None


def _read_note(note: Path) -> dict[str, Any]:
    try:
        written = json.loads(note.read_text())
        known = {"pid": int(written["pid"]), "since": str(written["since"])}
        return known | {name: int(written[name]) if name in written else None for name in _HOW_FAR}
    except (OSError, ValueError, KeyError, TypeError):  # the lock is held, the note is not written yet
        return {"pid": 0, "since": "a moment ago"} | dict.fromkeys(_HOW_FAR)
