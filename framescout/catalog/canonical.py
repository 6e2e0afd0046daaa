"""Turns a record's values into bytes: the same bytes on every database, other bytes for every other record."""

from __future__ import annotations

import json
import struct
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def canonical(values: Collection[Any]) -> bytes:
    """The values of one record, in their order, each with its kind and its length.

    Of None, bool, int, float, str (bytes that are no UTF-8 as surrogates), bytes, aware datetime, and what JSON knows.
    """
    parts = [len(values).to_bytes(4, "little")]
    for value in values:
        kind, data = _encoded(value)
        parts += [kind, len(data).to_bytes(8, "little"), data]
    return b"".join(parts)


def _encoded(value: Any) -> tuple[bytes, bytes]:
    match value:
        case None:
            return b"n", b""
        case bool():
            return b"b", b"1" if value else b"0"
        case int():
            return b"i", b"%d" % value
        case float():
            return b"f", struct.pack("<d", value + 0.0)  # there is one zero: databases keep no other
        case str():
            return b"s", value.encode("utf-8", "surrogateescape")
        case bytes():
            return b"x", value
        case datetime():
            return b"t", b"%d" % ((value - _EPOCH) // _MICROSECOND)
        case _:
            return b"j", json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
