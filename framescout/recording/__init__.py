"""Derives when and by which camera a file was recorded, from its name, its folders, its tags and what a person said.

Of several times the strongest counts. Recorders and phones write a name at the first picture, in local time, and it
survives copying, remuxing and encoding. A tag in UTC may be the time of an export. So a name is believed before a tag,
unless the tag says its zone and the name doesn't. Digits that only might be a clock count where nothing else does.

A date without a time of day is not taken: it would put the video at midnight, and a search for the night would find it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from framescout.recording.said import Said
from framescout.zones import zone_named

if TYPE_CHECKING:
    from framescout.recording.forms import Strength

__all__ = ["Camera", "FoundTime", "Recording", "Rules", "Said"]


class FoundTime(msgspec.Struct, frozen=True):
    """A time at which a file may have been recorded."""

    at: datetime
    """Aware, in UTC; the wall clock at the first picture."""
    source: str
    """'name', 'folders' or 'tag'."""
    why: str
    """Where it stands and how it is read, in words."""
    strength: Strength


class Camera(msgspec.Struct, frozen=True):
    """The camera of a file."""

    name: str
    why: str
    """Where that stands, in words."""


class Recording(msgspec.Struct, frozen=True):
    """When and by which camera a file was recorded."""

    recorded_at: datetime | None
    """Aware, in UTC; the wall clock at the first picture."""
    source: str | None
    """Where recorded_at comes from: 'name', 'folders' or 'tag'."""
    camera: str | None


class Rules(msgspec.Struct, frozen=True, dict=True):
    """By which evidence is read: the settings, and what was said of folders and cameras.

    What reads it is imported on first use: to compile the forms of names takes longer than to look files up.
    """

    timezone: str = "UTC"
    """Of clocks of which nothing else is known, as in the IANA list."""
    camera_pattern: str | None = None
    said: Sequence[Said] = ()

    def __post_init__(self) -> None:
        if self.camera_pattern is not None:
            from framescout.recording.cameras import check_pattern

            check_pattern(self.camera_pattern)

    def recording(self, path: str, tags: Mapping[str, str], duration: float) -> Recording:
        """When and by which camera the file at `path` was recorded.

        `tags`: as `tags.kept` returned them. `duration`: seconds.
        """
        from framescout.recording.deriving import recording

        return recording(self, path, tags, duration)

    def times(self, path: str, tags: Mapping[str, str], duration: float) -> list[FoundTime]:
        """Every time that was found, the one that counts first; as `recording`."""
        from framescout.recording.deriving import times

        return times(self, path, tags, duration)

    def camera(self, path: str) -> Camera | None:
        """The camera of the file at `path`."""
        from framescout.recording.deriving import camera

        return camera(self, path)

    @cached_property
    def zone(self) -> tzinfo:
        """That of `timezone`."""
        return zone_named(self.timezone)
