"""The archive by time: how much there is of each day, and what lies where within a day, a lane a camera."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo

import msgspec
import numpy as np

from framescout.catalog import Space
from framescout.catalog.file_columns import UNKNOWN
from framescout.distinct import distinct
from framescout.errors import UsageError
from framescout.motion import Kind
from query.facets import count_groups
from query.filters import files_searched
from query.recorded import clock_ahead
from query.request import Query

STEP = 300.0
"""Seconds that one level of a lane's motion stands for."""
FULL = 6.0
"""Octaves above the camera's rest at which a level is 1, as in the curve of a video."""
_SECOND = 1_000_000  # in microseconds, as all times of columns
_EPOCH, _DAY, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(days=1), timedelta(microseconds=1)


class DayCount(msgspec.Struct, frozen=True):
    """What there is of a day."""

    day: date
    videos: int
    """That were recorded on it, or partly on it."""
    moving: int
    """Those in which much moves."""
    alerts: int


class Span(msgspec.Struct, frozen=True):
    """The part of a video that was recorded on a day."""

    number: int
    """The file's place in `FileColumns`."""
    video_id: int
    keyframe_id: int
    """The video's first."""
    start: float
    end: float
    """Seconds since the day began."""
    offset: float
    """The second of the video that was recorded at `start`."""


class Lane(msgspec.Struct, frozen=True):
    """What a camera recorded on a day, in order of time."""

    camera: str | None
    spans: tuple[Span, ...]
    motion: tuple[float | None, ...]
    """The highest of every STEP of the day: 0 at rest, 0.5 where much begins; None where it is not known."""


class Archive:
    """The files that a question searches, whenever they were recorded: what it says of times is left out."""

    def __init__(self, space: Space, query: Query, zone: tzinfo) -> None:
        """Raises as `wanted_ranges` does. `zone`: of the days."""
        self._space, self._zone = space, zone
        self._columns = space.snapshot.file_columns()
        searched = files_searched(space, msgspec.structs.replace(query, after=None, before=None, hours=None), zone)
        is_timed = self._columns.recorded_at != UNKNOWN
        self.untimed = len(distinct(self._columns.video_ids[searched & ~is_timed]))
        """Videos of which a file's time isn't known."""
        self._numbers = np.flatnonzero(searched & is_timed)
        self._began = self._columns.recorded_at[self._numbers]
        self._ended = ends_of(self._began, self._columns.durations[self._numbers])
        self._video_ids = self._columns.video_ids[self._numbers]

    def days(self) -> list[DayCount]:
        """The days of which there is anything, in order."""
        first, last = (days_of(at, self._zone) for at in (self._began, self._ended - 1))
        recordings, days = each_day(first, last)
        videos = self._video_ids[recordings]
        known, places = np.unique(days, return_inverse=True)
        moves = np.isin(videos, self._moving_videos())
        counts = zip(
            known.tolist(),
            count_groups(videos, places, len(known)),
            count_groups(videos[moves], places[moves], len(known)),
            self._alerts_on(known),
            strict=True,
        )
        return [DayCount(_date(day), *own) for day, *own in counts]

    def on(self, day: date) -> list[Lane]:
        """The lanes of a day, by the name of the camera; videos without one come last."""
        begins, ends = bounds(day, self._zone)
        chosen = np.flatnonzero((self._began < ends) & (self._ended > begins))
        chosen = chosen[np.argsort(self._began[chosen], kind="stable")]
        lanes: dict[str | None, list[Span]] = {}
        for place in chosen.tolist():
            number = int(self._numbers[place])
            span = self._span(place, begins, ends)
            if span is not None:
                code = int(self._columns.camera_codes[number])
                lanes.setdefault(self._columns.cameras[code] if code >= 0 else None, []).append(span)
        names = sorted(lanes, key=lambda name: (name is None, name))
        length = (ends - begins) / _SECOND
        return [Lane(name, (*lanes[name],), self._motion(lanes[name], length)) for name in names]

    def _span(self, place: int, begins: int, ends: int) -> Span | None:
        known = self._space.span(int(self._video_ids[place]))
        if known is None:
            return None
        began, ended = int(self._began[place]), int(self._ended[place])
        return Span(
            int(self._numbers[place]),
            int(self._video_ids[place]),
            known[0],
            max(0, began - begins) / _SECOND,
            (min(ended, ends) - begins) / _SECOND,
            max(0, begins - began) / _SECOND,
        )

    def _motion(self, spans: Iterable[Span], length: float) -> tuple[float | None, ...]:
        motion = self._space.motion()
        highest = np.full(round(np.ceil(length / STEP)), np.nan)
        for span in spans:
            times = self._space.keyframe_times(span.video_id)
            if times is None:
                continue
            ids = times.first_keyframe_id + np.arange(len(times.times))
            low, high = np.searchsorted(motion.ids, (ids[0], ids[-1] + 1)).tolist()
            rises = motion.rises(low, high)
            if len(rises) != len(ids):
                continue  # the video has no curve
            since = span.start - span.offset
            cells = np.floor((times.starts + since) / STEP).astype(np.int64)
            inside = (cells >= 0) & (cells < len(highest)) & ~np.isnan(rises)
            np.fmax.at(highest, cells[inside], np.clip(rises[inside] / FULL, 0.0, 1.0))
        return tuple(None if np.isnan(each) else round(float(each), 3) for each in highest)

    def _moving_videos(self) -> np.ndarray:
        ids, _ = self._space.motion().showing(Kind.MUCH)
        ranges = self._space.video_ranges()
        places = np.searchsorted(ranges[:, 1], ids, side="right") - 1
        return distinct(ranges[places, 0])

    def _alerts_on(self, days: np.ndarray) -> list[int]:
        """Of each of these days, which rise, the alerts in the first file of their video that is searched."""
        alerts = [each for own in self._space.alerts().values() for each in own]
        videos, firsts = np.unique(self._video_ids, return_index=True)
        if not len(videos) or not alerts:
            return [0] * len(days)
        ids = np.array([each.video_id for each in alerts], np.int64)
        places = np.minimum(np.searchsorted(videos, ids), len(videos) - 1)
        known = videos[places] == ids
        starts = np.rint(np.array([each.start for each in alerts]) * _SECOND).astype(np.int64)
        own = days_of(self._began[firsts[places[known]]] + starts[known], self._zone)
        own = own[np.isin(own, days)]
        counts: list[int] = np.bincount(np.searchsorted(days, own), minlength=len(days)).tolist()
        return counts


def ends_of(began: np.ndarray, durations: np.ndarray) -> np.ndarray:
    """(N,) microseconds and seconds -> (N,) microseconds at which recordings end, a microsecond on at least."""
    return np.asarray(began + np.maximum(np.rint(durations * _SECOND).astype(np.int64), 1))


def each_day(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(N,) int64 each: a first and a last day -> every day between, with its place among the N. (M,) int64 each."""
    many = last - first + 1
    places = np.repeat(np.arange(len(many)), many)
    return places, first[places] + np.arange(len(places)) - np.repeat(np.cumsum(many) - many, many)


def days_of(at: np.ndarray, zone: tzinfo) -> np.ndarray:
    """(N,) microseconds since 1970 in UTC -> (N,) int64 days since 1970 on the wall clock of the zone."""
    utc_days, places = np.unique(at // (86_400 * _SECOND), return_inverse=True)
    offsets = [[clock_ahead(each, zone) for each in (day, day + 1)] for day in utc_days.tolist()]
    ahead = np.array(offsets, np.int64).reshape(-1, 2)
    days = (at + ahead[places, 0]) // (86_400 * _SECOND)
    for number in np.flatnonzero(ahead[places, 0] != ahead[places, 1]).tolist():  # the clock changes on that day
        own = (_EPOCH + timedelta(microseconds=int(at[number]))).astimezone(zone).date()
        days[number] = (own - _EPOCH.date()).days
    return np.asarray(days, np.int64)


def bounds(day: date, zone: tzinfo) -> tuple[int, int]:
    """When a day begins and ends, in microseconds since 1970. Raises UsageError of the last day that dates know."""
    try:
        begins, ends = (datetime.combine(each, time(), zone) for each in (day, day + _DAY))
    except OverflowError as error:
        raise UsageError(f"{day} is too late; give a day before it") from error
    return (begins - _EPOCH) // _TICK, (ends - _EPOCH) // _TICK


def _date(days: int) -> date:
    return _EPOCH.date() + timedelta(days=days)
