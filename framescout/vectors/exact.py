"""Exact search over the catalog's own embeddings, with numpy alone; every other way is measured against it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from framescout.catalog.blocks import EmbeddingBlock
from framescout.distinct import distinct

_ROWS = 1024  # rows that are compared at once; more would lie in fresh memory, which takes longer than the product
_FEW_QUERIES, _LONG = 8, 32  # queries, and rows a video, from which on a product for each video pays


def search_blocks(
    queries: np.ndarray, blocks: Iterable[EmbeddingBlock], limit: int, ranges: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest keyframes of each query by inner product.

    Args:
        queries: (Q, D) float32.
        blocks: any number of them; read once, a part at a time.
        limit: rows of the answer, K.
        ranges: (M, 2) int64, sorted and apart: only ids in one of these [first, last + 1) count. None: all do.

    Returns:
        ids (Q, K) int64 and scores (Q, K) float32, best first, of equal ones the smaller id first; -1 and -inf where
        there are fewer.
    """
    ids, scores = nothing(len(queries), limit)
    for part_ids, parts in _parts(blocks, ranges):
        products = _products(queries, parts)
        ids, scores = merge(ids, scores, np.broadcast_to(part_ids, products.shape), products)
    return ids, scores


def merge(
    ids: np.ndarray, scores: np.ndarray, more_ids: np.ndarray, more_scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The best of both, as many columns as the first has; all arrays are (Q, any)."""
    limit = ids.shape[1]
    ids, scores = np.concatenate([ids, more_ids], axis=1), np.concatenate([scores, more_scores], axis=1)
    if 4 * limit < ids.shape[1]:  # most fall away at once: no need to sort them
        border = -np.partition(-scores, limit - 1, axis=1)[:, limit - 1 : limit]
        keep = int((scores >= border).sum(axis=1).max())
        chosen = np.argpartition(-scores, keep - 1, axis=1)[:, :keep]
        ids, scores = np.take_along_axis(ids, chosen, 1), np.take_along_axis(scores, chosen, 1)
    order = np.lexsort((ids, -scores), axis=1)[:, :limit]
    return np.take_along_axis(ids, order, 1), np.take_along_axis(scores, order, 1).astype(np.float32, copy=False)


def nothing(queries: int, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """The answer where there is none: ids (Q, K) of -1 and scores (Q, K) of -inf."""
    return np.full((queries, limit), -1, np.int64), np.full((queries, limit), -np.inf, np.float32)


def _parts(
    blocks: Iterable[EmbeddingBlock], ranges: np.ndarray | None
) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """Ids (n,) and float32 rows, (n, D) together, of about _ROWS at a time."""
    ids: list[np.ndarray] = []
    rows: list[np.ndarray] = []
    count = 0
    for block in blocks:
        block_ids = np.arange(block.first_keyframe_id, block.first_keyframe_id + len(block))
        if ranges is None:
            block_rows = block.rows
        else:
            places = np.flatnonzero(within(block_ids, ranges))
            if not len(places):
                continue
            first, last = int(places[0]), int(places[-1])
            block_rows = block.rows_between(first, last + 1)
            if len(places) < len(block_rows):
                block_rows = block_rows[places - first]
            block_ids = block_ids[places]
        for start in range(0, len(block_ids), _ROWS):
            ids.append(block_ids[start : start + _ROWS])
            rows.append(block_rows[start : start + _ROWS])
            count += len(ids[-1])
            if count >= _ROWS:
                yield np.concatenate(ids), rows
                ids, rows, count = [], [], 0
    if count:
        yield np.concatenate(ids), rows


def _products(queries: np.ndarray, parts: list[np.ndarray]) -> np.ndarray:
    """(Q, D) and rows, (n, D) together -> (Q, n) float32; to put rows side by side first takes as long as a product."""
    if len(queries) <= _FEW_QUERIES and sum(map(len, parts)) >= _LONG * len(parts):
        return np.concatenate([part @ queries.T for part in parts]).T
    products: np.ndarray = queries @ np.concatenate(parts).T
    return products


def within(ids: np.ndarray, ranges: np.ndarray) -> np.ndarray:
    """(N,) bool: which ids lie in one of the (M, 2) sorted ranges [first, last + 1) that don't overlap."""
    place = np.searchsorted(ranges[:, 0], ids, side="right") - 1
    if not len(ranges):
        return np.zeros(len(ids), bool)
    inside: np.ndarray = (place >= 0) & (ids < ranges[np.maximum(place, 0), 1])
    return inside


def touching(spans: np.ndarray, ranges: np.ndarray) -> np.ndarray:
    """(V,) bool: which of the (V, 2) spans of ids [first, last + 1) share an id with the sorted (M, 2) ranges."""
    place = np.searchsorted(ranges[:, 1], spans[:, 0], side="right")  # the first one that ends after it begins
    touched: np.ndarray = place < len(ranges)
    touched[touched] = ranges[place[touched], 0] < spans[touched, 1]
    return touched


def tidy(ranges: np.ndarray) -> np.ndarray:
    """Ranges in any order, perhaps empty or overlapping -> the same ids as (M, 2) int64, sorted and apart."""
    ranges = np.asarray(ranges, np.int64).reshape(-1, 2)
    ranges = ranges[ranges[:, 1] > ranges[:, 0]]
    if not len(ranges):
        return ranges
    ranges = ranges[np.argsort(ranges[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ranges[:, 1])
    begins = np.concatenate([[True], ranges[1:, 0] > reach[:-1]])
    starts = np.flatnonzero(begins)
    return np.stack([ranges[starts, 0], np.maximum.reduceat(ranges[:, 1], starts)], axis=1)


def common(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Ids in both: (M, 2) ranges, sorted and apart, as a and b are."""
    points = distinct(np.concatenate([a.ravel(), b.ravel()]))
    if len(points) < 2:
        return np.empty((0, 2), np.int64)
    pieces = np.stack([points[:-1], points[1:]], axis=1)
    return tidy(pieces[within(pieces[:, 0], a) & within(pieces[:, 0], b)])
