"""One writer at a time: a lock that the operating system drops when its holder dies, and a note of who holds it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from framescout.errors import CatalogLockedError


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the catalog's writer lock.

    Raises:
        CatalogLockedError: another process holds it; the sentence names its pid.
    """
    from filelock import FileLock, Timeout  # a search needs none, and waits 0.03 s for it

    lock, note = FileLock(folder / "writer.lock"), folder / "writer.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CatalogLockedError(
            f"the catalog {folder} is being written by another framescout (pid {_read_note(note)['pid']}); "
            "wait for it, or use another --catalog"
        ) from None
    try:
        # The note is apart from the lock: opening a lock file may truncate it.
        note.write_text(json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat()}))
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def holder(folder: Path) -> dict[str, Any] | None:
    """Who writes to the catalog now: {"pid": ..., "since": ...}; None where nobody does."""
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
        found = json.loads(note.read_text())
        return {"pid": int(found["pid"]), "since": str(found["since"])}
    except (OSError, ValueError, KeyError, TypeError):
        return {"pid": 0, "since": "a moment ago"}  # the lock is held, the note is not written yet
