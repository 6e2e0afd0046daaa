"""Where a path lies, by its text alone."""

from __future__ import annotations

import os
from collections.abc import Iterable


def is_below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path is one of these folders, or lies within one; all absolute, as this system writes paths."""
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)
