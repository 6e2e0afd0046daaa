"""Inverted lists of float16, written straight into a file: an index of any size is built in bounded memory.

FAISS writes lists only out of memory, and keeps room in them to grow. So it writes the index without them, and they
follow in its own layout (`write_InvertedLists` in faiss/impl/index_write.cpp): all codes of a list, then all its ids,
list after list. The sizes must be known for that, so everything is read twice: once to choose lists, once to write.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from framescout.vectors.cards import on_cards
from framescout.vectors.files import load_faiss

Parts = Callable[[], Iterator[tuple[np.ndarray, np.ndarray]]]
"""Ids (n,) int64 and rows (n, D) float16 of all vectors, a part at a time; the same at every call."""
PER_LIST = 40
"""Vectors a list to learn its centre from."""
_FLAT_AT_MOST = 1024  # lists whose centres are compared one by one
_SPARE = 16  # times as many centres of a tree are compared as lists are wanted
_NO_LISTS = struct.Struct("<4sQQ4sQ")  # how FAISS says that all lists are empty: name, lists, bytes a code, 'sprs', 0
_ID = 8  # bytes


def list_count(count: int) -> int:
    """How many lists so many vectors are worth: small ones, since their centres are found through a tree."""
    return int(max(1, min(2 ** round(np.log2(12 * np.sqrt(count))), count // PER_LIST)))


def train(sample: np.ndarray, lists: int) -> Any:
    """A FAISS index of `lists` empty lists, their centres learned from (N, D) float32 unit rows."""
    faiss = load_faiss()
    dimensions = sample.shape[1]
    if lists <= _FLAT_AT_MOST:
        coarse = faiss.IndexFlatIP(dimensions)
        coarse.add(_means(sample, lists))
    else:
        coarse = _tree(sample, lists)
    index = faiss.IndexIVFScalarQuantizer(
        coarse, dimensions, lists, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
    )
    index.train(sample)  # FAISS leaves centres as they are, where there are enough
    return index


def _tree(sample: np.ndarray, lists: int) -> Any:
    """So many centres in cells of their own: to learn, and to compare each vector with, all at once takes hours."""
    faiss = load_faiss()
    cells = faiss.IndexFlatIP(sample.shape[1])
    cells.add(_means(sample, int(np.sqrt(lists))))
    cell = cells.search(sample, 1)[1][:, 0]
    shares = np.diff(np.cumsum(np.bincount(cell, minlength=cells.ntotal)) * lists // len(sample), prepend=0)
    centres = [_means(sample[cell == number], share) for number, share in enumerate(shares.tolist()) if share]
    tree = faiss.IndexIVFFlat(cells, sample.shape[1], cells.ntotal, faiss.METRIC_INNER_PRODUCT)
    tree.nprobe = -(-cells.ntotal // 32)  # cells that are opened to find a vector's list
    tree.train(sample)
    tree.add(np.concatenate(centres))
    return tree


def _means(sample: np.ndarray, count: int) -> np.ndarray:
    """(count, D) float32: centres of k-means over unit rows; they are unit rows too."""
    faiss = load_faiss()
    dimensions = sample.shape[1]
    means = faiss.Clustering(dimensions, count)
    means.spherical, means.niter, means.min_points_per_centroid = True, 10, 1
    flat = faiss.IndexFlatIP(dimensions)
    means.train(sample, on_cards(flat))
    centres: np.ndarray = faiss.vector_to_array(means.centroids).reshape(count, dimensions)
    return centres


def walking(index: Any, lists: int, selector: Any = None) -> Any:
    """FAISS's search parameters for the nearest `lists` lists, and only ids that `selector` lets through."""
    faiss = load_faiss()
    tree = faiss.downcast_index(index.quantizer)
    if not isinstance(tree, faiss.IndexIVF):
        return faiss.SearchParametersIVF(nprobe=lists, sel=selector)
    cells = -(-_SPARE * lists * tree.nlist // index.nlist)
    opened = faiss.SearchParametersIVF(nprobe=min(max(cells, tree.nprobe), tree.nlist))
    return faiss.SearchParametersIVF(nprobe=lists, sel=selector, quantizer_params=opened)


def write_lists(index: Any, parts: Parts, path: Path) -> None:
    """Write a trained, empty index with all the vectors of `parts` in its lists.

    Memory: 8 bytes a vector, and some times what a part takes.

    Raises:
        OSError, RuntimeError: they don't fit.
    """
    faiss = load_faiss()
    coarse = on_cards(index.quantizer)
    chosen = np.concatenate([_nearest(coarse, rows) for _, rows in parts()])
    index.ntotal = len(chosen)
    faiss.write_index(index, str(path))
    index.ntotal = 0
    sizes = np.bincount(chosen, minlength=index.nlist)
    with path.open("rb+", buffering=0) as file:
        _begin_lists(file, sizes, index.code_size)
        record = index.code_size + _ID
        starts = file.tell() + np.concatenate([[0], np.cumsum(sizes[:-1])]) * record
        written = np.zeros_like(sizes)
        done = 0
        for ids, rows in parts():
            _write_part(file, chosen[done : done + len(ids)], ids, rows, starts, sizes, written)
            done += len(ids)


def _nearest(coarse: Any, rows: np.ndarray) -> np.ndarray:
    """(n,) int32: the list that each row belongs into, by a FAISS index of the lists' centres."""
    numbers: np.ndarray = coarse.search(rows.astype(np.float32), 1)[1][:, 0].astype(np.int32)
    return numbers


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
    rows: np.ndarray,
    starts: np.ndarray,
    sizes: np.ndarray,
    written: np.ndarray,
) -> None:
    """Put each row behind those that its list has already; a code is the row itself, as float16."""
    order = np.argsort(chosen, kind="stable")
    codes, ids = rows[order].astype("<f2"), ids[order].astype("<i8")
    numbers, firsts = np.unique(chosen[order], return_index=True)
    code_size = rows.shape[1] * codes.itemsize
    for number, first, last in zip(numbers, firsts, [*firsts[1:], len(order)], strict=True):
        place = written[number]
        file.seek(starts[number] + place * code_size)
        file.write(codes[first:last].data)
        file.seek(starts[number] + sizes[number] * code_size + place * _ID)
        file.write(ids[first:last].data)
        written[number] += last - first
