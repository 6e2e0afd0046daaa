"""Hashes a file's content: by samples, which is cheap on huge files, or whole.

`content_hash` reads the size, the first and the last MiB and 32 samples spread evenly between them: 4 MiB at most. Two
recordings differ in nearly every byte after their headers, also where a recorder writes a new one over a file of the
same size, and headers and indexes lie at the two ends. A change of a few bytes between the samples goes unseen; it
changes no embedding noticeably. Where two files with one content hash lie side by side, `full_hash` tells them apart.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

from framescout.errors import MediaError, Reason

_END_BYTES = 2**20
_SAMPLE_BYTES = 2**16
_SAMPLES = 32
_WHOLE_BELOW = 2 * _END_BYTES + _SAMPLES * _SAMPLE_BYTES
_DIGEST_BYTES = 20


def content_hash(path: str | Path) -> str:
    """Hex digest of the file's size and samples of its content; of all of it up to 4 MiB.

    Raises:
        MediaError: the file can't be read.
    """
    return _digest(path, sampled=True)


def full_hash(path: str | Path) -> str:
    """Hex digest of all of the file's content.

    Raises:
        MediaError: the file can't be read.
    """
    return _digest(path, sampled=False)


def _digest(path: str | Path, *, sampled: bool) -> str:
    digest = blake2b(digest_size=_DIGEST_BYTES)
    try:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(size.to_bytes(8, "big"))
            pieces = _samples(file, size) if sampled and size > _WHOLE_BELOW else _all(file)
            for piece in pieces:
                digest.update(piece)
    except OSError as error:
        raise MediaError(Reason.UNREADABLE, error.strerror or "") from error
    return digest.hexdigest()


def _samples(file: BinaryIO, size: int) -> Iterator[bytes]:
    yield file.read(_END_BYTES)
    between = size - 2 * _END_BYTES - _SAMPLE_BYTES
    for number in range(_SAMPLES):
        file.seek(_END_BYTES + between * number // (_SAMPLES - 1))
        yield file.read(_SAMPLE_BYTES)
    file.seek(size - _END_BYTES)
    yield file.read(_END_BYTES)


def _all(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_END_BYTES):
        yield piece
