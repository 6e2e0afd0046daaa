"""Time zones by their names in the IANA list."""

from __future__ import annotations

from datetime import UTC, tzinfo


def zone_named(name: str) -> tzinfo:
    """The zone of this name.

    Raises:
        ValueError: there is none; a sentence with the way out.
    """
    if name == "UTC":  # the default; what knows all others takes a search 4 ms to import
        return UTC
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"timezone {name!r} is not known; write it like Europe/Berlin") from None
