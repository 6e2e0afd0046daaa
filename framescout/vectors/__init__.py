"""Nearest keyframes of a query vector. Derived from the catalog and FAISS inside: may be deleted at any time.

Promised: an answer is never wrong because an index file is missing, old or damaged; it only takes longer.
"""

from __future__ import annotations

from framescout.vectors.build import BuiltIndex, build, is_tuned, is_worth_building
from framescout.vectors.exact import common, tidy, touching, within
from framescout.vectors.files import delete_stale
from framescout.vectors.recall import recall_vs_exact
from framescout.vectors.search import VectorIndex
from framescout.vectors.verify import verify

__all__ = [
    "BuiltIndex",
    "VectorIndex",
    "build",
    "common",
    "delete_stale",
    "is_tuned",
    "is_worth_building",
    "recall_vs_exact",
    "tidy",
    "touching",
    "verify",
    "within",
]
