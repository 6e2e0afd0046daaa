"""Turns filters into ranges of keyframe ids, before the search for neighbours."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import reduce

import msgspec
import numpy as np

from framescout.catalog import Snapshot, Space
from framescout.catalog.file_columns import FileColumns
from framescout.catalog.naming import find_video, matches_path
from framescout.catalog.records import FileFacts, Video, VideoFacts
from framescout.errors import MediaError, NotAvailableError, UsageError
from framescout.timecode import SourceTimecode
from framescout.timeline import format_clock
from framescout.vectors import common, tidy, touching
from query.folders import BELOW
from query.recorded import Times
from query.request import Hours, Place, Query, read_date, read_label, read_motion

_MOST_PATHS = 20_000
"""Of more files the folders alone are read, and remembered, where globs ask for no more."""


def wanted_ranges(space: Space, query: Query, zone: tzinfo, below: int | None = None) -> np.ndarray | None:
    """Keyframes that pass every filter, and have an id under `below`.

    A video passes the filters of paths, cameras and times with each of its files, which must pass all of them itself.
    `zone`: that of dates without an offset, and of the wall clock. A file whose recording time isn't known passes no
    filter of time.

    Returns:
        (M, 2) int64, sorted and apart: [first, last + 1); None where nothing is filtered.

    Raises:
        UsageError: a camera or a label is asked for that the catalog doesn't have.
    """
    files = FileFilter(space, query, zone)
    parts = [files.ranges()] if files.is_needed or files.asks_for_durations else []
    parts.extend(_of_keyframes(space, query))
    if below is not None:
        parts.append(np.array([[0, below]], np.int64))
    return _in_all(parts)


def files_searched(space: Space, query: Query, zone: tzinfo) -> np.ndarray:
    """(N,) bool: the files, in the order of `FileColumns`, with which some keyframe passes every filter.

    Raises as `wanted_ranges` does.
    """
    passing = FileFilter(space, query, zone).passing()
    ranges = _in_all(list(_of_keyframes(space, query)))
    searched = passing.whole.copy()
    parts = passing.parts[passing.parts[:, 2] > passing.parts[:, 1]]
    if ranges is not None:
        searched[searched] = touching(passing.spans[searched], ranges)
        parts = parts[touching(parts[:, 1:], ranges)]
    searched[parts[:, 0]] = True
    return searched


def _of_keyframes(space: Space, query: Query) -> Iterator[np.ndarray]:
    yield from _of_labels(space, query.labels)
    unwanted = [*_of_labels(space, query.not_labels)]
    if unwanted:
        yield _outside(tidy(np.concatenate(unwanted)), space.snapshot.next_keyframe_id())
    if query.motion is not None:
        ids, _ = space.motion().showing(read_motion(query.motion))
        yield _runs(ids)


def _in_all(parts: Sequence[np.ndarray]) -> np.ndarray | None:
    return reduce(common, parts) if parts else None


def _outside(ranges: np.ndarray, end: int) -> np.ndarray:
    """The ids under `end` in none of the ranges, which are sorted and apart."""
    return tidy(np.concatenate([[0], ranges.ravel(), [end]]))


class Passing(msgspec.Struct, frozen=True):
    """What passes of N files, in the order of `FileColumns`."""

    spans: np.ndarray
    """(N, 2) int64: keyframe ids [first, last + 1) of each file's video."""
    whole: np.ndarray
    """(N,) bool: files that pass with every keyframe."""
    parts: np.ndarray
    """(M, 3) int64: of other files, the file's place and the keyframes [first, last + 1) with which it passes."""


class FileFilter:
    """What a query asks of files: their paths, cameras and times."""

    def __init__(self, space: Space, query: Query, zone: tzinfo) -> None:
        self._space, self._query = space, query
        self._times = Times(
            read_date(query.after, zone, "--after") if query.after else datetime.min.replace(tzinfo=UTC),
            read_date(query.before, zone, "--before") if query.before else datetime.max.replace(tzinfo=UTC),
            Hours.read(query.hours) if query.hours else None,
            zone,
        )
        self._asks_for_times = bool(query.after or query.before or query.hours)
        asks_for_names = query.paths or query.cameras or query.not_paths or query.not_cameras
        self.is_needed = bool(asks_for_names) or self._asks_for_times
        """Whether the query tells one file of a video from another."""
        self.asks_for_durations = query.min_duration is not None or query.max_duration is not None
        known = space.snapshot.cameras() if query.cameras or query.not_cameras else []
        self._cameras = _matching_cameras(known, query.cameras) if query.cameras else None
        self._unwanted_cameras = _matching_cameras(known, query.not_cameras)

    def ranges(self) -> np.ndarray:
        """(M, 2) int64, sorted and apart: the keyframes of which some file passes."""
        passing = self.passing()
        return tidy(np.concatenate([passing.spans[passing.whole], passing.parts[:, 1:]]))

    def passing(self) -> Passing:
        """Which files pass, and with which keyframes."""
        columns = self._space.snapshot.file_columns()
        spans, passes = self._spans(columns)
        passes &= columns.durations >= (self._query.min_duration or 0.0)
        if self._query.max_duration is not None:
            passes &= columns.durations <= self._query.max_duration
        if self._cameras is not None:
            passes &= _are_by(columns, self._cameras)
        passes &= ~_are_by(columns, self._unwanted_cameras)
        in_part = np.zeros(len(passes), bool)
        if self._asks_for_times:
            whole, in_part = self._times.sort(columns)
            in_part &= passes
            passes &= whole
        if self._query.paths or self._query.not_paths:
            fits = self._fit_paths(columns, passes | in_part)
            passes, in_part = passes & fits, in_part & fits
        parts = [
            (number, *part)
            for number in np.flatnonzero(in_part).tolist()
            for part in self._recorded_then(*columns.recorded(number), *spans[number].tolist())
        ]
        return Passing(spans, passes, np.array(parts, np.int64).reshape(-1, 3))

    def _spans(self, columns: FileColumns) -> tuple[np.ndarray, np.ndarray]:
        """(N, 2) int64: keyframe ids [first, last + 1) of each file's video; (N,) bool: whether it has any."""
        ranges = self._space.video_ranges()
        ranges = ranges[np.argsort(ranges[:, 0])]
        if not len(ranges):
            return np.zeros((len(columns.ids), 2), np.int64), np.zeros(len(columns.ids), bool)
        places = np.minimum(np.searchsorted(ranges[:, 0], columns.video_ids), len(ranges) - 1)
        return ranges[places, 1:], ranges[places, 0] == columns.video_ids

    def _fit_paths(self, columns: FileColumns, asked: np.ndarray) -> np.ndarray:
        """(N,) bool: of the files that are asked for, those whose path passes."""
        wanted = self._fit(columns, self._query.paths, asked) if self._query.paths else asked
        left: np.ndarray = wanted & ~self._fit(columns, self._query.not_paths, wanted)
        return left

    def _fit(self, columns: FileColumns, globs: Sequence[str], asked: np.ndarray) -> np.ndarray:
        """(N,) bool: of the files that are asked for, those of which some glob fits the path."""
        fits = np.zeros(len(asked), bool)
        of_folders = [glob for glob in globs if glob.endswith(BELOW)]
        others = [glob for glob in globs if not glob.endswith(BELOW)]
        if np.count_nonzero(asked) > _MOST_PATHS:
            codes, folders = self._space.snapshot.folders()
            is_in = [any(matches_path(f"{folder}/file", glob) for glob in of_folders) for folder in folders]
            fits = asked & np.array(is_in, bool)[codes]
        else:
            others = [*globs]
        if others:
            places = np.flatnonzero(asked & ~fits)
            paths = self._space.snapshot.paths(columns.ids[places].tolist())
            own = (paths[number] for number in columns.ids[places].tolist())
            fits[places] = [any(matches_path(path, glob) for glob in others) for path in own]
        return fits

    def _fits_path(self, path: str) -> bool:
        is_wanted = not self._query.paths or any(matches_path(path, glob) for glob in self._query.paths)
        return is_wanted and not any(matches_path(path, glob) for glob in self._query.not_paths)

    def file_of(self, video: VideoFacts, keyframe_id: int) -> FileFacts:
        """The first of the video's files with which this keyframe passes; the first of all where none does."""
        if not self.is_needed or len(video.files) == 1:
            return video.files[0]
        around = self._space.span(video.id) or (keyframe_id, keyframe_id + 1)
        passing = (
            file
            for file in video.files
            if any(first <= keyframe_id < end for first, end in self._of_file(file, *around))
        )
        return next(passing, video.files[0])

    def _of_file(self, file: FileFacts, first: int, end: int) -> Iterable[tuple[int, int]]:
        """Of a video's keyframes [first, end), those with which the file passes."""
        if not self._fits_path(file.path) or file.camera in self._unwanted_cameras:
            return ()
        if self._cameras is not None and file.camera not in self._cameras:
            return ()
        if not self._asks_for_times:
            return [(first, end)]
        return () if file.recorded_at is None else self._recorded_then(file.recorded_at, file.duration, first, end)

    def _recorded_then(self, began: datetime, duration: float, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Of a video's keyframes [first, end), those that were recorded in the wanted times."""
        ended, times = began + timedelta(seconds=duration), self._times
        for start, stop in _windows(max(times.after, began), min(times.before, ended), times.hours, times.zone):
            opens = (start - began).total_seconds()
            closes = math.inf if stop >= ended else (stop - began).total_seconds()
            whole = opens <= 0 and closes == math.inf
            yield (first, end) if whole else self._space.keyframes_between(first, end, opens, closes)


def matches_camera(camera: str, glob: str) -> bool:
    """Whether the glob fits the whole name, in any case of letters."""
    return fnmatch.fnmatchcase(camera.casefold(), glob.casefold())


def find_places(snapshot: Snapshot, query: Query) -> list[tuple[int, float]]:
    """(video id, seconds) of each `like`.

    Raises:
        UsageError: there is no such video, there are several, or it is over by then.
    """
    places = [Place.read(written) for written in query.like]
    return [_position(snapshot, place) for place in places]


def _position(snapshot: Snapshot, place: Place) -> tuple[int, float]:
    try:
        found = find_video(snapshot.video_facts(), place.video)
    except UsageError as error:
        raise UsageError(f"--like: {error}") from error
    (video,) = snapshot.videos([found.id])
    seconds = _seconds(video, place) if place.timecode else place.seconds
    if seconds > video.duration:
        length = format_clock(video.duration, decimals=1)
        raise UsageError(f"--like: the video {place.video!r} is {length} long; name a second of it")
    return video.id, seconds


def _seconds(video: Video, place: Place) -> float:
    """When the place's timecode is shown."""
    known = video.timecode or _timecode_in(video.path)
    said = f"--like {place.video}@{place.timecode}"
    if known is None:
        raise UsageError(f"{said}: the video carries no timecode; write VIDEO@SECONDS")
    try:
        seconds = known.seconds_at(place.timecode, video.duration)
    except ValueError as error:
        raise UsageError(f"{said}: {error}; write VIDEO@SECONDS") from error
    if not 0 <= seconds < video.duration:
        begins = f"it begins at {known.first} and lasts {video.duration:.1f} seconds"
        raise UsageError(f"--like: {place.video} has no {place.timecode}; {begins}")
    return seconds


def _timecode_in(path: str) -> SourceTimecode | None:
    """By the file itself: the catalog has none of what was indexed before it kept timecodes."""
    from framescout.media.footage import open_footage

    try:
        with open_footage(path) as (_, footage):
            return footage.timecode
    except MediaError as error:
        raise NotAvailableError(f"--like: {path} can't be read ({error})") from error


def _are_by(columns: FileColumns, cameras: set[str]) -> np.ndarray:
    """(N,) bool: the files of these cameras."""
    codes = [code for code, name in enumerate(columns.cameras) if name in cameras]
    return np.isin(columns.camera_codes, codes)


def _matching_cameras(known: Sequence[str], globs: tuple[str, ...]) -> set[str]:
    """A camera's name may be written in any case, and with wildcards."""
    wanted: set[str] = set()
    for glob in globs:
        matching = {camera for camera in known if matches_camera(camera, glob)}
        if not matching:
            there = f"it has: {_some([*known])}" if known else "framescout cameras --help says how to tell which it has"
            raise UsageError(f"there is no camera {glob!r} in the catalog; {there}")
        wanted |= matching
    return wanted


def _runs(ids: np.ndarray) -> np.ndarray:
    """(N,) rising ids -> (M, 2) ranges of those that follow each other."""
    begins = np.flatnonzero(np.diff(ids, prepend=-2) != 1)
    ends = np.append(begins[1:], len(ids)) - 1
    return np.stack([ids[begins], ids[ends] + 1], axis=1) if len(ids) else np.empty((0, 2), np.int64)


def _of_labels(space: Space, labels: tuple[str, ...]) -> Iterator[np.ndarray]:
    """A range set for each label set: any of the labels that were asked for."""
    if not labels:
        return
    stored = space.labels()
    known = stored.sets()
    asked: dict[str, list[str]] = {}
    for name, label in map(read_label, labels):
        if name not in known:
            raise UsageError(f"there is no label set {name!r} in the catalog; it has: {_some(list(known))}")
        if label not in known[name].labels:
            raise UsageError(f"the label set {name!r} has no label {label!r}; it has: {_some(known[name].labels)}")
        asked.setdefault(name, []).append(label)
    for name, wanted in asked.items():
        yield tidy(np.concatenate([stored.ranges(known[name], label) for label in wanted]))


def _some(names: list[str] | tuple[str, ...]) -> str:
    shown = ", ".join(names[:20]) or "none"
    return f"{shown} and {len(names) - 20} more" if len(names) > 20 else shown


def _windows(start: datetime, end: datetime, hours: Hours | None, zone: tzinfo) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of [start, end] that lie in the window of the clock."""
    if start > end:
        return
    if hours is None:
        yield start, end
        return
    day = start.astimezone(zone).date() - timedelta(days=1)  # yesterday's window may reach over midnight
    while day <= end.astimezone(zone).date():
        opens = datetime.combine(day, hours.start, zone)
        closes = datetime.combine(day + timedelta(days=hours.end <= hours.start), hours.end, zone)
        if max(start, opens) < min(end, closes) or (start == end and opens <= start < closes):
            yield max(start, opens), min(end, closes)
        day += timedelta(days=1)
