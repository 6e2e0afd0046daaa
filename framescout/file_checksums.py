"""Checksums of files: BLAKE2b of all bytes, and whether a file still looks as it was written."""

from __future__ import annotations

import contextlib
import hashlib
import os
from io import BufferedReader
from pathlib import Path
from typing import Self

import msgspec


def digest_of(path: Path) -> bytes:
    """BLAKE2b of a whole file, 16 bytes; reads about 1 GB a second.

    Raises:
        OSError: it can't be read.
    """
    with path.open("rb") as file:
        return _digest(file)


class FileChecksum(msgspec.Struct, frozen=True):
    """The digest, size and time of a written file; stored as text elsewhere."""

    digest: str
    """32 hexadecimal digits."""
    size_bytes: int
    mtime_ns: int

    def __str__(self) -> str:
        return f"blake2b:{self.digest}:{self.size_bytes}:{self.mtime_ns}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None where the text is no such checksum."""
        parts = text.split(":")
        if len(parts) != 4 or parts[0] != "blake2b" or not (parts[2].isdigit() and parts[3].isdigit()):
            return None
        return cls(parts[1], int(parts[2]), int(parts[3]))

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the whole file, as `digest_of` does."""
        with path.open("rb") as file:
            digest = _digest(file)
            facts = os.fstat(file.fileno())
        return cls(digest.hex(), facts.st_size, facts.st_mtime_ns)

    def fits(self, path: Path) -> bool:
        """Whether the file looks as it was written.

        A file of the same size and time is trusted; one of another time (a copied catalog) is read once in full.
        """
        try:
            facts = path.stat()
            if facts.st_size != self.size_bytes:
                return False
            if facts.st_mtime_ns != self.mtime_ns:
                if digest_of(path).hex() != self.digest:
                    return False
                with contextlib.suppress(OSError):  # so that the next one need not read it all again
                    os.utime(path, ns=(facts.st_atime_ns, self.mtime_ns))
        except OSError:
            return False
        return True


def _digest(file: BufferedReader) -> bytes:
    return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).digest()
