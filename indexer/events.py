"""The jobs that decoders get, and the events that they answer with: plain frozen values that can be pickled.

Each job has a key of its own, and every event carries the key of the job that it is about.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from framescout.catalog.records import Probe, ReadEnd
from framescout.errors import Reason
from framescout.motion import Motion
from indexer.scan import VideoFile

if TYPE_CHECKING:
    from indexer.key_pictures import PicturedKeyframe


@dataclass(frozen=True, slots=True)
class Job:
    """Identified as footage that must be decoded; also the first event of its key."""

    key: int
    file: VideoFile
    content_hash: str
    density: str
    size: tuple[int, int]
    """Width and height of the pictures, in pixels."""


@dataclass(frozen=True, slots=True)
class MotionJob:
    """Footage that is known and whose packets are to be read for motion; also the first event of its key."""

    key: int
    file: VideoFile


@dataclass(frozen=True, slots=True)
class Known:
    """Identified as footage that the model has embedded already; the file is a new place of it."""

    key: int
    content_hash: str
    video_id: int


@dataclass(frozen=True, slots=True)
class Failed:
    """The file can't be used; the last event of its key."""

    key: int
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Probed:
    """The file is a video."""

    key: int
    probe: Probe


@dataclass(frozen=True, slots=True)
class Reading:
    """A sign of life: the video was read up to `read_to` seconds."""

    key: int
    read_to: float


@dataclass(frozen=True, slots=True, eq=False)
class Pictured:
    """The next keyframe of the video, in order of time."""

    key: int
    keyframe: PicturedKeyframe


@dataclass(frozen=True, slots=True)
class Ended:
    """The video was read as far as it goes; the last event of its key."""

    key: int
    end: ReadEnd
    motion: Motion


@dataclass(frozen=True, slots=True, eq=False)
class MotionRead:
    """The packets of a video were read; the last event of the key of a MotionJob."""

    key: int
    motion: Motion


Identified = Known | Job | MotionJob | Failed
Decoded = Probed | Reading | Pictured | Ended | MotionRead | Failed
Event = Identified | Decoded
