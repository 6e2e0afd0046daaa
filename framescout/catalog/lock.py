"""Lets one process write at a time, by a lock that the operating system drops when its holder dies."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from framescout.catalog.holder import Holder, locked

_PATIENCE = 1.0  # seconds: who asks for the `holder` has the lock for an instant


class Note:
    """Who writes to a catalog, and how far the work is, for other processes to read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holder = Holder(os.getpid(), datetime.now(UTC))

    def say(self, **facts: int) -> None:
        """Add to what is said; where that can't be written, others know no better."""
        self._holder = msgspec.structs.replace(self._holder, **facts)
        unfinished = self._path.with_suffix(".part")  # the lock's holder alone writes it: a kill leaves one at most
        with contextlib.suppress(OSError):
            unfinished.write_bytes(msgspec.json.encode(self._holder))
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
        lock.acquire(timeout=_PATIENCE)
    except Timeout:
        raise locked(folder, _read_note(path).pid) from None
    try:
        # The note is apart from the lock: opening a lock file may truncate it.
        note = Note(path)
        note.say()
        yield note
    finally:
        path.unlink(missing_ok=True)
        lock.release()


def holder(folder: Path) -> Holder | None:
    """Who writes to the catalog now; None where nobody does."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "writer.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return _read_note(folder / "writer.json")
    lock.release()
    return None


def _read_note(note: Path) -> Holder:
    try:
        return msgspec.json.decode(note.read_bytes(), type=Holder)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):  # the lock is held, the note is not written yet
        return Holder()
