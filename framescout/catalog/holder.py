"""Who writes to a catalog now, as other processes read it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from framescout.errors import CatalogLockedError


class Holder(msgspec.Struct, frozen=True):
    """The process that holds the writer's lock, and how far its index run is; what it has not said yet is None."""

    pid: int | None = None
    since: datetime | None = None
    """Aware."""
    files_done: int | None = None
    files: int | None = None
    """That the run has to look at."""
    bytes_done: int | None = None
    bytes: int | None = None
    """That the run has to read."""

    def to_json(self) -> dict[str, Any]:
        """The form that `status --json` prints."""
        since = self.since.isoformat() if self.since else "a moment ago"
        return msgspec.structs.asdict(self) | {"pid": self.pid or 0, "since": since}


def locked(place: object, process: object | None) -> CatalogLockedError:
    """What is told of a catalog that `process` writes to: its number, with its machine where that may be another."""
    by = f" (pid {process})" if process else ""
    return CatalogLockedError(
        f"the catalog {place} is being written by another framescout{by}; wait for it, or use another --catalog"
    )
