"""The jobs that decoders get, and the events that they answer with: plain frozen values that can be pickled.

Each job has a key of its own, and every event carries the key of the job that it is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from framescout.catalog.records import IndexedVideo, Probe, ReadEnd
from framescout.errors import Reason
from framescout.motion import Motion
from indexer.scan import VideoFile

if TYPE_CHECKING:
    from indexer.key_pictures import PicturedKeyframe


class Job(msgspec.Struct, frozen=True):
    """Identified as footage that must be decoded; also the first event of its key."""

    key: int
    file: VideoFile
    content_hash: str
    density: str
    size: tuple[int, int]
    """Width and height of the pictures, in pixels."""


class MotionJob(msgspec.Struct, frozen=True):
    """Footage that is known and whose packets are to be read for motion; also the first event of its key."""

    key: int
    file: VideoFile


class Known(msgspec.Struct, frozen=True):
    """Identified as footage that the model has embedded already; the file is a new place of it."""

    key: int
    content_hash: str
    video_id: int


class Failed(msgspec.Struct, frozen=True):
    """The file can't be used; the last event of its key."""

    key: int
    reason: Reason
    detail: str


class Probed(msgspec.Struct, frozen=True):
    """The file is a video."""

    key: int
    probe: Probe


class Reading(msgspec.Struct, frozen=True):
    """A sign of life: the video was read up to `read_to` seconds."""

    key: int
    read_to: float


class Pictured(msgspec.Struct, frozen=True, eq=False):
    """The next keyframe of the video, in order of time."""

    key: int
    keyframe: PicturedKeyframe


class Ended(msgspec.Struct, frozen=True):
    """The video was read as far as it goes; the last event of its key."""

    key: int
    end: ReadEnd
    motion: Motion


class MotionRead(msgspec.Struct, frozen=True, eq=False):
    """The packets of a video were read; the last event of the key of a MotionJob."""

    key: int
    motion: Motion


class Indexed(msgspec.Struct, frozen=True, eq=False):
    """The video was decoded and embedded elsewhere; the last event of its key, and the only one behind the Job."""

    key: int
    video: IndexedVideo


Identified = Known | Job | MotionJob | Failed
Decoded = Probed | Reading | Pictured | Ended | MotionRead | Failed
Event = Identified | Decoded | Indexed
