"""Decides of many files at once which were recorded within a time: wholly, not at all, or perhaps in part."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, time, timedelta, tzinfo

import msgspec
import numpy as np

from framescout.catalog.file_columns import UNKNOWN, FileColumns
from query.request import Hours

_SECOND = 1_000_000  # in microseconds, as all times here
_DAY = 86_400 * _SECOND
_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


class Times(msgspec.Struct, frozen=True):
    """What a query asks of the time of a recording."""

    after: datetime
    before: datetime
    hours: Hours | None
    zone: tzinfo
    """Of the wall clock that `hours` are read on."""

    def sort(self, columns: FileColumns) -> tuple[np.ndarray, np.ndarray]:
        """(N,) bool each: files that were recorded within these times wholly, and those to look at one by one."""
        began = columns.recorded_at
        ended = began + np.rint(columns.durations * _SECOND).astype(np.int64)
        after, before = _microseconds(self.after), _microseconds(self.before)
        touched = (began != UNKNOWN) & (began <= before) & (ended >= after) & (after <= before)
        whole = touched & (began >= after) & (ended <= before)
        if self.hours is None:
            return whole, touched & ~whole
        fits, misses = self._by_clock(self.hours, began, ended, touched)
        return whole & fits, touched & ~misses & ~(whole & fits)

    def _by_clock(
        self, hours: Hours, began: np.ndarray, ended: np.ndarray, touched: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Whether each recording lies within one opening of the window, and whether between two.

        Neither is said around days on which clocks change. Of files that are not touched nothing is meant.
        """
        opens, closes = _of_day(hours.start), _of_day(hours.end)
        length = closes - opens if closes > opens else closes - opens + _DAY
        ahead, is_even = self._offsets(np.where(touched, began // _DAY, 0))
        since_opening = (began + ahead - opens) % _DAY
        lasts = ended - began
        is_open = since_opening < length
        fits = is_even & is_open & (since_opening + lasts <= length)
        misses = is_even & ~is_open & (since_opening + lasts <= _DAY)
        return fits, misses

    def _offsets(self, days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Of days since 1970 in UTC: microseconds that the clock is ahead, and whether it stays so around them."""
        known, places = np.unique(days, return_inverse=True)
        ahead, is_even = np.zeros(len(known), np.int64), np.zeros(len(known), bool)
        for number, day in enumerate(known.tolist()):
            with contextlib.suppress(OverflowError):  # before the year 1 or after 9999
                around = {clock_ahead(day + more, self.zone) for more in range(-3, 5)}
                ahead[number], is_even[number] = clock_ahead(day, self.zone), len(around) == 1
        return ahead[places], is_even[places]


def clock_ahead(day: int, zone: tzinfo) -> int:
    """Microseconds that the clock of a zone is ahead when a day of UTC begins, counted since 1970.

    Raises:
        OverflowError: it is before the year 1 or after 9999.
    """
    offset = (_EPOCH + timedelta(days=day)).astimezone(zone).utcoffset()
    return (offset or timedelta(0)) // _MICROSECOND


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _of_day(clock: time) -> int:
    return (clock.hour * 3600 + clock.minute * 60) * _SECOND
