"""Reads single values as SQLite stores them in the catalog."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime

IDENTITY = "identity"
"""Key in the table `state` of a random number that tells a catalog apart from others."""


def path_of(value: bytes | str) -> str:
    """The str that `open` takes, bytes that are no UTF-8 as surrogates; of text, as only damage leaves it, the same."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogateescape")


def time_of(text: str) -> datetime:
    """Aware, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def stored_time(time: datetime) -> str:
    """An aware time as UTC, so that text order is time order."""
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def tags_of(tags: str | None, created_at: str | None, path: str) -> Mapping[str, str]:
    """What is known of the container's tags; of schemas before 0009 one alone, and the container by the name."""
    if tags is not None:
        known: Mapping[str, str] = json.loads(tags)
        return known
    if created_at is None:
        return {}
    return {"container": path.rpartition(".")[2].lower(), "creation_time": time_of(created_at).isoformat()}
