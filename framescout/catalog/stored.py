"""Reads single values as SQLite stores them in the catalog."""

from __future__ import annotations

from datetime import UTC, datetime


def path_of(value: bytes | str) -> str:
    """The str that `open` takes, bytes that are no UTF-8 as surrogates; of text, as only damage leaves it, the same."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")


def time_of(text: str) -> datetime:
    """Aware, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stored_time(time: datetime) -> str:
    """An aware time as UTC, so that text order is time order."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
