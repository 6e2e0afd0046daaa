"""Filters in, ranges of keyframe ids out: what is not wanted is left out before the neighbour search."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from framescout.catalog import Snapshot
from query.request import Query


def wanted_ranges(snapshot: Snapshot, model_id: int, query: Query) -> np.ndarray | None:
    """(M, 2) int64, [first, last + 1) of each video that passes; None where nothing is filtered."""
    if query.path is None:
        return None
    passing = {video.id for video in snapshot.videos() if matches_path(video.path, query.path)}
    ranges = snapshot.video_ranges(model_id)
    return ranges[np.isin(ranges[:, 0], list(passing)), 1:]


def matches_path(path: str, glob: str) -> bool:
    """Whether the glob fits the whole path, or a tail of it that begins at a folder or file name.

    `*` and `?` stay within a name, `**` crosses folders; a name without a wildcard finds itself anywhere.
    """
    return bool(_compiled(glob).search(path))


@lru_cache(maxsize=64)
def _compiled(glob: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/?|\*|\?|\[[^\]/]+\])", glob.removeprefix("./"))
    pattern = "".join(_piece(part) for part in parts)
    start = "" if glob.startswith("/") else "(?:^|/)"
    return re.compile(f"{'^' if glob.startswith('/') else start}{pattern}(?:$|/)" if pattern else "^$", re.DOTALL)


def _piece(part: str) -> str:
    if part == "**/":
        return "(?:.*/)?"
    if part == "**":
        return ".*"
    if part in ("*", "?"):
        return "[^/]" + ("*" if part == "*" else "")
    if part.startswith("[") and part.endswith("]"):
        inner = part[1:-1].replace("\\", "\\\\")
        return f"[^{inner[1:]}]" if inner[0] == "!" else f"[{inner}]"
    return re.escape(part)
