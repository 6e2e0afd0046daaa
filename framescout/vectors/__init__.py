"""Finds the keyframes nearest to a query vector. Everything here is derived from the catalog and may be deleted.

Where an index is missing, old or damaged, an answer takes longer but stays right.
"""

from __future__ import annotations

from pathlib import Path

from framescout.vectors.build import build, is_tuned
from framescout.vectors.exact import common, tidy, touching, within
from framescout.vectors.faiss_files import FaissFiles
from framescout.vectors.recall import recall_vs_exact
from framescout.vectors.renewal import is_worth_building
from framescout.vectors.search import VectorIndex
from framescout.vectors.store import BuiltIndex, IndexStore

__all__ = [
    "BuiltIndex",
    "IndexStore",
    "VectorIndex",
    "build",
    "common",
    "is_tuned",
    "is_worth_building",
    "recall_vs_exact",
    "store_in",
    "tidy",
    "touching",
    "within",
]


def store_in(folder: Path) -> IndexStore:
    """Where the generations of a catalog lie that has this folder of vectors: the one place that chooses a kind."""
    return FaissFiles(folder)
