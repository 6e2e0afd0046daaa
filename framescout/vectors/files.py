"""Index files on disk: written atomically, opened memory-mapped; one that fails its checksum counts as missing."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from framescout.catalog.records import Generation, Model
from framescout.durable import replace
from framescout.errors import DiskFullError, first_line
from framescout.file_checksums import FileChecksum
from framescout.vectors.widths import fits

FLAT, IVF = "flat-fp16", "ivf-int8"
"""Kinds of index: float16 in order of id, and 8 bits in inverted lists."""
KINDS = (FLAT, IVF)
"""A file of another kind was written by an older version: it is not used, and the next indexing replaces it."""
_MANY = 64  # queries that are worth several threads


def load_faiss() -> Any:
    """The module, imported when it is needed: that takes 0.2 s. Untyped: its own stubs don't know its own arguments."""
    import faiss

    return faiss


def write_index(write: Callable[[Path], None], folder: Path, stem: str) -> tuple[str, FileChecksum]:
    """Have `write` write an index into a file of `folder`; return its file name and checksum. Durable when it returns.

    Raises:
        DiskFullError: it doesn't fit; nothing is left behind.
    """
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{stem}.part"
    try:
        write(unfinished)
        checksum = FileChecksum.of(unfinished)
        name = f"{stem}-{checksum.digest[:12]}.faiss"
        replace(unfinished, folder / name)
    except (OSError, RuntimeError) as error:
        with contextlib.suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise DiskFullError(
            f"the vector index can't be written to {folder} ({first_line(error)}); make room there"
        ) from error
    return name, checksum


def open_index(generation: Generation, model: Model, folder: Path) -> Any | None:
    """The FAISS index of a generation, memory-mapped; None where the file fails its checksum.

    A file of the same size and time is trusted; one of another time (a copied catalog) is read once in full.
    """
    if not is_sound(generation, folder):
        return None
    try:
        index = read_index(folder / Path(generation.file_name).name, generation.checksum)
    except RuntimeError:
        return None
    return index if index.ntotal == generation.vector_count and fits(index.d, model.dimensions) else None


@lru_cache(maxsize=1)
def read_index(path: Path, _checksum: str) -> Any:
    """The FAISS index in a file, memory-mapped.

    Kept open for the next question of the same process; not more than one, since an open file keeps its disk.
    """
    faiss = load_faiss()
    return faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)


@contextlib.contextmanager
def threads_for(queries: int) -> Iterator[None]:
    """One thread for what is done in milliseconds: the others would wait for each other, and are wanted elsewhere."""
    faiss = load_faiss()
    before = faiss.omp_get_max_threads()
    if queries < _MANY:
        faiss.omp_set_num_threads(1)
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def is_sound(generation: Generation, folder: Path) -> bool:
    """Whether a generation's file is there, of a kind that is known, and fits its checksum."""
    checksum = FileChecksum.parse(generation.checksum)
    return generation.kind in KINDS and checksum is not None and checksum.fits(folder / Path(generation.file_name).name)


def delete_stale(folder: Path, current: Iterable[Generation]) -> None:
    """Delete index files that no current generation names. A search that has one open keeps it."""
    kept = {Path(generation.file_name).name for generation in current}
    for path in folder.iterdir():
        if path.suffix in {".faiss", ".part"} and path.name not in kept:
            with contextlib.suppress(OSError):  # some systems don't let go of an open file; the next run deletes it
                path.unlink()
