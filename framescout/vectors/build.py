"""Builds an index file from the catalog's embeddings: an exact one while that is fast enough, else inverted lists."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framescout.vectors.files import FLAT, IVF, load_faiss, read_index, write_index
from framescout.vectors.list_writing import Parts, write_lists
from framescout.vectors.lists import PER_LIST, list_count, search_lists, train
from framescout.vectors.recall import AT, choose_nprobe, exact_answers, trial_queries
from framescout.vectors.rows import in_parts, sample
from framescout.vectors.store import BuiltIndex
from framescout.vectors.widths import widened, width_of

if TYPE_CHECKING:
    from framescout.catalog import Space

EXACT_AT_MOST = 30_000
"""Vectors up to which every one is compared: 4 ms a query (D = 384), where inverted lists take less than one."""
_QUERIES = 128


def build(space: Space, folder: Path, sentences: np.ndarray | None = None) -> BuiltIndex:
    """Write an index of the space's embeddings into `folder`; it is not yet the current one.

    Memory: 8 bytes a vector and some 100 MB; to learn the lists' centres, 120 D bytes a list beside.

    Args:
        sentences: (S, D) float32 unit vectors of sentences as people ask them; inverted lists are tuned with them.

    Raises:
        DiskFullError: the file doesn't fit.
    """
    count = space.keyframe_count()
    parts = partial(in_parts, space)
    if count <= EXACT_AT_MOST:
        kind, nprobe, share = FLAT, 0, None
        name, checksum = write_index(
            partial(_write_flat, parts, width_of(space.model.dimensions)), folder, f"{space.model.id}-{FLAT}"
        )
    else:
        kind = IVF
        learned_from = sample(space, count, PER_LIST * list_count(count), seed=1)
        index = train(widened(learned_from, width_of(space.model.dimensions)), list_count(count))
        name, checksum = write_index(partial(write_lists, index, parts), folder, f"{space.model.id}-{IVF}")
        kinds = trial_queries(sample(space, count, _QUERIES, seed=2).astype(np.float32), sentences)
        answers = exact_answers(space, kinds)
        index = read_index(folder / name, str(checksum))
        finds = [partial(_ids, index, kind) for kind in kinds]
        nprobe, share = choose_nprobe(list(zip(finds, answers, strict=True)), index.nlist)
    return BuiltIndex(name, kind, count, space.snapshot.next_keyframe_id(), str(checksum), nprobe, share)


def _ids(index: Any, queries: np.ndarray, lists: int) -> np.ndarray:
    return search_lists(index, queries, AT, lists)[0]


def _write_flat(parts: Parts, width: int, path: Path) -> None:
    faiss = load_faiss()
    quantizer = faiss.IndexScalarQuantizer(width, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexIDMap(quantizer)
    for ids, rows in parts():
        index.add_with_ids(rows.astype(np.float32), ids)
    faiss.write_index(index, str(path))
