"""One space for pictures and sentences. torch and open_clip stay inside; a search needs neither of them."""

from __future__ import annotations

from framescout.embedding.embedder import Embedder
from framescout.embedding.opening import has_towers, load_embedder, load_text_tower
from framescout.embedding.presets import Preset, fetched, fingerprint, presets
from framescout.embedding.reference import ReferenceScores
from framescout.embedding.text_tower import TextTower

__all__ = [
    "Embedder",
    "Preset",
    "ReferenceScores",
    "TextTower",
    "fetched",
    "fingerprint",
    "has_towers",
    "load_embedder",
    "load_text_tower",
    "presets",
]
