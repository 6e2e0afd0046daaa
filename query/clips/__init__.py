"""Exports moments as clips into one folder, with a manifest that lists them."""

from __future__ import annotations

from query.clips.clip import Clip
from query.clips.exporting import export

__all__ = ["Clip", "export"]
