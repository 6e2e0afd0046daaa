"""The catalog: one folder. catalog.sqlite holds the truth; vectors/ and cache/ are derived from it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from framescout.catalog.opening import Catalog
    from framescout.catalog.snapshot import Snapshot
    from framescout.catalog.space import Space
    from framescout.catalog.writing import Writer

__all__ = ["Catalog", "Snapshot", "Space", "Writer"]

_MODULES = {"Catalog": "opening", "Snapshot": "snapshot", "Space": "space", "Writer": "writing"}


def __getattr__(name: str) -> Any:
    """Import on first use: decoding processes need the records alone."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
