"""Tells what a file is by its content: known footage at a new place, footage that must be decoded, or unreadable."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from framescout.errors import MediaError
from framescout.settings import DENSITIES
from indexer.events import Failed, Identified, Job, Known
from indexer.hashing import content_hash, full_hash
from indexer.scan import VideoFile


class KnownVideo(msgspec.Struct, frozen=True):
    """What the catalog knows of one content hash."""

    video_id: int
    density: str | None
    """With which the run's model indexed it; None where it has not."""
    path: str | None
    """A file that holds it; None where other footage took the place of all."""


class Sampling(msgspec.Struct, frozen=True):
    """How closely a run looks at videos."""

    density: str
    size: tuple[int, int]
    """Width and height of the pictures, in pixels."""

    def is_met_by(self, density: str | None) -> bool:
        """Whether footage that was indexed with `density` was looked at closely enough."""
        return density in DENSITIES[DENSITIES.index(self.density) :]


def identify(key: int, file: VideoFile, sampling: Sampling, look_up: Callable[[str], KnownVideo | None]) -> Identified:
    """Hash the file and look its content up by `look_up`, which takes a content hash. Writes nothing.

    Where another file of this size holds content with the same hash, which is made of samples, both are compared whole;
    one that differs gets a longer hash.
    """
    try:
        identity = content_hash(file.path)
        known = look_up(identity)
        if known and known.path and _is_elsewhere(known.path, file):
            whole = full_hash(file.path)
            if whole != full_hash(known.path):
                identity = f"{identity}+{whole}"
                known = look_up(identity)
    except MediaError as error:
        return Failed(key, error.reason, error.detail)
    if known and sampling.is_met_by(known.density):
        return Known(key, identity, known.video_id)
    return Job(key, file, identity, sampling.density, sampling.size)


def _is_elsewhere(path: str, file: VideoFile) -> bool:
    """Whether another file that is as long as `file` is at `path`."""
    try:
        other = Path(path)
        return path != file.path and other.stat().st_size == file.size_bytes and not other.samefile(file.path)
    except OSError:
        return False
