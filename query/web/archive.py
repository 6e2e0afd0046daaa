"""The archive by camera and day: what there is, counted, and the videos of one of each, from columns of all files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from framescout.catalog import Snapshot
from framescout.catalog.file_columns import UNKNOWN
from query.days import days_of, each_day, ends_of
from query.facets import count_groups

NO_NAME = "unknown"
"""The camera or the day of a video where it isn't known."""
_NO_DAY = np.iinfo(np.int64).min
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class ArchiveList:
    """The videos of one camera and day, or of all, in one state of the catalog.

    The newest day comes first, an unknown one last; within a day videos come as they were recorded. A video is of every
    day that it was partly recorded on, and stands where it begins.
    """

    def __init__(self, snapshot: Snapshot, zone: tzinfo, camera: str | None = None, day: str | None = None) -> None:
        """`zone`: of the days. `camera`, `day`: as `cameras` and `days` name them; None: of all."""
        self._snapshot, self._columns = snapshot, snapshot.file_columns()
        self._first, self._last = self._days_of_files(zone)
        chosen = np.ones(len(self._columns.ids), bool)
        if camera is not None:
            chosen &= self._camera_codes == self._names.index(camera) if camera in self._names else False
        if day is not None:
            number = _number_of(day)
            chosen &= (self._first <= number) & (number <= self._last) if number is not None else False
        _, firsts = np.unique(self._columns.video_ids[chosen], return_index=True)  # of a video the first that fits
        self._chosen = self._sorted(np.flatnonzero(chosen)[firsts])

    def __len__(self) -> int:
        return len(self._chosen)

    @cached_property
    def cameras(self) -> dict[str, int]:
        """How many videos each camera has, by name."""
        counts = count_groups(self._columns.video_ids, self._camera_codes, len(self._names))
        return dict(sorted((name, count) for name, count in zip(self._names, counts, strict=True) if count))

    @cached_property
    def days(self) -> dict[str, int]:
        """How many videos each day has, the newest first; one that isn't known last."""
        recordings, days = each_day(self._first, self._last)
        known, places = np.unique(days, return_inverse=True)
        counts = count_groups(self._columns.video_ids[recordings], places, len(known))
        return {_name_of(day): count for day, count in zip(known.tolist()[::-1], counts[::-1], strict=True)}

    def videos(self, start: int = 0, stop: int | None = None) -> list[dict[str, Any]]:
        """What is told of these of them."""
        numbers = self._chosen[start:stop]
        paths = paths_of(self._snapshot, numbers.tolist())
        return [self._document(number, paths[number]) for number in numbers.tolist()]

    @property
    def _names(self) -> list[str]:
        return [*self._columns.cameras, NO_NAME]

    @property
    def _camera_codes(self) -> np.ndarray:
        codes = self._columns.camera_codes
        return np.where(codes < 0, len(self._columns.cameras), codes)

    def _days_of_files(self, zone: tzinfo) -> tuple[np.ndarray, np.ndarray]:
        """(N,) int64 each: the first and the last day of each file, or _NO_DAY."""
        began = self._columns.recorded_at
        is_known = began != UNKNOWN
        ended = ends_of(began, self._columns.durations)
        first, last = np.full(len(began), _NO_DAY), np.full(len(began), _NO_DAY)
        first[is_known] = days_of(began[is_known], zone)
        last[is_known] = days_of(ended[is_known] - 1, zone)
        return first, last

    def _sorted(self, numbers: np.ndarray) -> np.ndarray:
        began = self._columns.recorded_at[numbers]
        paths = paths_of(self._snapshot, numbers[began == UNKNOWN].tolist())
        names = np.array([paths.get(number, "") for number in numbers.tolist()], object)
        by_path = np.argsort(names, kind="stable")
        order = by_path[np.lexsort((began[by_path], -self._first[numbers][by_path].astype(np.float64)))]
        return numbers[order]

    def _document(self, number: int, path: str) -> dict[str, Any]:
        code = int(self._columns.camera_codes[number])
        is_known = self._columns.recorded_at[number] != UNKNOWN
        return {
            "video_id": int(self._columns.video_ids[number]),
            "name": Path(path).name,
            "path": path,
            "camera": self._columns.cameras[code] if code >= 0 else None,
            "recorded_at": self._columns.recorded(number)[0].isoformat() if is_known else None,
            "duration": float(self._columns.durations[number]),
        }


def paths_of(snapshot: Snapshot, numbers: Sequence[int]) -> dict[int, str]:
    """Of the files at these places of `file_columns`."""
    ids = snapshot.file_columns().ids[numbers].tolist()
    paths = snapshot.paths(ids)
    return {number: paths[file_id] for number, file_id in zip(numbers, ids, strict=True)}


def _number_of(day: str) -> int | None:
    """Days since 1970; None where it is no day."""
    if day == NO_NAME:
        return int(_NO_DAY)
    try:
        return (datetime.fromisoformat(day).date() - _EPOCH.date()).days
    except ValueError:
        return None


def _name_of(day: int) -> str:
    return NO_NAME if day == _NO_DAY else (_EPOCH + timedelta(days=day)).date().isoformat()
