"""A question in, moments and clips out: the online side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from query.clips import export

if TYPE_CHECKING:
    from framescout.catalog import Catalog
    from query.answer import Answer

__all__ = ["export", "search"]


def search(
    catalog: Catalog,
    text: str,
    *,
    limit: int = 10,
    path: str | None = None,
    min_confidence: float = 0.0,
    model: str | None = None,
) -> Answer:
    """The moments that show what `text` says, best first.

    Args:
        catalog: an open catalog.
        text: what should be seen, in plain words.
        limit: how many moments at most.
        path: a glob over the videos' paths, or over their end.
        min_confidence: leave out moments below it, in [0, 1].
        model: the model to search with; by default the catalog's active one.

    Raises:
        UsageError: the question makes no sense.
        NotAvailableError: nothing is indexed yet, or the model can't be had.
    """
    from query.engine import answer
    from query.request import Query

    return answer(catalog, Query(text, limit, path, min_confidence), model_name=model)
