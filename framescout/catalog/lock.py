"""One writer at a time: a lock that the operating system drops when its holder dies, and a note of who holds it."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from filelock import FileLock, Timeout

from framescout.errors import CatalogLockedError


@contextlib.contextmanager
def writer_lock(folder: Path) -> Iterator[None]:
    """Hold the catalog's writer lock.

    Raises:
        CatalogLockedError: another process holds it; the sentence names its pid.
    """
    lock, note = FileLock(folder / "writer.lock"), folder / "writer.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise CatalogLockedError(
            f"the catalog {folder} is being written by another framescout{_holder(note)}; "
            "wait for it, or use another --catalog"
        ) from None
    try:
        # The note is apart from the lock: opening a lock file may truncate it.
        note.write_text(json.dumps({"pid": os.getpid(), "since": datetime.now(UTC).isoformat()}))
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()


def _holder(note: Path) -> str:
    try:
        return f" (pid {json.loads(note.read_text())['pid']})"
    except (OSError, ValueError, KeyError, TypeError):
        return ""
