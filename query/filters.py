"""Turns filters into ranges of keyframe ids, before the search for neighbours."""

from __future__ import annotations

import fnmatch
import math
import os
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

import numpy as np

from framescout.catalog import Snapshot, Space
from framescout.catalog.records import VideoFacts
from framescout.errors import MediaError, NotAvailableError, UsageError
from framescout.vectors import common, tidy
from query.request import Hours, Place, Query, read_date, read_label


def wanted_ranges(space: Space, query: Query, zone: tzinfo, below: int | None = None) -> np.ndarray | None:
    """Keyframes that pass every filter, and have an id under `below`.

    `zone`: that of dates without an offset, and of the wall clock. A video whose recording time isn't known passes no
    filter of time.

    Returns:
        (M, 2) int64, sorted and apart: [first, last + 1); None where nothing is filtered.

    Raises:
        UsageError: a camera or a label is asked for that the catalog doesn't have.
    """
    parts = []
    if query.paths or query.cameras or query.min_duration is not None or query.max_duration is not None:
        parts.append(_of_videos(space, query))
    if query.after or query.before or query.hours:
        parts.append(_of_times(space, query, zone))
    parts.extend(_of_labels(space, query.labels))
    if below is not None:
        parts.append(np.array([[0, below]], np.int64))
    if not parts:
        return None
    ranges = parts[0]
    for part in parts[1:]:
        ranges = common(ranges, part)
    return ranges


def matches_path(path: str, glob: str) -> bool:
    """Whether the glob fits the whole path, or a part of it that begins and ends with whole names of folders or files.

    `*`, `?` and `[]` stay within a name, a name `**` stands for any number of names, at the end for one at least.
    """
    pieces, names = _compiled(glob), path.split("/")
    if not pieces:
        return False
    ends = {0} if glob.startswith("/") else set(range(len(names)))  # after how many names the pieces so far may end
    for piece in pieces:
        if not ends:
            return False
        if piece is None:
            ends = set(range(min(ends), len(names) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(names) and piece.match(names[end])}
    return bool(ends - {0}) if pieces[-1] else min(ends, default=len(names)) < len(names)


def matches_camera(camera: str, glob: str) -> bool:
    """Whether the glob fits the whole name, in any case of letters."""
    return fnmatch.fnmatchcase(camera.casefold(), glob.casefold())


def find_places(snapshot: Snapshot, query: Query) -> list[tuple[int, float]]:
    """(video id, seconds) of each `like`.

    Raises:
        UsageError: there is no such video, or there are several.
    """
    places = [Place.read(written) for written in query.like]
    facts = snapshot.video_facts() if places else ()
    positions = []
    for place in places:
        ids = [video.id for video in facts if str(video.id) == place.video or matches_path(video.path, place.video)]
        exact = [video.id for video in facts if video.path == os.path.abspath(place.video)]  # noqa: PTH100
        ids = exact or ids
        if len(ids) != 1:
            told = "there is no video" if not ids else f"there are {len(ids)} videos"
            raise UsageError(f"--like: {told} {place.video!r} in the catalog; write its path, or video_id of --json")
        path = next(video.path for video in facts if video.id == ids[0])
        positions.append((ids[0], _seconds(path, place) if place.timecode else place.seconds))
    return positions


def _seconds(path: str, place: Place) -> float:
    """When the place's timecode is shown in the file."""
    from framescout.media.footage import open_footage

    try:
        with open_footage(path) as (_, footage):
            seconds = footage.seconds_at(place.timecode)
    except ValueError as error:
        raise UsageError(f"--like {place.video}@{place.timecode}: {error}; write VIDEO@SECONDS") from error
    except MediaError as error:
        raise NotAvailableError(f"--like: {path} can't be read ({error})") from error
    if not 0 <= seconds <= (footage.duration or seconds):
        raise UsageError(
            f"--like: {place.video} has no {place.timecode}; it begins at {footage.timecode} and lasts"
            f" {footage.duration or 0:.1f} seconds"
        )
    return seconds


def _of_videos(space: Space, query: Query) -> np.ndarray:
    facts = space.snapshot.video_facts()
    is_wanted_camera = _camera_filter(facts, query.cameras)
    passing = [
        video.id
        for video in facts
        if is_wanted_camera(video.camera)
        and (query.min_duration is None or video.duration >= query.min_duration)
        and (query.max_duration is None or video.duration <= query.max_duration)
        and (not query.paths or any(matches_path(video.path, glob) for glob in query.paths))
    ]
    ranges = space.video_ranges()
    return tidy(ranges[np.isin(ranges[:, 0], passing), 1:])


def _camera_filter(facts: Sequence[VideoFacts], globs: tuple[str, ...]) -> Callable[[str | None], bool]:
    """A camera's name may be written in any case, and with wildcards."""
    if not globs:
        return lambda camera: True
    cameras = {video.camera for video in facts if video.camera is not None}
    wanted: set[str | None] = set()
    for glob in globs:
        matching = {camera for camera in cameras if matches_camera(camera, glob)}
        if not matching:
            raise UsageError(f"there is no camera {glob!r} in the catalog; it has: {_some(sorted(cameras))}")
        wanted |= matching
    return lambda camera: camera in wanted


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


def _of_times(space: Space, query: Query, zone: tzinfo) -> np.ndarray:
    after = read_date(query.after, zone, "--after") if query.after else datetime.min.replace(tzinfo=UTC)
    before = read_date(query.before, zone, "--before") if query.before else datetime.max.replace(tzinfo=UTC)
    hours = Hours.read(query.hours) if query.hours else None
    spans = {video_id: (first, last) for video_id, first, last in space.video_ranges().tolist()}
    ranges = []
    for video in space.snapshot.video_facts():
        if video.recorded_at is None or video.id not in spans:
            continue
        first, last = spans[video.id]
        end = video.recorded_at + timedelta(seconds=video.duration)
        for start, stop in _windows(max(after, video.recorded_at), min(before, end), hours, zone):
            opens = (start - video.recorded_at).total_seconds()
            closes = math.inf if stop >= end else (stop - video.recorded_at).total_seconds()
            whole = opens <= 0 and closes == math.inf
            ranges.append((first, last) if whole else space.keyframes_between(first, last, opens, closes))
    return tidy(np.array(ranges, np.int64))


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


@lru_cache(maxsize=64)
def _compiled(glob: str) -> list[re.Pattern[str] | None]:
    """A pattern a name, None for `**`; fnmatch's own don't slow down however many wildcards they have."""
    pieces = glob.removeprefix("./").removesuffix("/").split("/") if glob else []
    return [None if piece == "**" else re.compile(fnmatch.translate(piece)) for piece in pieces]
