"""Reads from a video's path and tag when and by which camera it was recorded.

The file's name comes before the container's tag. Recorders and phones write the name at the first picture, in local
time, and it survives copying, remuxing and re-encoding. The tag is UTC by definition, but many cameras write their
local time into it, Android writes when recording stopped, editors write when they exported, and a recorder whose clock
was lost writes 1904 or 1970. So the tag counts only where the name has no time, and only for a date that can be true.

A date without a time of day is not taken: it would put the video at midnight, and a search for the night would find it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import PurePath

from framescout.catalog.records import Recording
from framescout.errors import UsageError

FIRST_YEAR, LAST_YEAR = 1990, 2100
_FOLDERS_WITH_A_DATE = 6
"""So many of a file's nearest folders may carry its date: 2026/02/14/22/camera/15.00.mp4."""

_DATE = r"(?P<year>(?:19|20|21)\d\d)[-_.]?(?P<month>\d\d)[-_.]?(?P<day>\d\d)"
_CLOCK = r"(?P<hour>\d\d)[-_.:h]?(?P<minute>\d\d)[-_.:m]?(?P<second>\d\d)"
_FRACTION = r"(?:[.,]?(?P<fraction>\d{3}|\d{6}))?"
_HALF = r"(?:\s?(?P<half>[AP]M))?"
_ZONE = r"(?P<zone>Z|\+\d\d:?\d\d)?"

# cam01_20260214_221500, VID_..., 2026-02-14 22.15.00, 20260214221500, 2026_0214_221500, ... at 10.15.00 PM
_IN_NAME = re.compile(rf"(?<!\d){_DATE}(?:[-_. T@]{{0,3}}|.at.){_CLOCK}{_FRACTION}{_HALF}{_ZONE}(?!\d)", re.IGNORECASE)
# Google's camera names its files in UTC
_UTC_NAME = re.compile(r"PXL_\d", re.IGNORECASE)
# 1771107300, 1771107300.123, clip-1771107300123: seconds or milliseconds since 1970
_EPOCH = re.compile(r"(?:^|[-_])(?P<seconds>1\d{9})(?:\.?(?P<fraction>\d{3}))?(?:$|[-_.])")
_FOLDER_DATE = re.compile(r"(?<!\d)(?P<year>(?:19|20|21)\d\d)[-_./]?(?P<month>\d\d)[-_./]?(?P<day>\d\d)(?!\d)")
_FOLDER_HOUR = re.compile(r"/(?P<hour>[01]\d|2[0-3])h?(?=/|$)")
_NAME_CLOCK = re.compile(rf"(?<!\d){_CLOCK}(?!\d)")
_NAME_MINUTE = re.compile(r"(?P<minute>\d\d)(?:[-_.m](?P<second>\d\d)s?)?(?!\d)")

_CAMERA = re.compile(
    r"(?:^|[-_. ])(?P<camera>(?:camera|cam|channel|ch|kamera|kanal)[-_ ]?\d{1,3})(?![0-9A-Za-z])", re.IGNORECASE
)


def read_recording(
    path: str, created_at: datetime | None, *, camera_pattern: str | None, timezone: tzinfo
) -> Recording:
    """When and by which camera the video at `path` was recorded, as far as its name, folders and tag tell.

    `created_at`: the container's tag, aware. `camera_pattern`: a regular expression with a group named
    `camera`, searched in the whole path; without one, pieces such as cam01, camera-2, ch03 are looked for in
    the name, then in the folders from the nearest on. `timezone`: that of the clock that wrote the names.

    Raises:
        UsageError: `camera_pattern` is no regular expression, or has no group named `camera`.
    """
    camera = _camera(path, camera_pattern)
    named = next(_times_in(path, timezone), None)
    if named:
        return Recording(named, "name", camera)
    if created_at and FIRST_YEAR <= created_at.year <= LAST_YEAR:
        return Recording(created_at, "tag", camera)
    return Recording(None, None, camera)


def _times_in(path: str, timezone: tzinfo) -> Iterator[datetime]:
    """The times that the path can be read as, the most certain first."""
    pure = PurePath(path)
    stem = pure.stem
    named_in = UTC if _UTC_NAME.match(stem) else timezone
    for match in _IN_NAME.finditer(stem):
        yield from _valid(match.groupdict(), named_in)
    folders = "/".join(pure.parent.parts[-_FOLDERS_WITH_A_DATE:])
    for date in _FOLDER_DATE.finditer(folders):
        hours = list(_FOLDER_HOUR.finditer(folders, date.end()))
        for clock in _NAME_CLOCK.finditer(stem):
            yield from _valid(date.groupdict() | clock.groupdict(), timezone)
        minute = _NAME_MINUTE.match(stem)
        if hours and minute:
            yield from _valid(date.groupdict() | hours[-1].groupdict() | minute.groupdict(), timezone)
    epoch = _EPOCH.search(stem)
    if epoch:
        thousandths = int(epoch["fraction"] or 0)
        yield datetime.fromtimestamp(int(epoch["seconds"]), UTC) + timedelta(milliseconds=thousandths)


def _valid(parts: dict[str, str | None], timezone: tzinfo) -> Iterator[datetime]:
    """The moment, where there is such a date and time of day."""
    number: Callable[[str], int] = lambda name: int(parts.get(name) or 0)  # noqa: E731
    hour, half = number("hour"), (parts.get("half") or "").upper()
    if half:
        hour = hour % 12 + 12 * (half == "PM")
    micro = int((parts.get("fraction") or "").ljust(6, "0"))
    try:
        moment = datetime(
            number("year"),
            number("month"),
            number("day"),
            hour,
            number("minute"),
            number("second"),
            micro,
            tzinfo=_zone(parts.get("zone")) or timezone,
        )
    except ValueError:
        return
    if FIRST_YEAR <= moment.year <= LAST_YEAR:
        yield moment


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    return datetime.strptime("+0000" if text in "Zz" else text, "%z").tzinfo


def _camera(path: str, pattern: str | None) -> str | None:
    if pattern is None:
        pure = PurePath(path)
        matches = (_CAMERA.search(part) for part in (pure.stem, *reversed(pure.parent.parts)))
        return next((match["camera"] for match in matches if match), None)
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"The camera pattern {pattern!r} is no regular expression: {error}.") from error
    if "camera" not in compiled.groupindex:
        raise UsageError(f"The camera pattern {pattern!r} needs a group named camera: (?P<camera>...).")
    match = compiled.search(path)
    return match["camera"] if match else None
