"""Writes a file under a temporary name and renames it when it is complete."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from framescout.durable import sync
from framescout.errors import NO_ROOM, DiskFullError, NotAvailableError, UsageError


@contextmanager
def atomic_file(target: Path, *, overwrite: bool) -> Iterator[Path]:
    """A hidden name beside `target` to write to; it becomes `target` when the body ends well, else it goes.

    Raises:
        UsageError: there is a file by now and `overwrite` is off.
        DiskFullError: what was written didn't fit.
        NotAvailableError: the folder can't be written to.
    """
    partial = target.parent / f".framescout-{secrets.token_hex(6)}{target.suffix}"
    try:
        yield partial
        sync(partial)
        if os.path.lexists(target) and not overwrite:
            raise UsageError(f"{target} appeared meanwhile; name another folder, or allow overwriting")
        partial.replace(target)
        sync(target.parent)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise DiskFullError(f"{target.parent}: the disk is full; free some space") from error
        raise NotAvailableError(f"{target} can't be written ({error.strerror}); name another folder") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def write_text(target: Path, text: str, *, overwrite: bool) -> None:
    """Write a text as UTF-8 with the line ends that it has; the errors are those of `atomic_file`."""
    with atomic_file(target, overwrite=overwrite) as partial:
        partial.write_bytes(text.encode("utf-8", "replace"))
