"""Finds out of a file's path and tags when and by which camera it was recorded, by `Rules`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

import msgspec

from framescout.recording import Camera, FoundTime, Recording, Rules
from framescout.recording import said as sayings
from framescout.recording.cameras import camera_in, folder_as_camera
from framescout.recording.forms import Part, Strength
from framescout.recording.names import NameTime, best_time_in, times_in
from framescout.recording.tags import TagTime, times_in_tags
from framescout.zones import zone_named


def recording(rules: Rules, path: str, tags: Mapping[str, str], duration: float) -> Recording:
    """When and by which camera the file at `path` was recorded.

    `tags`: as `tags.kept` returned them. `duration`: seconds.
    """
    named = best_time_in(path)
    camera = _camera(rules, path, [named] if named else [])
    name = camera.name if camera else None
    clock = _clock(rules, path, name)
    tagged = [] if named and named.strength is Strength.ZONED_NAME else clock.tags(tags, duration)
    found: list[NameTime | TagTime] = [*([named] if named else []), *tagged]
    best = max(found, key=lambda each: each.strength, default=None)
    if best is None:
        return Recording(None, None, name)
    return Recording(clock.utc(best.at), _source(best), name)


def times(rules: Rules, path: str, tags: Mapping[str, str], duration: float) -> list[FoundTime]:
    """Every time that was found, the one that counts first; as `recording`."""
    own = camera(rules, path)
    clock = _clock(rules, path, own.name if own else None)
    found: list[NameTime | TagTime] = [*times_in(path), *clock.tags(tags, duration)]
    found.sort(key=lambda each: -each.strength)
    return [FoundTime(clock.utc(each.at), _source(each), clock.why(each), each.strength) for each in found]


def camera(rules: Rules, path: str) -> Camera | None:
    """The camera of the file at `path`."""
    return _camera(rules, path, times_in(path))


def _camera(rules: Rules, path: str, named: Sequence[NameTime]) -> Camera | None:
    for each in sayings.of_path(rules.said, path) if rules.said else ():
        if each.camera:
            return Camera(each.camera, f"said of {each.folder}")
    if rules.camera_pattern is not None:
        name = camera_in(path, rules.camera_pattern)
        return Camera(name, "camera_pattern") if name else None
    for time in named:
        if time.camera:
            return Camera(time.camera, f"{time.form.part.value}, in the form: {time.form.name}")
    if piece := camera_in(path, None):
        return Camera(piece, "a piece of the name or of a folder")
    folder = folder_as_camera(path) if any(time.form.is_recorder for time in named) else None
    return Camera(folder, "the folder of a recorder's file") if folder else None


def _clock(rules: Rules, path: str, camera: str | None) -> _Clock:
    if not rules.said:
        return _Clock(rules.zone, timedelta(0), writes_local_tags=False)
    spoken = [*sayings.of_camera(rules.said, camera), *sayings.of_path(rules.said, path)]
    zone = next((zone_named(each.timezone) for each in spoken if each.timezone), rules.zone)
    fast = timedelta(seconds=next((each.fast for each in spoken if each.fast), 0.0))
    return _Clock(zone, fast, writes_local_tags=any(each.local_tags for each in spoken))


class _Clock(msgspec.Struct, frozen=True):
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
