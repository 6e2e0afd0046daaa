"""The times of a video's keyframes as the catalog stores them: four columns in one value.

Compressed, since a span begins where the one before ends: some 12 bytes a keyframe instead of 32.
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from framescout.catalog.records import Keyframe, KeyframeTimes

_COLUMNS = ("pts", "time", "span_start", "span_end")
_TYPES = ("<i8", "<f8", "<f8", "<f8")
_BYTES = 32  # a keyframe
_LEVEL = 1  # of zlib's: others take longer and save nothing
UNFIT = (TypeError, ValueError, OverflowError)
"""What packing and unpacking raise."""


def packed(keyframes: Sequence[Keyframe]) -> bytes:
    """Their pts as int64, then times, starts and ends of their spans in seconds as float64; little-endian."""
    return packed_rows([(each.pts, each.time, each.span.start, each.span.end) for each in keyframes])


def packed_rows(rows: Iterable[Collection[Any]]) -> bytes:
    """As `packed`, of rows of the four values.

    Raises:
        UNFIT: a value doesn't fit its column.
    """
    columns = zip(*rows, strict=True)
    data = b"".join(np.array(own, kind).tobytes() for own, kind in zip(columns, _TYPES, strict=True))
    return zlib.compress(data, _LEVEL)


def unpacked(first_keyframe_id: int, data: bytes, count: int) -> KeyframeTimes:
    """The times of `count` keyframes from this id on; the arrays can't be written to.

    Takes no more memory than those need, whatever a damaged value would grow to.

    Raises:
        TypeError, ValueError, OverflowError: it is no such value, or of another number of keyframes.
    """
    inflater = zlib.decompressobj()
    try:
        columns = inflater.decompress(data, max(1, _BYTES * count))  # 0 would be no limit
        is_whole = not inflater.decompress(inflater.unconsumed_tail, 1) and inflater.eof and not inflater.unused_data
    except zlib.error as error:
        raise ValueError(f"these are no times: {error}") from error
    if not is_whole or len(columns) != _BYTES * count:
        raise ValueError(f"these are not the times of {count} keyframes")
    arrays = [np.frombuffer(columns, kind, count, 8 * count * place) for place, kind in enumerate(_TYPES)]
    return KeyframeTimes(first_keyframe_id, *arrays)


def rows(first_keyframe_id: int, data: bytes, count: int, names: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """A row a keyframe, of `id` and the columns `pts`, `time`, `span_start` and `span_end` by name; as `unpacked`."""
    times = unpacked(first_keyframe_id, data, count)
    columns = dict(zip(_COLUMNS, (times.pts, times.times, times.starts, times.ends), strict=True))
    ids = range(first_keyframe_id, first_keyframe_id + len(times.pts))
    return zip(*(ids if name == "id" else columns[name].tolist() for name in names), strict=True)
