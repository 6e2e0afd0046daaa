"""What can be made again: written whole or not at all, and known again; what is not as it was written is none."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_DIGEST = 16  # bytes


@dataclass(frozen=True, slots=True)
class Seal:
    """What a written file is known by; kept as text elsewhere."""

    checksum: str
    size_bytes: int
    mtime_ns: int

    def __str__(self) -> str:
        return f"blake2b:{self.checksum}:{self.size_bytes}:{self.mtime_ns}"

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None where the text is no seal."""
        parts = text.split(":")
        if len(parts) != 4 or parts[0] != "blake2b" or not (parts[2].isdigit() and parts[3].isdigit()):
            return None
        return cls(parts[1], int(parts[2]), int(parts[3]))

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the whole file: about 1 s a GB."""
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=_DIGEST))
            facts = os.fstat(file.fileno())
        return cls(digest.hexdigest(), facts.st_size, facts.st_mtime_ns)

    def fits(self, path: Path) -> bool:
        """Whether the file looks as it was sealed.

        One whose size and time are as sealed is trusted; another time (a copied catalog) costs one full reading.
        """
        try:
            facts = path.stat()
            if facts.st_size != self.size_bytes:
                return False
            if facts.st_mtime_ns != self.mtime_ns:
                if type(self).of(path).checksum != self.checksum:
                    return False
                with contextlib.suppress(OSError):  # so that the next one need not read it all again
                    os.utime(path, ns=(facts.st_atime_ns, self.mtime_ns))
        except OSError:
            return False
        return True


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path`, making its folder. A reader finds all of it or nothing; not durable against a power cut.

    Raises:
        OSError: it can't be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as unfinished:
        unfinished.write(data)
    os.replace(unfinished.name, path)  # noqa: PTH105


def keep(path: Path, data: bytes) -> None:
    """Write `data` for `read_kept`.

    Raises:
        OSError: it can't be written.
    """
    write_whole(path, _digest(path, data) + data)


def read_kept(path: Path) -> bytes | None:
    """What was kept under this name; None where there is nothing, or not what was written."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    digest, data = content[:_DIGEST], content[_DIGEST:]
    return data if hmac.compare_digest(digest, _digest(path, data)) else None


def _digest(path: Path, data: bytes) -> bytes:
    """Of the name too: a file that belongs elsewhere is none."""
    return hashlib.blake2b(path.name.encode() + b"\0" + data, digest_size=_DIGEST).digest()
