"""Finds the keyframes nearest to a query vector. Everything here is derived from the catalog and may be deleted.

Where an index is missing, old or damaged, an answer takes longer but stays right.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from framescout.errors import NotAvailableError
from framescout.packages import install_command
from framescout.vectors.exact import common, tidy, touching, within
from framescout.vectors.faiss_files import FaissFiles
from framescout.vectors.renewal import is_worth_building
from framescout.vectors.search import VectorIndex
from framescout.vectors.store import BuiltIndex, IndexStore

if TYPE_CHECKING:
    from framescout.vectors.lance_build import AddIndex

__all__ = [
    "BuiltIndex",
    "IndexStore",
    "VectorIndex",
    "common",
    "is_worth_building",
    "store_in",
    "tidy",
    "touching",
    "within",
]


def store_in(place: Path | str, add_index: AddIndex | None = None) -> IndexStore:
    """Where the generations of a catalog lie: the one place that chooses a kind.

    Args:
        place: a folder of FAISS files, or the address of Lance datasets.
        add_index: what indexes the vectors of a dataset; None: this process.

    Raises:
        NotAvailableError: the packages that it needs are not installed.
        UsageError: the environment names an object store in a way that nobody reads.
    """
    if isinstance(place, Path):
        return FaissFiles(place)
    try:
        from framescout.vectors.lance_sets import LanceSets
    except ImportError as error:
        raise NotAvailableError(
            f"vectors = {place!r} needs a package more ({error}); run: {install_command('lance')}"
        ) from error
    return LanceSets(place, add_index)
