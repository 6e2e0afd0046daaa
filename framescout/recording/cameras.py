"""Reads from a path which camera recorded a file, and what a person has said of folders and cameras."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePath

from framescout.errors import UsageError

_PIECE = re.compile(
    r"(?:^|[-_. ])(?P<camera>(?:camera|cam|channel|ch|kamera|kanal)[-_ ]?\d{1,3})(?![0-9A-Za-z])", re.IGNORECASE
)
_PASSED_OVER = re.compile(
    r"[\d\W_]+|\d{4}y\d\dm\d\dd\d\dh|\d\dh|[0-9a-f]{12,}|"
    r"recordings?|records?|mp4record|events?|clips?|videos?|dav|main|sub|continuous|motion|alarm|schedule|"
    r"normal|parking|sentryclips|savedclips|recentclips",
    re.IGNORECASE,
)
"""Folders within a recorder's own order: the camera's folder may lie above."""
_NO_CAMERA = re.compile(
    r"archives?|footage|cameras?|cctv|nvr|dvr|media|movies|films?|photos|pictures|home|users|exports?|uploads?|"
    r"downloads|desktop|documents|files|backups?|ftp|storage|share|public|te?mp|data|disk\d*|volumes|mnt|usb|sd(?:card)?|"
    r"dcim|\d{3}[a-z_]{5}|private|m4root|teslacam|phone|phones",
    re.IGNORECASE,
)
"""Folders of all kinds of footage."""
_OF_PERSONS = {"home", "users", "mnt", "media", "volumes"}
"""Folders at the top whose folders are named after persons and disks."""


def camera_in(path: str, pattern: str | None) -> str | None:
    """The camera that the path names.

    `pattern`: a regular expression with a group named `camera`, searched in the whole path; without one, pieces such as
    cam01, camera-2, ch03 are looked for in the name, then in the folders from the nearest on.

    Raises:
        UsageError: `pattern` is no regular expression, or has no group named `camera`.
    """
    if pattern is not None:
        match = _compiled(pattern).search(path)
        return match["camera"] if match else None
    pure = PurePath(path)
    matches = (_PIECE.search(part) for part in (pure.stem, *reversed(pure.parent.parts)))
    return next((match["camera"] for match in matches if match), None)


def folder_as_camera(path: str) -> str | None:
    """The nearest folder of a recorder's file that can be the camera's: yard/2026-02-14/22-15-00.mp4.

    Folders of dates and of the recorder's own order are passed over; one that holds all kinds of footage, one at the
    top, and a person's home name no camera.
    """
    parts = PurePath(path).parent.parts
    for depth in range(len(parts) - 1, 1, -1):
        if not _PASSED_OVER.fullmatch(parts[depth]):
            is_a_persons = depth == 2 and parts[1].lower() in _OF_PERSONS
            return None if is_a_persons or _NO_CAMERA.fullmatch(parts[depth]) else parts[depth]
    return None


def check_pattern(pattern: str | None) -> None:
    """Raise UsageError as `camera_in` does."""
    if pattern is not None:
        _compiled(pattern)


@lru_cache(maxsize=8)
def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"The camera pattern {pattern!r} is no regular expression: {error}.") from error
    if "camera" not in compiled.groupindex:
        raise UsageError(f"The camera pattern {pattern!r} needs a group named camera: (?P<camera>...).")
    return compiled
