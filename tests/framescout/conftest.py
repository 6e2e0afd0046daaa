"""What tests of files on the disk share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest


class DiskCalls:
    """What the process asks of the disk, in order: files and folders are synced, files are renamed."""

    def __init__(self) -> None:
        self._synced: list[int | None] = []
        """Inodes; None where a file was renamed."""
        self._renamed: dict[Path, tuple[int, int]] = {}
        """New name -> (number of the call, inode)."""

    def synced(self, inode: int) -> None:
        self._synced.append(inode)

    def renamed(self, inode: int, target: Path) -> None:
        self._renamed[target.resolve()] = (len(self._synced), inode)
        self._synced.append(None)

    def is_durable(self, target: Path) -> bool:
        """Whether something was renamed to `target`, its content synced before that, and the folder after it."""
        number, content = self._renamed[target.resolve()]
        return content in self._synced[:number] and target.parent.stat().st_ino in self._synced[number:]


@pytest.fixture
def disk_calls(monkeypatch: pytest.MonkeyPatch) -> DiskCalls:
    """The calls from now on, which are passed on to the disk."""
    calls, sync, rename = DiskCalls(), os.fsync, os.replace

    def syncing(handle: int) -> None:
        sync(handle)
        calls.synced(os.fstat(handle).st_ino)

    def renaming(source: Any, target: Any) -> None:
        inode = Path(source).stat().st_ino
        rename(source, target)
        calls.renamed(inode, Path(target))

    monkeypatch.setattr(os, "fsync", syncing)
    monkeypatch.setattr(os, "replace", renaming)
    return calls
