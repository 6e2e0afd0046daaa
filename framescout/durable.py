"""Puts files and folders in their places whole, and on the disk where a power cut must not lose them."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

_ABANDONED = 24 * 3600.0
"""Seconds after which nobody writes to an unfinished file or folder any more."""


def sync(path: Path) -> None:
    """Return when a file, or the names in a folder, are on the disk. Windows opens no folders; it journals renames.

    Raises:
        OSError: the disk is full or fails.
    """
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def replace(unfinished: Path, target: Path) -> None:
    """Rename a whole file to `target`; when this returns, its content and its name are on the disk.

    Both lie on one file system. At every moment, a power cut leaves `target` as it was before or as it is after.

    Raises:
        OSError: it can't be moved, or the disk is full or fails.
    """
    sync(unfinished)
    unfinished.replace(target)
    sync(target.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`, making its folder. A reader finds all of it or nothing; not durable against a power cut.

    Raises:
        OSError: it can't be written; nothing is left behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".part")
    os.close(handle)
    unfinished = Path(name)
    with _gone_on_error(unfinished):
        unfinished.write_bytes(data)
        unfinished.replace(path)


def write_durably(path: Path, data: bytes) -> None:
    """As `write_whole`, and on the disk when it returns. What `path` links to is written; a file keeps its mode.

    Raises:
        OSError: it can't be written; nothing is left behind.
    """
    target = path.resolve()
    target.parent.mkdir(parents=True, exist_ok=True)
    delete_abandoned(target.parent, ".framescout-*.part")
    unfinished = target.parent / f".framescout-{secrets.token_hex(6)}.part"
    mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
    with _gone_on_error(unfinished):
        # from its first moment on, nobody may read it who may not read `target`
        with open(unfinished, "xb", opener=partial(os.open, mode=0o666 if mode is None else mode)) as file:
            file.write(data)
        if mode is not None:
            unfinished.chmod(mode)  # the umask may have taken something off
        replace(unfinished, target)


@contextlib.contextmanager
def _gone_on_error(unfinished: Path) -> Iterator[None]:
    """Delete the file where the body fails: on a full disk, it would make the next try fail too."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def put_in_place(unfinished: Path, folder: Path) -> None:
    """Move a finished folder to its place, where what was there before goes; its files are on the disk by then.

    Raises:
        OSError: it can't be moved, or the disk is full or fails.
    """
    for path in unfinished.iterdir():
        sync(path)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        unfinished.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was as quick, with the same files
            raise


def delete_abandoned(folder: Path, pattern: str) -> None:
    """Delete the files and folders of this pattern in `folder` that a killed process left, a day ago or earlier.

    Younger ones may be those of another process at work. What can't be deleted stays.
    """
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > _ABANDONED:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
