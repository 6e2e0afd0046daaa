"""What a person has said of folders and cameras: zone, camera, how wrong a clock is; one file in the catalog."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from framescout.durable import write_durably
from framescout.errors import UsageError
from framescout.paths import is_below
from framescout.zones import zone_named

FILE_NAME = "cameras.json"


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What was said of the files below a folder; without a folder, of a camera's files."""

    folder: str | None = None
    """Absolute."""
    camera: str | None = None
    """With a folder: the camera that recorded its files. Without one: the camera that all the rest is said of."""
    timezone: str | None = None
    """Of the camera's clock, as in the IANA list."""
    fast: float = 0.0
    """Seconds that the clock is ahead; below 0 where it is behind."""
    local_tags: bool = False
    """Whether its tags hold local time where their definition says UTC."""

    def __post_init__(self) -> None:
        if self.folder is None and self.camera is None:
            raise ValueError("a folder or a camera is missing")
        if self.timezone is not None:
            zone_named(self.timezone)

    def is_of_same(self, other: Said) -> bool:
        """Whether both speak of the same folder or camera."""
        return self.folder == other.folder and (self.folder is not None or self.camera == other.camera)


def read(folder: Path) -> tuple[Said, ...]:
    """All that was said in this catalog.

    Raises:
        UsageError: the file was changed by hand into something else.
    """
    path = folder / FILE_NAME
    try:
        return msgspec.json.decode(path.read_bytes(), type=tuple[Said, ...])
    except FileNotFoundError:
        return ()
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}; mend it, or delete it and say again what framescout cameras set") from error


def write(folder: Path, every: Iterable[Said]) -> None:
    """Put all that was said in the place of what was said before; durable when it returns."""
    text = msgspec.json.format(
        msgspec.json.encode(sorted(every, key=lambda each: (each.folder or "", each.camera or "")))
    )
    write_durably(folder / FILE_NAME, text + b"\n")


def of_path(every: Iterable[Said], path: str) -> list[Said]:
    """What was said of the folders around a file, the nearest first."""
    around = [each for each in every if each.folder is not None and is_below(path, [each.folder])]
    return sorted(around, key=lambda each: -len(each.folder or ""))


def of_camera(every: Iterable[Said], camera: str | None) -> list[Said]:
    """What was said of a camera, whose name may be written in any case."""
    if camera is None:
        return []
    name = camera.casefold()
    return [each for each in every if each.folder is None and each.camera and each.camera.casefold() == name]
