"""How many bytes the embeddings of a catalog would take if they were compressed without loss.

    python benchmarks/lossless.py CATALOG

CATALOG is a folder that `framescout index` filled with real footage. Each video's matrix is compressed alone, as it is
stored; "bytes apart": all high bytes, then all low ones; "differences": of each number from that of the keyframe
before, in the order of float16 numbers.
"""

from __future__ import annotations

import argparse
import contextlib
import lzma
import sqlite3
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.record import recorded


def apart(numbers: np.ndarray) -> bytes:
    """(N, D) unsigned integers as their lowest bytes, then the next, column by column."""
    size = numbers.dtype.itemsize
    return b"".join((numbers >> 8 * place).astype(np.uint8).T.tobytes() for place in reversed(range(size)))


def differences(numbers: np.ndarray) -> np.ndarray:
    """(N, D) bits of float16 numbers -> (N, D) uint32: steps from the row before, small ones as small numbers."""
    bits = numbers.astype(np.int64)
    steps = np.diff(np.where(bits & 0x8000, 0xFFFF - bits, bits | 0x8000), axis=0, prepend=0)
    return np.where(steps < 0, -2 * steps - 1, 2 * steps).astype(np.uint32)


WAYS: dict[str, Callable[[np.ndarray], bytes]] = {
    "zlib": lambda numbers: zlib.compress(numbers.tobytes(), 9),
    "bytes apart, zlib": lambda numbers: zlib.compress(apart(numbers), 9),
    "bytes apart, lzma": lambda numbers: lzma.compress(apart(numbers)),
    "differences, bytes apart, lzma": lambda numbers: lzma.compress(apart(differences(numbers))),
}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("catalog", type=Path)
    given = parser.parse_args()
    with contextlib.closing(sqlite3.connect(given.catalog / "catalog.sqlite")) as database:
        rows = database.execute("SELECT keyframe_count, embeddings FROM indexing").fetchall()
    matrices = [np.frombuffer(matrix, "<u2").reshape(count, -1) for count, matrix in rows]
    whole = sum(each.nbytes for each in matrices)
    print(f"{len(matrices)} videos, {sum(map(len, matrices))} keyframes, {whole:,} bytes of embeddings\n")
    print("| way | of their bytes |\n|---|---|")
    for name, way in WAYS.items():
        print(f"| {name} | {sum(len(way(each)) for each in matrices) / whole:.3f} |")


if __name__ == "__main__":
    with recorded(__file__):
        main()
