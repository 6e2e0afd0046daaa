"""Inverted lists, whose vectors are of 8 bits a dimension: how their centres are learned, and how they are asked."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from framescout.vectors.cards import on_cards
from framescout.vectors.codes import in_whole_numbers, steps_for
from framescout.vectors.files import load_faiss

PER_LIST = 40
"""Vectors a list to learn its centre from."""
_A_LIST = 75  # vectors in a list
_JUDGED = 20_000  # rows from which the step is learned
_FLAT_AT_MOST = 1024  # lists whose centres are compared one by one
_SPARE = 16  # times as many centres of a tree are compared as lists are wanted


def list_count(count: int) -> int:
    """How many lists so many vectors are worth: of some 75 each, as long as so many centres are learned in minutes.

    With shorter ones a question takes longer to find its lists than to read them.
    """
    return int(max(1, min(2 ** round(np.log2(min(count / _A_LIST, 12 * np.sqrt(count)))), count // PER_LIST)))


def train(sample: np.ndarray, lists: int) -> Any:
    """A FAISS index of `lists` empty lists, their centres learned from (N, D) float32 unit rows."""
    faiss = load_faiss()
    dimensions = sample.shape[1]
    cells, centres = _learn(sample, lists)
    judged = sample[:: -(-len(sample) // _JUDGED)]
    nearest = _coarse(cells, centres).search(judged, 1)[1][:, 0]
    steps = steps_for(judged - centres[nearest])
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


def _learn(sample: np.ndarray, lists: int) -> tuple[np.ndarray | None, np.ndarray]:
    """Centres (lists, D), and where there are many of them those of the cells that they lie in (C, D)."""
    if lists <= _FLAT_AT_MOST:
        return None, _means(sample, lists)
    # to learn, and to compare each vector with, all at once takes hours
    faiss = load_faiss()
    cells = _means(sample, int(np.sqrt(lists)))
    near = faiss.IndexFlatIP(sample.shape[1])
    near.add(cells)
    cell = near.search(sample, 1)[1][:, 0]
    shares = np.diff(np.cumsum(np.bincount(cell, minlength=len(cells))) * lists // len(sample), prepend=0)
    return cells, np.concatenate(
        [_means(sample[cell == number], share) for number, share in enumerate(shares.tolist()) if share]
    )


def _coarse(cells: np.ndarray | None, centres: np.ndarray) -> Any:
    """The FAISS index that finds the nearest centres: it compares them all, or those of the nearest cells."""
    faiss = load_faiss()
    flat = faiss.IndexFlatIP(centres.shape[1])
    if cells is None:
        flat.add(centres)
        return flat
    flat.add(cells)
    tree = faiss.IndexIVFFlat(flat, centres.shape[1], len(cells), faiss.METRIC_INNER_PRODUCT)
    tree.nprobe = -(-len(cells) // 32)  # cells that are opened to find a vector's list
    tree.is_trained = True
    tree.add(centres)
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


def search_lists(
    index: Any, queries: np.ndarray, limit: int, lists: int, selector: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest vectors in the nearest `lists` lists of each query.

    Args:
        index: as `train` made it, with its lists in a file.
        queries: (Q, D) float32.
        limit: columns of the answer, K.
        lists: how many are walked.
        selector: FAISS's, of the ids that may be answered; None: all.

    Returns:
        ids (Q, K) int64 and scores (Q, K) float32, the cosine to about 0.001; best first, -1 and -inf where there are
        fewer.
    """
    whole, unit = in_whole_numbers(queries)
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
