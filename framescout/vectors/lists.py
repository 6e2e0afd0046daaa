"""Inverted lists with vectors of 8 bits a dimension: how their centres are learned, and how they are searched."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from framescout.vectors import gpu
from framescout.vectors.codes import in_whole_numbers, steps_for
from framescout.vectors.files import load_faiss
from framescout.vectors.widths import widened

PER_LIST = 40
"""Vectors a list to learn its centre from, at most; where there are fewer, all of them."""
_A_LIST = 24  # vectors in a list
_JUDGED = 20_000  # rows from which the step is learned
_FLAT_AT_MOST = 1024  # lists whose centres are compared one by one
_A_CELL = 32  # lists in a cell of the tree
_PER_CELL = 64  # vectors a cell to learn its centre from
_CELLS = 8  # that are opened to find a vector's list: it is the nearest one for 99 of 100
_AT_ONCE = 8192  # rows
_SPARE = 16  # times as many centres of a tree are compared as lists are wanted


def list_count(count: int) -> int:
    """How many lists so many vectors are worth: of some 24 each, as long as so many centres are learned in minutes.

    With shorter ones a question takes longer to find its lists than to read them.
    """
    return int(max(1, 2 ** round(np.log2(min(count / _A_LIST, 25 * np.sqrt(count))))))


def train(sample: np.ndarray, lists: int) -> Any:
    """A FAISS index of `lists` empty lists, their centres learned from (N, D) float16 unit rows."""
    faiss = load_faiss()
    dimensions = sample.shape[1]
    cells, centres = _learn(sample, lists)
    judged = _thinned(sample, _JUDGED)
    steps = steps_for(judged - centres[nearest(_coarse(cells, centres), judged)])
    index = faiss.IndexIVFScalarQuantizer(
        _coarse(cells, centres * np.float32(steps)),
        dimensions,
        lists,
        faiss.ScalarQuantizer.QT_8bit_direct_signed,
        faiss.METRIC_INNER_PRODUCT,
        True,
    )
    index.is_trained = True
    index.sq.rangestat_arg = steps  # written with the index; FAISS has no use for it in codes of this kind
    return index


def learn_centres(sample: np.ndarray, count: int) -> np.ndarray:
    """(count, D) float32: centres of lists, learned from (N, D) float16 unit rows; they are unit rows too."""
    return _learn(sample, count)[1]


def _learn(sample: np.ndarray, lists: int) -> tuple[np.ndarray | None, np.ndarray]:
    """Centres (lists, D), and where there are many of them those of the cells that they lie in (C, D)."""
    if lists <= _FLAT_AT_MOST:
        return None, _means(sample, lists)
    # to learn, and to compare each vector with, all at once takes hours
    count = max(1, lists // _A_CELL)
    cells = _means(_thinned(sample, _PER_CELL * count), count)
    near = load_faiss().IndexFlatIP(sample.shape[1])
    near.add(cells)
    cell = nearest(near, sample)
    shares = np.diff(np.cumsum(np.bincount(cell, minlength=len(cells))) * lists // len(sample), prepend=0)
    parts = ((sample[cell == number], share) for number, share in enumerate(shares.tolist()) if share)
    return cells, np.concatenate([_means(part, share, on_gpus=False) for part, share in parts])


def _coarse(cells: np.ndarray | None, centres: np.ndarray) -> Any:
    """The FAISS index that finds the nearest centres: it compares them all, or those of the nearest cells."""
    faiss = load_faiss()
    flat = faiss.IndexFlatIP(centres.shape[1])
    if cells is None:
        flat.add(centres)
        return flat
    flat.add(cells)
    half = faiss.ScalarQuantizer.QT_fp16  # reading the centres is a quarter of what a question takes
    tree = faiss.IndexIVFScalarQuantizer(flat, centres.shape[1], len(cells), half, faiss.METRIC_INNER_PRODUCT, False)
    tree.nprobe = min(len(cells), _CELLS)
    tree.is_trained = True
    tree.add(centres)
    return tree


def _means(sample: np.ndarray, count: int, *, on_gpus: bool = True) -> np.ndarray:
    """(count, D) float32: centres of k-means over (N, D) unit rows; they are unit rows too.

    Where there are few to learn, a GPU would take longer to be made ready for it.
    """
    faiss = load_faiss()
    dimensions = sample.shape[1]
    means = faiss.Clustering(dimensions, count)
    means.spherical, means.niter, means.min_points_per_centroid = True, 10, 1
    flat = faiss.IndexFlatIP(dimensions)
    means.train(_thinned(sample, count * means.max_points_per_centroid), gpu.on_gpus(flat) if on_gpus else flat)
    centres: np.ndarray = faiss.vector_to_array(means.centroids).reshape(count, dimensions)
    return centres


def _thinned(rows: np.ndarray, most: int) -> np.ndarray:
    """At most so many of the (N, D) rows, evenly chosen, as float32."""
    return rows[:: -(-len(rows) // most)].astype(np.float32)


def nearest(coarse: Any, rows: np.ndarray) -> np.ndarray:
    """(N,) int32: of each of (N, D) rows the nearest in a FAISS index of centres."""
    parts = (rows[start : start + _AT_ONCE].astype(np.float32) for start in range(0, len(rows), _AT_ONCE))
    return np.concatenate([coarse.search(part, 1)[1][:, 0].astype(np.int32) for part in parts])


def search_lists(
    index: Any, queries: np.ndarray, limit: int, lists: int, selector: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest vectors in the nearest `lists` lists of each query.

    Args:
        index: as `train` made it, with its lists in a file.
        queries: (Q, D) float32; zeros are put behind where the index is wider.
        limit: columns of the answer, K.
        lists: how many are walked.
        selector: FAISS's, of the ids that may be answered; None: all.

    Returns:
        ids (Q, K) int64 and scores (Q, K) float32, the cosine to about 0.001; best first, -1 and -inf where there are
        fewer.
    """
    whole, unit = in_whole_numbers(widened(queries, index.d))
    scores, ids = index.search(whole, limit, params=walking(index, lists, selector))
    scores *= unit / index.sq.rangestat_arg
    scores[ids < 0] = -np.inf
    return ids, scores


@lru_cache(maxsize=1)
def walking(index: Any, lists: int, selector: Any = None) -> Any:
    """FAISS's search parameters for the nearest `lists` lists, and only ids that `selector` lets through.

    The last ones are kept, since SWIG takes 0.03 ms to make them.
    """
    faiss = load_faiss()
    tree = faiss.downcast_index(index.quantizer)
    cells = 0  # of a tree that are opened
    if hasattr(tree, "nprobe"):
        cells = min(max(-(-_SPARE * lists * tree.nlist // index.nlist), tree.nprobe), tree.nlist)
    opened = faiss.SearchParametersIVF(nprobe=cells) if cells else None
    return faiss.SearchParametersIVF(nprobe=lists, sel=selector, quantizer_params=opened)
