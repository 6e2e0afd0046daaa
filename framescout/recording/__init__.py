"""Derives when and by which camera a file was recorded, from its name, its folders, its tags and what a person said.

Of several times the strongest counts. Recorders and phones write a name at the first picture, in local time, and it
survives copying, remuxing and encoding. A tag in UTC may be the time of an export. So a name is believed before a tag,
unless the tag says its zone and the name doesn't. Digits that only might be a clock count where nothing else does.

A date without a time of day is not taken: it would put the video at midnight, and a search for the night would find it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cached_property
from zoneinfo import ZoneInfo

from framescout.recording import said as sayings
from framescout.recording.cameras import camera_in, check_pattern, folder_as_camera
from framescout.recording.forms import Part, Strength
from framescout.recording.names import NameTime, best_time_in, times_in
from framescout.recording.said import Said
from framescout.recording.tags import TagTime, times_in_tags

__all__ = ["Camera", "FoundTime", "Recording", "Rules", "Said"]


@dataclass(frozen=True, slots=True)
class FoundTime:
    """A time at which a file may have been recorded."""

    at: datetime
    """Aware, in UTC; the wall clock at the first picture."""
    source: str
    """'name', 'folders' or 'tag'."""
    why: str
    """Where it stands and how it is read, in words."""
    strength: Strength


@dataclass(frozen=True, slots=True)
class Camera:
    """The camera of a file."""

    name: str
    why: str
    """Where that stands, in words."""


@dataclass(frozen=True, slots=True)
class Recording:
    """When and by which camera a file was recorded."""

    recorded_at: datetime | None
    """Aware, in UTC; the wall clock at the first picture."""
    source: str | None
    """Where recorded_at comes from: 'name', 'folders' or 'tag'."""
    camera: str | None


@dataclass(frozen=True)
class Rules:
    """By which evidence is read: the settings, and what was said of folders and cameras."""

    timezone: str = "UTC"
    """Of clocks of which nothing else is known, as in the IANA list."""
    camera_pattern: str | None = None
    said: Sequence[Said] = ()

    def __post_init__(self) -> None:
        check_pattern(self.camera_pattern)

    def recording(self, path: str, tags: Mapping[str, str], duration: float) -> Recording:
        """When and by which camera the file at `path` was recorded.

        `tags`: as `tags.kept` returned them. `duration`: seconds.
        """
        named = best_time_in(path)
        camera = self._camera(path, [named] if named else [])
        name = camera.name if camera else None
        clock = self._clock(path, name)
        tagged = [] if named and named.strength is Strength.ZONED_NAME else clock.tags(tags, duration)
        found: list[NameTime | TagTime] = [*([named] if named else []), *tagged]
        best = max(found, key=lambda each: each.strength, default=None)
        if best is None:
            return Recording(None, None, name)
        return Recording(clock.utc(best.at), _source(best), name)

    def times(self, path: str, tags: Mapping[str, str], duration: float) -> list[FoundTime]:
        """Every time that was found, the one that counts first; as `recording`."""
        camera = self.camera(path)
        clock = self._clock(path, camera.name if camera else None)
        found: list[NameTime | TagTime] = [*times_in(path), *clock.tags(tags, duration)]
        found.sort(key=lambda each: -each.strength)
        return [FoundTime(clock.utc(each.at), _source(each), clock.why(each), each.strength) for each in found]

    def camera(self, path: str) -> Camera | None:
        """The camera of the file at `path`."""
        return self._camera(path, times_in(path))

    def _camera(self, path: str, named: Sequence[NameTime]) -> Camera | None:
        for each in sayings.of_path(self.said, path) if self.said else ():
            if each.camera:
                return Camera(each.camera, f"said of {each.folder}")
        if self.camera_pattern is not None:
            name = camera_in(path, self.camera_pattern)
            return Camera(name, "camera_pattern") if name else None
        for time in named:
            if time.camera:
                return Camera(time.camera, f"{time.form.part.value}, in the form: {time.form.name}")
        if piece := camera_in(path, None):
            return Camera(piece, "a piece of the name or of a folder")
        folder = folder_as_camera(path) if any(time.form.is_recorder for time in named) else None
        return Camera(folder, "the folder of a recorder's file") if folder else None

    def _clock(self, path: str, camera: str | None) -> _Clock:
        if not self.said:
            return _Clock(self._zone, timedelta(0), writes_local_tags=False)
        spoken = [*sayings.of_camera(self.said, camera), *sayings.of_path(self.said, path)]
        zone = next((ZoneInfo(each.timezone) for each in spoken if each.timezone), self._zone)
        fast = timedelta(seconds=next((each.fast for each in spoken if each.fast), 0.0))
        return _Clock(zone, fast, writes_local_tags=any(each.local_tags for each in spoken))

    @cached_property
    def _zone(self) -> tzinfo:
        return ZoneInfo(self.timezone)


@dataclass(frozen=True, slots=True)
class _Clock:
    """The clock that wrote a file's names and tags."""

    zone: tzinfo
    fast: timedelta
    """By which it is ahead."""
    writes_local_tags: bool

    def tags(self, tags: Mapping[str, str], duration: float) -> list[TagTime]:
        return times_in_tags(tags, duration, is_local=self.writes_local_tags)

    def utc(self, at: datetime) -> datetime:
        """The true time when the clock showed this."""
        return (at if at.tzinfo else at.replace(tzinfo=self.zone)).astimezone(UTC) - self.fast

    def why(self, time: NameTime | TagTime) -> str:
        """Where a time stands and how it is read, in words."""
        if isinstance(time, TagTime):
            words = f"{time.tag}: {time.why}"
        else:
            guess = ", a guess" if time.strength is Strength.GUESS else ""
            words = f"{time.form.part.value}, in the form: {time.form.name}{guess}"
        zone = "" if time.at.tzinfo else f"; read in {self.zone}"
        wrong = f"; its clock is {self.fast.total_seconds():g} s ahead" if self.fast else ""
        return words + zone + wrong


def _source(time: NameTime | TagTime) -> str:
    if isinstance(time, TagTime):
        return "tag"
    return "name" if time.form.part is Part.NAME else "folders"
