"""Turns questions into moments and clips: the online side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framescout.catalog import Catalog
    from query.answer import Answer
    from query.clips import export

__all__ = ["export", "search"]


def search(catalog: Catalog, text: str = "", *, model: str | None = None, **asked: Any) -> Answer:
    """The moments that show what `text` says, best first.

    Args:
        catalog: an open catalog.
        text: what should be seen, in plain words.
        model: the model to search with; by default the catalog's active one.
        asked: everything else that a question may say, as fields of `query.request.Query`: `limit`, `also`, `without`,
            `images`, `like`, `then`, `within`, `after`, `before`, `hours`, `cameras`, `paths`, `labels`,
            `min_confidence`, ... What may be given several times is a list, also of one: `then=["a dog"], within=[20]`.

    Raises:
        UsageError: the question makes no sense, or names something that the catalog doesn't have.
        NotAvailableError: nothing is indexed yet, or the model can't be had.
    """
    from query.engine import Engine
    from query.request import Query

    return Engine(catalog, model=model).answer(Query.from_json({"text": text, **asked}))


def __getattr__(name: str) -> Any:
    """Import what cuts clips on first use: a search needs none of it."""
    if name != "export":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from query.clips import export

    return export
