"""Every vector of an index file against the catalog: what is not as it should be, in words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from framescout.cached import Seal
from framescout.catalog.records import Generation, Model
from framescout.vectors.files import FLAT, KINDS, load_faiss, open_index

if TYPE_CHECKING:
    from framescout.catalog import Snapshot

_AT_ONCE = 262_144  # ids whose vectors are in memory together


def verify(snapshot: Snapshot, model: Model, folder: Path) -> list[str]:
    """What is wrong with the current generation of `model`; empty where all is well, or there is none that is used.

    Reads the whole file and every embedding of the model.
    """
    generation = snapshot.current_generation(model.id)
    if generation is None or generation.kind not in KINDS:
        return []
    name = generation.file_name
    path = folder / Path(name).name
    seal = Seal.parse(generation.checksum)
    if not path.is_file():
        return [f"the vector index {name} is missing"]
    try:
        is_whole = seal is not None and Seal.of(path).checksum == seal.checksum
    except OSError as error:
        return [f"the vector index {name} can't be read: {error.strerror}"]
    index = open_index(generation, model, folder) if is_whole else None
    if index is None:
        return [f"the vector index {name} is damaged: it is not as it was written"]
    return _compare(snapshot, model, generation, index)


def _compare(snapshot: Snapshot, model: Model, generation: Generation, index: Any) -> list[str]:
    reader = _FlatReader(index) if generation.kind == FLAT else _ListReader(index)
    missing = wrong = alive = 0
    for first, last, rows, is_live in _live_rows(snapshot, model, generation.covers_below):
        found, is_there = reader.vectors(first, last)
        both = is_there & is_live
        missing += int((is_live & ~is_there).sum())
        wrong += int((found[both] != rows[both]).any(axis=1).sum())
        alive += int(is_live.sum())
    problems = []
    if missing:
        problems.append(f"the vector index {generation.file_name} lacks {missing} keyframes of the catalog")
    if wrong:
        problems.append(f"the vector index {generation.file_name} has {wrong} vectors that differ from the catalog")
    if generation.vector_count < alive:
        problems.append(f"the vector index {generation.file_name} claims to cover more than it holds")
    return problems


def _live_rows(snapshot: Snapshot, model: Model, below: int) -> Iterator[tuple[int, int, np.ndarray, np.ndarray]]:
    """The catalog's vectors with ids below `below`: (first, last + 1, rows by id - first, which of them live)."""
    pending: list[tuple[int, np.ndarray]] = []

    def joined() -> tuple[int, int, np.ndarray, np.ndarray]:
        first, last = pending[0][0], pending[-1][0] + len(pending[-1][1])
        rows = np.zeros((last - first, model.dimensions), np.float32)
        is_live = np.zeros(last - first, bool)
        for start, part in pending:
            rows[start - first : start - first + len(part)] = part
            is_live[start - first : start - first + len(part)] = True
        return first, last, rows, is_live

    for block in snapshot.blocks(model.id):
        start = block.first_keyframe_id
        if start >= below:
            break
        if pending and start + len(block.embeddings) - pending[0][0] > _AT_ONCE:
            yield joined()
            pending = []
        pending.append((start, block.embeddings))
    if pending:
        yield joined()


class _FlatReader:
    """Vectors of an exact index by id."""

    def __init__(self, index: Any) -> None:
        faiss = load_faiss()
        self._ids = faiss.vector_to_array(index.id_map)
        self._inner = faiss.downcast_index(index.index)

    def vectors(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """(last - first, D) float32 rows, and which of them the index holds."""
        start, end = np.searchsorted(self._ids, [first, last])
        rows = np.zeros((last - first, self._inner.d), np.float32)
        is_there = np.zeros(last - first, bool)
        if end > start:
            places = self._ids[start:end] - first
            rows[places] = self._inner.reconstruct_n(int(start), int(end - start))
            is_there[places] = True
        return rows, is_there


class _ListReader:
    """Vectors of an index of inverted lists by id."""

    def __init__(self, index: Any) -> None:
        self._index = index

    def vectors(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """(last - first, D) float32 rows, and which of them the index holds."""
        faiss = load_faiss()
        lists, rows = self._index.invlists, np.zeros((last - first, self._index.d), np.float32)
        is_there = np.zeros(last - first, bool)
        coarse_size = self._index.coarse_code_size()
        for number in range(lists.nlist):
            size = lists.list_size(number)
            if not size:
                continue
            ids = faiss.rev_swig_ptr(lists.get_ids(number), size)
            chosen = np.flatnonzero((ids >= first) & (ids < last))
            if not len(chosen):
                continue
            codes = faiss.rev_swig_ptr(lists.get_codes(number), size * lists.code_size).reshape(size, -1)[chosen]
            coarse = np.frombuffer(number.to_bytes(coarse_size, "little"), np.uint8)
            whole = np.concatenate([np.broadcast_to(coarse, (len(chosen), coarse_size)), codes], axis=1)
            rows[ids[chosen] - first] = self._index.sa_decode(np.ascontiguousarray(whole))
            is_there[ids[chosen] - first] = True
        return rows, is_there
