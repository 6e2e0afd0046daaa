"""Builds a version of a Lance dataset from the catalog's embeddings, and finds how many partitions a question needs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from framescout.vectors import lance_datasets
from framescout.vectors.exact import search_blocks
from framescout.vectors.lance_index import LanceIndex
from framescout.vectors.lists import PER_LIST, learn_centres
from framescout.vectors.recall import AT, Find, choose_nprobe, exact_answers, trial_queries
from framescout.vectors.rows import in_parts, sample
from framescout.vectors.widths import widened, width_of

if TYPE_CHECKING:
    from framescout.catalog import Space

AddIndex = Callable[[Any, np.ndarray], Any]
"""Adds an index with these (P, W) float32 centres to a dataset, and returns the version that has it."""
_A_PARTITION = 100  # vectors in a partition: with fewer, finding partitions takes longer than reading them
_MOST = 4096  # partitions
_QUERIES = 64
_SHARES = (0.5, 0.1)  # of all ids, that filters leave of which the index is asked


def partitions_for(count: int) -> int:
    """How many partitions so many vectors are worth."""
    return int(min(_MOST, max(1, 2 ** round(np.log2(max(1, count) / _A_PARTITION)))))


def build(
    space: Space, address: str, add_index: AddIndex, sentences: np.ndarray | None
) -> tuple[Any, int, float | None]:
    """A new version of the dataset at `address` with an index, how many partitions a question needs, and the recall.

    Memory: 120 W bytes a partition, and some 100 MB.

    Raises:
        One of lance_datasets.FAILURES: it doesn't fit, or the address can't be written to.
    """
    count, width = space.keyframe_count(), width_of(space.model.dimensions)
    partitions = partitions_for(count)
    if not count:
        return lance_datasets.overwrite(address, in_parts(space), width), 1, None
    learned_from = widened(sample(space, count, PER_LIST * partitions, seed=1), width)
    dataset = lance_datasets.overwrite(address, in_parts(space), width)
    dataset = add_index(dataset, learn_centres(learned_from, partitions))
    index = LanceIndex(dataset, partitions, vector_count=count, nprobe=1)
    return dataset, *choose_nprobe(_trials(space, index, sentences), partitions)


def _trials(space: Space, index: LanceIndex, sentences: np.ndarray | None) -> list[tuple[Find, np.ndarray]]:
    """Questions of each kind, and of all kinds under each filter: how they are asked, and what they should find."""
    kinds = trial_queries(sample(space, space.keyframe_count(), _QUERIES, seed=2).astype(np.float32), sentences)
    every = np.concatenate(kinds)
    trials: list[tuple[Find, np.ndarray]] = [
        (partial(_ids, index, kind, None), answer)
        for kind, answer in zip(kinds, exact_answers(space, kinds), strict=True)
    ]
    for share in [share for share in _SHARES if share * space.keyframe_count() >= AT]:
        ranges = _middle(space, share)
        answer, _ = search_blocks(every, space.blocks(), AT, ranges)
        trials.append((partial(_ids, index, every, ranges), answer))
    return trials


def _middle(space: Space, share: float) -> np.ndarray:
    """(1, 2): the range of ids around the middle that holds about such a share of them."""
    videos = space.video_ranges()
    first, end = int(videos[:, 1].min()), int(videos[:, 2].max())
    half = int((end - first) * share / 2)
    return np.array([[(first + end) // 2 - half, (first + end) // 2 + half + 1]])


def _ids(index: LanceIndex, queries: np.ndarray, ranges: np.ndarray | None, nprobe: int) -> np.ndarray:
    return index.found(queries, AT, ranges, nprobe)[0]
