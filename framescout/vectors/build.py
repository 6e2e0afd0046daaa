"""Builds an index file from the catalog's embeddings: an exact one while that is fast enough, else inverted lists."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from framescout.vectors.exact import search_blocks
from framescout.vectors.files import FLAT, IVF, load_faiss, read_index, write_index
from framescout.vectors.list_writing import Parts, write_lists
from framescout.vectors.lists import PER_LIST, list_count, train
from framescout.vectors.recall import AT, choose_nprobe, trial_queries
from framescout.vectors.store import BuiltIndex
from framescout.vectors.widths import widened, width_of

if TYPE_CHECKING:
    from framescout.catalog import Space

EXACT_AT_MOST = 30_000
"""Vectors up to which every one is compared: 4 ms a query (D = 384), where inverted lists take less than one."""
_ROWS = 131_072  # rows that are in memory at once
_QUERIES = 128


def is_tuned(count: int) -> bool:
    """Whether an index of so many vectors is tuned with questions: whether sentences are wanted for it."""
    return count > EXACT_AT_MOST


def build(
    space: Space,
    folder: Path,
    sentences: np.ndarray | None = None,
    *,
    exact_at_most: int = EXACT_AT_MOST,
) -> BuiltIndex:
    """Write an index of the space's embeddings into `folder`; it is not yet the current one.

    Memory: 8 bytes a vector and some 100 MB; to learn the lists' centres, 120 D bytes a list beside.

    Args:
        sentences: (S, D) float32 unit vectors of sentences as people ask them; inverted lists are tuned with them.

    Raises:
        DiskFullError: the file doesn't fit.
    """
    count = space.keyframe_count()
    parts = partial(_parts, space)
    if count <= exact_at_most:
        kind, nprobe, share = FLAT, 0, None
        name, checksum = write_index(
            partial(_write_flat, parts, width_of(space.model.dimensions)), folder, f"{space.model.id}-{FLAT}"
        )
    else:
        kind = IVF
        sample = _sample(space, count, PER_LIST * list_count(count), seed=1)
        index = train(widened(sample, width_of(space.model.dimensions)), list_count(count))
        name, checksum = write_index(partial(write_lists, index, parts), folder, f"{space.model.id}-{IVF}")
        kinds = trial_queries(_sample(space, count, _QUERIES, seed=2).astype(np.float32), sentences)
        exact, _ = search_blocks(np.concatenate(kinds), space.blocks(), AT)
        answers = np.split(exact, np.cumsum([len(kind) for kind in kinds[:-1]]))
        nprobe, share = choose_nprobe(read_index(folder / name, str(checksum)), list(zip(kinds, answers, strict=True)))
    return BuiltIndex(name, kind, count, space.snapshot.next_keyframe_id(), str(checksum), nprobe, share)


def _write_flat(parts: Parts, width: int, path: Path) -> None:
    faiss = load_faiss()
    quantizer = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexIDMap(quantizer)
    for ids, rows in parts():
        index.add_with_ids(rows.astype(np.float32), ids)
    faiss.write_index(index, str(path))


def _sample(space: Space, count: int, size: int, seed: int) -> np.ndarray:
    """(at most `size`, D) float16: embeddings drawn evenly from all."""
    chosen = np.sort(np.random.default_rng(seed).choice(count, min(size, count), replace=False))
    sample = np.empty((len(chosen), space.model.dimensions), np.float16)
    start = 0
    for block in space.blocks():
        end = start + len(block.embeddings)
        first, last = np.searchsorted(chosen, [start, end])
        sample[first:last] = block.embeddings[chosen[first:last] - start]
        start = end
    return sample


def _parts(space: Space) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Ids (n,) int64 and rows (n, W) float16, in order of id, so many at a time that memory stays bounded."""
    width = width_of(space.model.dimensions)
    ids: list[np.ndarray] = []
    rows: list[np.ndarray] = []
    waiting = 0
    for block in space.blocks():
        ids.append(np.arange(block.first_keyframe_id, block.first_keyframe_id + len(block.embeddings)))
        rows.append(block.embeddings)
        waiting += len(block.embeddings)
        if waiting >= _ROWS:
            yield np.concatenate(ids), widened(np.concatenate(rows), width)
            ids, rows, waiting = [], [], 0
    if waiting:
        yield np.concatenate(ids), widened(np.concatenate(rows), width)
