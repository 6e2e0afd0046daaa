"""Has the operating system put files and folders on the disk, so that a power cut doesn't lose them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


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
