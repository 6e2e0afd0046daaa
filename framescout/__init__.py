"""framescout makes a video archive searchable by plain sentences.

import framescout, indexer, query

catalog = framescout.open("night")
indexer.index(catalog, ["/footage"])
answer = query.search(catalog, "a person climbing a fence", limit=10)
query.export(answer.moments, "clips")
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from framescout.errors import FramescoutError
from framescout.timeline import Span

if TYPE_CHECKING:
    from pathlib import Path

    from framescout.catalog import Catalog

__version__ = "0.1.0"
__all__ = ["FramescoutError", "Span", "__version__", "open"]


def open(folder: str | Path) -> Catalog:
    """Open the catalog in `folder`; an empty or missing folder becomes a new, empty catalog.

    `folder` may be the address of a PostgreSQL database, postgresql://USER@HOST/NAME.

    Raises:
        CatalogNotFoundError: the database can't be reached.
        CatalogTooNewError: it was written by a newer framescout.
        DamagedCatalogError: what is there is not a readable catalog.
    """
    from framescout.catalog import Catalog

    return Catalog.open(folder)
