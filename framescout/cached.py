"""The catalog's cache: derived bytes under keys; an entry that fails its checksum counts as missing."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path

from framescout.durable import delete_abandoned, write_whole

_DIGEST = 16  # bytes


def shrink(paths: Iterable[Path], most_bytes: int) -> None:
    """Where files are more than `most_bytes`, delete those last used longest ago, down to nine tenths of it.

    Raises:
        OSError: one can't be deleted.
    """
    known = sorted((facts.st_mtime_ns, facts.st_size, path) for path in paths if (facts := _stat(path)))
    total = sum(size for _, size, _ in known)
    if total <= most_bytes:
        return
    for _, size, path in known:
        path.unlink(missing_ok=True)
        total -= size
        if total <= 0.9 * most_bytes:
            return


def _stat(path: Path) -> os.stat_result | None:
    """None where it is gone: others delete files, too."""
    try:
        return path.stat()
    except FileNotFoundError:
        return None


class Entry(StrEnum):
    """Kinds of entries of a `Cache`, by their file names; {} is the key."""

    STRANGERS = "strangers-{}"
    """Vectors of the sentences that hardly any archive answers."""
    EVERYDAY = "everyday-{}"
    """Vectors of what people ask of footage, for models without reference vectors."""
    SAMPLE = "sample-{}"
    """The keyframes of a large archive that scores are compared with."""
    FILES = "files-{}"
    """When and by which camera every file was recorded."""
    RANGES = "ranges-{}"
    """Which keyframes every video has."""
    UNCHANGED = "unchanged-{}"
    """What an index run saw below some paths when it left nothing to do."""
    PICTURE = "pictures/{}.jpg"
    """Pictures of videos, as pages show them."""


class Cache:
    """Derived bytes in a catalog's cache folder, each with a checksum; any of them may be deleted at any time.

    Other derived files lie in the same folder: exported models and pictures that somebody searched with.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, entry: Entry, key: str) -> bytes | None:
        """What was written under this key; None where there is nothing, or not what was written."""
        return _read(self._path(entry, key))

    def write(self, entry: Entry, key: str, data: bytes) -> None:
        """Write an entry; a reader finds all of it or nothing.

        Raises:
            OSError: it can't be written.
        """
        path = self._path(entry, key)
        write_whole(path, _digest(path, data) + data)

    def touch(self, entry: Entry, key: str) -> None:
        """Note that an entry was used now; `shrink` deletes what was not used for the longest."""
        with contextlib.suppress(OSError):
            os.utime(self._path(entry, key))

    def paths(self, entry: Entry) -> list[Path]:
        """The files of all entries of a kind."""
        return sorted(self.folder.glob(entry.format("*")))

    def damaged(self) -> list[Path]:
        """The files of all entries, of whatever kind, that are not as they were written."""
        return [path for entry in Entry for path in self.paths(entry) if _read(path) is None]

    def drop(self, entry: Entry) -> None:
        """Delete all entries of a kind.

        Raises:
            OSError: one can't be deleted.
        """
        for path in self.paths(entry):
            path.unlink(missing_ok=True)

    def shrink(self, entry: Entry, most_bytes: int) -> None:
        """As the function `shrink`, of the entries of a kind. Raises OSError as it does."""
        self.tidy()
        shrink(self.paths(entry), most_bytes)

    def tidy(self) -> None:
        """Delete what killed processes left half-written: of entries, of exported models, of pictures in a search."""
        for pattern in ("**/*.part", "unfinished-*"):
            delete_abandoned(self.folder, pattern)

    def _path(self, entry: Entry, key: str) -> Path:
        return self.folder / entry.format(key)


def _read(path: Path) -> bytes | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, data = content[:_DIGEST], content[_DIGEST:]
    return data if hmac.compare_digest(digest, _digest(path, data)) else None


def _digest(path: Path, data: bytes) -> bytes:
    """Of the name too, so that a file moved to the name of another fails its checksum."""
    return hashlib.blake2b(path.name.encode() + b"\0" + data, digest_size=_DIGEST).digest()
