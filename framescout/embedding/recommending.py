"""Recommends a larger model to people who search with the small one that ships with framescout."""

from __future__ import annotations

from framescout.embedding.presets import fetched, presets, resolve
from framescout.errors import ModelNotAvailableError

_BETTER = "balanced"


def better_than(name: str) -> str | None:
    """A sentence that names a better model, its size and the command; None where `name` does not ship with framescout.

    Touches no network; the size is that of the model's parameters until it is here.
    """
    try:
        source = resolve(name) if name in presets() else None
    except ModelNotAvailableError:
        return None
    if source is None or source.folder is None:
        return None
    better = presets()[_BETTER]
    if fetched(resolve(_BETTER)) is not None:
        return f"a real CLIP model answers better, and {_BETTER} is here: framescout index --model {_BETTER} FOLDER"
    size = f"{(better.download_bytes or 0) / 1e9:.1f} GB"
    return f"a real CLIP model answers better ({size}, once): framescout models fetch {_BETTER}"
