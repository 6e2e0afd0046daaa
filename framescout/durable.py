"""Has the operating system put files and folders on the disk, so that a power cut doesn't lose them."""

from __future__ import annotations

import os
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
