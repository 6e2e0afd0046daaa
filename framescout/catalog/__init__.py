"""The catalog: one folder that holds all we know. catalog.sqlite is the only truth; vectors/ and cache/ are derived."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framescout.catalog.opening import Catalog
    from framescout.catalog.reading import Snapshot
    from framescout.catalog.writing import Writer

__all__ = ["Catalog", "Snapshot", "Writer"]


def __getattr__(name: str) -> Any:
    """Import on first use: decoding processes need the records alone, and SQLAlchemy costs them 0.2 s."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from framescout.catalog import opening

    return getattr(opening, name)
