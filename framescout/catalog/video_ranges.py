"""Which keyframes every video of a model has; kept as a derived file where the videos are many.

The file is named after the state of the catalog's files, as those of `FileColumns` are.
"""

from __future__ import annotations

import contextlib

import numpy as np

from framescout.cached import Cache, Entry
from framescout.catalog.file_columns import state_key
from framescout.catalog.reader import Reader, integers

HAS_FILE = "EXISTS (SELECT 1 FROM file WHERE file.video_id = indexing.video_id)"
"""Leaves out a video that has lost its path to other footage: until the run finds it elsewhere, or drops it, there is
nothing to show of it."""
_MANY = 20_000  # videos whose rows take longer to read than a file takes to check: 20 ms


def video_ranges(reader: Reader, cache: Cache, model_id: int) -> np.ndarray:
    """(M, 3) int64: video id, first keyframe id, last keyframe id + 1; in order of keyframe id."""
    state = state_key(reader)
    content = cache.read(Entry.RANGES, f"{model_id}-{state}") if state else None
    if content is not None:
        return np.frombuffer(content, "<i8").reshape(-1, 3)
    rows = reader.rows(
        "SELECT video_id, first_keyframe_id, first_keyframe_id + keyframe_count FROM indexing "
        f"WHERE model_id = ? AND {HAS_FILE} ORDER BY first_keyframe_id",
        model_id,
    )
    ranges = integers(rows, 3)
    if state and len(ranges) >= _MANY:
        with contextlib.suppress(OSError):
            for path in cache.paths(Entry.RANGES):
                if path.name.startswith(Entry.RANGES.format(f"{model_id}-")):
                    path.unlink(missing_ok=True)
            cache.write(Entry.RANGES, f"{model_id}-{state}", ranges.astype("<i8").tobytes())
    return ranges
