"""Searches inverted lists with numpy alone, for the one question of a command: importing FAISS would take longer.

FAISS takes 0.2 s to import, and with its libraries for GPUs reads half a gigabyte from a cold disk; a
question reads some thousand rows. The layout is that of FAISS (faiss/impl/index_write.cpp) with what lists.py and
list_writing.py put into it. A file with another layout is left to FAISS.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import numpy as np

from framescout.vectors.codes import ZERO, in_whole_numbers
from framescout.vectors.exact import merge, nothing, within
from framescout.vectors.widths import fits, widened

_HEAD = struct.Struct("<4siqqq?i")  # name, dimensions, vectors, two numbers that mean nothing, is trained, metric
_LISTS = struct.Struct("<QQ")  # lists, lists that are walked unless one says otherwise
_LENGTH = struct.Struct("<Q")
_SIZES = struct.Struct("<4sQQ4sQ")  # 'ilar', lists, bytes a code, 'full', lists
_NO_MAP = struct.Struct("<bQ")  # no table from ids to places, of no length
_CODES = struct.Struct("<iifQQ")  # kind, one that means nothing, steps, dimensions, bytes a code
_FLOAT16, _SIGNED_BYTES = 4, 8  # ScalarQuantizer.QT_fp16, QT_8bit_direct_signed
_PLAIN = struct.Struct("<QQ?")  # no ranges that were learned, bytes a code, not of a difference
_ID = 8  # bytes
_INNER_PRODUCT = 0


class Lists(msgspec.Struct, frozen=True):
    """An index file of lists; they are read when they are walked."""

    path: Path
    centres: np.ndarray
    """(L, D) float32, in steps"""
    steps: float
    """So many are a length of 1."""
    sizes: np.ndarray
    """(L,) int64, vectors a list"""
    starts: np.ndarray
    """(L,) int64, the byte at which a list begins"""

    @classmethod
    def open(cls, path: Path, count: int, dimensions: int) -> Lists | None:
        """A file of so many vectors with D dimensions; None where it is not laid out as this reads it."""
        try:
            with path.open("rb") as file:
                return cls._read(path, file, count, dimensions)
        except (OSError, ValueError, IndexError, struct.error):
            return None

    @classmethod
    def _read(cls, path: Path, file: BinaryIO, count: int, dimensions: int) -> Lists | None:
        name, width, _, _, _, is_trained, metric = _unpack(file, _HEAD)
        lists, _ = _unpack(file, _LISTS)
        if (name, is_trained, metric) != (b"IwSq", True, _INNER_PRODUCT) or not fits(width, dimensions):
            return None
        centres = _read_centres(file, lists, width)
        if centres is None:
            return None
        _unpack(file, _NO_MAP)
        kind, _, steps, *sizes_of_codes = _unpack(file, _CODES)
        if (kind, sizes_of_codes) != (_SIGNED_BYTES, [width, width]) or not steps > 0:
            return None
        record = width + _ID
        begin = file.seek(0, 2) - count * record - 8 * lists
        file.seek(begin - _SIZES.size)
        if _unpack(file, _SIZES) != (b"ilar", lists, width, b"full", lists):
            return None
        sizes = np.frombuffer(file.read(8 * lists), "<u8").astype(np.int64)
        if len(sizes) != lists or sizes.min() < 0 or sizes.sum() != count:
            return None
        return cls(path, centres, steps, sizes, begin + 8 * lists + (np.cumsum(sizes) - sizes) * record)

    def rows_in(self, lists: int) -> int:
        """How many vectors so many lists hold, about."""
        return int(self.sizes.sum()) * min(lists, len(self.sizes)) // len(self.sizes)

    def search(
        self, queries: np.ndarray, limit: int, lists: int, ranges: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """The nearest vectors in the nearest `lists` lists of each query.

        Args:
            queries: (Q, D) float32.
            limit: columns of the answer, K.
            lists: how many are walked, all where there are fewer.
            ranges: (M, 2) int64, sorted and apart: only ids in one of these [first, last + 1). None: all.

        Returns:
            ids (Q, K) int64 and scores (Q, K) float32, best first, -1 and -inf where there are fewer.

        Raises:
            OSError: the file is gone, or has become shorter.
        """
        whole, unit = in_whole_numbers(widened(queries, self.centres.shape[1]))
        with self.path.open("rb", buffering=0) as file:
            results = [self._search(file, query, limit, lists, ranges) for query in whole]
        scores = np.concatenate([scores for _, scores in results]) * (unit / np.float32(self.steps))
        return np.concatenate([ids for ids, _ in results]), scores

    def _search(
        self, file: BinaryIO, query: np.ndarray, limit: int, lists: int, ranges: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        near = self.centres @ query
        chosen = np.argpartition(-near, lists - 1)[:lists] if lists < len(near) else np.arange(len(near))
        chosen = np.sort(chosen)
        parts = [self._list(file, number) for number in chosen.tolist()]
        ids = np.concatenate([part for part, _ in parts])
        codes = np.concatenate([part for _, part in parts])
        at_zero = np.repeat(near[chosen] - ZERO * query.sum(), self.sizes[chosen])
        if ranges is not None:
            allowed = within(ids, ranges)
            ids, codes, at_zero = ids[allowed], codes[allowed], at_zero[allowed]
        return merge(*nothing(1, limit), ids[None], (at_zero + codes.astype(np.float32) @ query)[None])

    def _list(self, file: BinaryIO, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Ids (n,) int64 and codes (n, D) uint8 of one list."""
        size, dimensions = int(self.sizes[number]), self.centres.shape[1]
        file.seek(int(self.starts[number]))
        data = file.read(size * (dimensions + _ID))
        if len(data) < size * (dimensions + _ID):
            raise OSError(f"{self.path} ends too soon")
        codes = np.frombuffer(data, np.uint8, size * dimensions).reshape(size, dimensions)
        return np.frombuffer(data, "<i8", size, codes.nbytes), codes


def _read_centres(file: BinaryIO, lists: int, dimensions: int) -> np.ndarray | None:
    """(L, D) float32 in order of the lists; all of them, though FAISS looks at a part of a tree: one question has time.

    None where they are not laid out as lists.py has FAISS do it.
    """
    name, width, count, _, _, _, _ = _unpack(file, _HEAD)
    if (width, count) != (dimensions, lists) or name not in (b"IxFI", b"IwSq"):
        return None
    if name == b"IxFI":
        return _read_flat(file, lists, dimensions)
    cells, _ = _unpack(file, _LISTS)
    if _unpack(file, _HEAD)[:3] != (b"IxFI", dimensions, cells) or _read_flat(file, cells, dimensions) is None:
        return None
    _unpack(file, _NO_MAP)
    kind, _, _, width, code_size = _unpack(file, _CODES)
    if (kind, width, code_size) != (_FLOAT16, dimensions, 2 * dimensions):
        return None
    if _unpack(file, _PLAIN) != (0, code_size, False):
        return None
    if _unpack(file, _SIZES) != (b"ilar", cells, code_size, b"full", cells):
        return None
    sizes = np.frombuffer(file.read(8 * cells), "<u8")
    if sizes.max() > lists or sizes.sum() != lists:
        return None
    centres = np.empty((lists, dimensions), np.float32)
    for size in sizes.tolist():
        rows = np.frombuffer(file.read(size * code_size), "<f2").reshape(size, dimensions)
        centres[np.frombuffer(file.read(_ID * size), "<i8")] = rows
    return centres


def _read_flat(file: BinaryIO, count: int, dimensions: int) -> np.ndarray | None:
    (values,) = _unpack(file, _LENGTH)
    if values != count * dimensions:
        return None
    return np.frombuffer(file.read(4 * values), "<f4").reshape(count, dimensions)


def _unpack(file: BinaryIO, form: struct.Struct) -> tuple[Any, ...]:
    return form.unpack(file.read(form.size))
