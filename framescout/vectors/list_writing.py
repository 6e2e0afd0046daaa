"""Writes inverted lists straight into a file, so that an index of any size is built in bounded memory.

FAISS writes lists only from memory, and keeps room in them to grow. So FAISS writes the index without its lists, and
this module appends them in FAISS's layout (`write_InvertedLists` in faiss/impl/index_write.cpp): all codes of a list,
then all its ids, list after list. The layout needs the sizes first, so every vector is read twice: once to choose its
list, once to write it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from framescout.vectors.codes import encode
from framescout.vectors.files import load_faiss
from framescout.vectors.gpu import on_gpus
from framescout.vectors.lists import nearest

Parts = Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]
"""Ids (n,) int64 and rows (n, D) float16 of all vectors, a part at a time; the same at every call."""
_NO_LISTS = struct.Struct("<4sQQ4sQ")  # how FAISS says that all lists are empty: name, lists, bytes a code, 'sprs', 0
_ID = 8  # bytes


def write_lists(index: Any, parts: Parts, path: Path) -> None:
    """Write a trained, empty index with all the vectors of `parts` in its lists.

    Memory: 8 bytes a vector, and some times what a part takes.

    Raises:
        OSError, RuntimeError: they don't fit.
    """
    faiss = load_faiss()
    coarse = on_gpus(index.quantizer)
    chosen = np.concatenate([nearest(coarse, rows) for _, rows in parts()])
    index.ntotal = len(chosen)
    faiss.write_index(index, str(path))
    index.ntotal = 0
    centres, steps = centres_of(index), index.sq.rangestat_arg
    sizes = np.bincount(chosen, minlength=index.nlist)
    with path.open("rb+", buffering=0) as file:
        _begin_lists(file, sizes, index.code_size)
        record = index.code_size + _ID
        starts = file.tell() + np.concatenate([[0], np.cumsum(sizes[:-1])]) * record
        written = np.zeros_like(sizes)
        done = 0
        for ids, rows in parts():
            numbers = chosen[done : done + len(ids)]
            _write_part(file, numbers, ids, encode(rows, numbers, centres, steps), starts, sizes, written)
            done += len(ids)


def centres_of(index: Any) -> np.ndarray:
    """(L, D) float32, in steps: the centres of an index as lists.py trains it."""
    faiss = load_faiss()
    tree = faiss.downcast_index(index.quantizer)
    if isinstance(tree, faiss.IndexIVF):
        tree = faiss.clone_index(tree)  # the map from ids to places is not to be written
        tree.make_direct_map()
    centres: np.ndarray = tree.reconstruct_n(0, tree.ntotal)
    return centres


def _begin_lists(file: BinaryIO, sizes: np.ndarray, code_size: int) -> None:
    """Say how many vectors each list has, where the file says that they have none."""
    file.seek(-_NO_LISTS.size, 2)
    empty = file.read(_NO_LISTS.size)
    if empty != _NO_LISTS.pack(b"ilar", len(sizes), code_size, b"sprs", 0):
        raise RuntimeError("this FAISS writes inverted lists in a layout that is not known")
    file.seek(-_NO_LISTS.size, 2)
    file.write(struct.pack("<4sQQ4sQ", b"ilar", len(sizes), code_size, b"full", len(sizes)))
    file.write(sizes.astype("<u8").tobytes())


def _write_part(
    file: BinaryIO,
    chosen: np.ndarray,
    ids: np.ndarray,
    codes: np.ndarray,
    starts: np.ndarray,
    sizes: np.ndarray,
    written: np.ndarray,
) -> None:
    """Put each code behind those that its list has already."""
    order = np.argsort(chosen, kind="stable")
    codes, ids = codes[order], ids[order].astype("<i8")
    numbers, firsts = np.unique(chosen[order], return_index=True)
    code_size = codes.shape[1]
    for number, first, last in zip(numbers, firsts, [*firsts[1:], len(order)], strict=True):
        place = written[number]
        file.seek(starts[number] + place * code_size)
        file.write(codes[first:last].data)
        file.seek(starts[number] + sizes[number] * code_size + place * _ID)
        file.write(ids[first:last].data)
        written[number] += last - first
