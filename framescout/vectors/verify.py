"""Compares every vector of an index file with the catalog and says what differs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framescout.catalog.records import Generation
from framescout.file_checksums import FileChecksum, digest_of
from framescout.vectors.codes import encode
from framescout.vectors.files import FLAT, KINDS, load_faiss, open_index
from framescout.vectors.list_writing import centres_of
from framescout.vectors.store import faults
from framescout.vectors.widths import widened

if TYPE_CHECKING:
    from framescout.catalog import Space

_AT_ONCE = 262_144  # ids whose vectors are in memory together


def verify(space: Space, folder: Path) -> list[str]:
    """What is wrong with the space's current generation; empty where all is well, or there is none that is used.

    Reads the whole file and every embedding of the model.
    """
    generation = space.generation()
    if generation is None or generation.kind not in KINDS:
        return []
    name = generation.file_name
    path = folder / Path(name).name
    checksum = FileChecksum.parse(generation.checksum)
    if not path.is_file():
        return [f"the vector index {name} is missing"]
    try:
        is_whole = checksum is not None and digest_of(path).hex() == checksum.digest
    except OSError as error:
        return [f"the vector index {name} can't be read: {error.strerror}"]
    index = open_index(generation, space.model, folder) if is_whole else None
    if index is None:
        return [f"the vector index {name} is damaged: it is not as it was written"]
    return _compare(space, generation, index)


def _compare(space: Space, generation: Generation, index: Any) -> list[str]:
    reader = _FlatReader(index) if generation.kind == FLAT else _ListReader(index)
    missing = wrong = alive = 0
    for first, rows, is_live in _live_rows(space, generation.covers_below):
        is_there, is_same = reader.compare(first, widened(rows, index.d))
        missing += int((is_live & ~is_there).sum())
        wrong += int((is_live & is_there & ~is_same).sum())
        alive += int(is_live.sum())
    return faults(generation, missing, wrong, claims_more=generation.vector_count < alive)


def _live_rows(space: Space, below: int) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """The catalog's vectors with ids below `below`: (first, rows by id - first, which of them live)."""
    pending: list[tuple[int, np.ndarray]] = []

    def joined() -> tuple[int, np.ndarray, np.ndarray]:
        first, last = pending[0][0], pending[-1][0] + len(pending[-1][1])
        rows = np.zeros((last - first, space.model.dimensions), np.float32)
        is_live = np.zeros(last - first, bool)
        for start, part in pending:
            rows[start - first : start - first + len(part)] = part
            is_live[start - first : start - first + len(part)] = True
        return first, rows, is_live

    for block in space.blocks():
        start = block.first_keyframe_id
        if start >= below:
            break
        if pending and start + len(block) - pending[0][0] > _AT_ONCE:
            yield joined()
            pending = []
        pending.append((start, block.embeddings))
    if pending:
        yield joined()


class _FlatReader:
    """An exact index."""

    def __init__(self, index: Any) -> None:
        faiss = load_faiss()
        self._ids = faiss.vector_to_array(index.id_map)
        self._inner = faiss.downcast_index(index.index)

    def compare(self, first: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of the ids from `first` on (n,): whether the index holds them, and whether as (n, D) float32 `rows` say."""
        start, end = np.searchsorted(self._ids, [first, first + len(rows)])
        is_there, is_same = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        if end > start:
            places = self._ids[start:end] - first
            is_there[places] = True
            is_same[places] = (self._inner.reconstruct_n(int(start), int(end - start)) == rows[places]).all(axis=1)
        return is_there, is_same


class _ListReader:
    """An index of inverted lists."""

    def __init__(self, index: Any) -> None:
        self._lists = index.invlists
        self._centres, self._steps = centres_of(index), index.sq.rangestat_arg

    def compare(self, first: int, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As _FlatReader's; as the rows say is whatever they would be written as."""
        faiss = load_faiss()
        lists = self._lists
        is_there, is_same = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
        for number in range(lists.nlist):
            size = lists.list_size(number)
            if not size:
                continue
            ids = faiss.rev_swig_ptr(lists.get_ids(number), size)
            chosen = np.flatnonzero((ids >= first) & (ids < first + len(rows)))
            if not len(chosen):
                continue
            codes = faiss.rev_swig_ptr(lists.get_codes(number), size * lists.code_size).reshape(size, -1)[chosen]
            places = ids[chosen] - first
            is_there[places] = True
            wanted = encode(rows[places], np.full(len(places), number), self._centres, self._steps)
            is_same[places] = (codes == wanted).all(axis=1)
        return is_there, is_same
