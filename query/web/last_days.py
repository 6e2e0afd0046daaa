"""The last days of which each camera recorded anything, for the first page."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

import msgspec
import numpy as np

from framescout.catalog.file_columns import UNKNOWN, FileColumns
from query.days import days_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


class LastDays(msgspec.Struct, frozen=True):
    """The last days of a camera."""

    camera: str | None
    newest: tuple[tuple[date, int], ...]
    """Days, the last one first; each with the place in `FileColumns` of the file that began last on it."""


def last_days(columns: FileColumns, zone: tzinfo, *, cameras: int, days: int) -> list[LastDays]:
    """At most so many cameras, those that recorded last, by name; of each at most so many days on which files began.

    Files of no known camera come last; those of no known time don't come at all.
    """
    timed = np.flatnonzero(columns.recorded_at != UNKNOWN)
    codes, at = columns.camera_codes[timed], columns.recorded_at[timed]
    order = np.lexsort((at, codes))
    codes, began_on = codes[order], days_of(at, zone)[order]
    is_last = np.ones(len(order), bool)  # of its camera and day
    is_last[:-1] = (codes[1:] != codes[:-1]) | (began_on[1:] != began_on[:-1])
    lasts, codes, began_on = timed[order[is_last]], codes[is_last], began_on[is_last]
    ends = np.searchsorted(codes, np.unique(codes), side="right")
    latest = sorted(ends.tolist(), key=lambda end: -columns.recorded_at.item(lasts.item(end - 1)))[:cameras]
    found = []
    for end in latest:
        code = codes.item(end - 1)
        own = [place for place in range(end - 1, max(-1, end - 1 - days), -1) if codes.item(place) == code]
        newest = tuple((_EPOCH + timedelta(days=began_on.item(place)), lasts.item(place)) for place in own)
        found.append(LastDays(columns.cameras[code] if code >= 0 else None, newest))
    return sorted(found, key=lambda each: (each.camera is None, each.camera or ""))
