"""Decides when a new generation is worth the time that building takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from framescout.vectors.search import FEW
from framescout.vectors.store import IndexStore

if TYPE_CHECKING:
    from framescout.catalog import Space

_FEW_NEW, _SHARE_NEW, _SHARE_DEAD = 2000, 0.05, 0.2


def is_worth_building(space: Space, store: IndexStore, *, few: int = FEW) -> bool:
    """Whether the current generation has fallen so far behind that searches feel it, or its file is no longer sound.

    Up to `few` vectors are read from the catalog in any case, and need none.
    """
    total = space.keyframe_count()
    generation = space.generation()
    if generation is None:
        return total > few
    if not store.is_sound(generation):
        return True
    alive = space.keyframe_count(below=generation.covers_below)
    new, dead = total - alive, generation.vector_count - alive
    return new > max(_FEW_NEW, _SHARE_NEW * total) or dead > _SHARE_DEAD * generation.vector_count or dead < 0
