"""The records that the catalog takes and gives: plain frozen values without a database."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from functools import cached_property
from typing import Any, NamedTuple

import msgspec
import numpy as np

from framescout.motion import Motion
from framescout.recording import Rules
from framescout.timecode import SourceTimecode
from framescout.timeline import Span


class Probe(msgspec.Struct, frozen=True):
    """What a video file says of itself, read with one decoded picture at most."""

    duration: float
    """Seconds; from the container, else from the packets."""
    frame_rate: float
    """Mean frames a second; 0.0 where unknown."""
    is_variable_rate: bool
    width_px: int
    """Width as shown: after rotation and sample aspect ratio."""
    height_px: int
    rotation: int
    """Clockwise degrees by which the stored picture is turned to stand upright: 0, 90, 180 or 270."""
    sample_aspect_ratio: Fraction
    start_offset: float
    """Seconds on the container's clock where a player shows 0:00; a time is pts * time_base - start_offset."""
    codec: str
    has_audio: bool
    tags: Mapping[str, str]
    """What `framescout.recording.tags.kept` keeps of the container's tags, and `SourceTimecode.tags`."""


class Keyframe(msgspec.Struct, frozen=True):
    """A frame that stands for a stretch of its video."""

    pts: int
    """Presentation time stamp in the stream's time base, as the decoder gave it."""
    time_base: Fraction
    time: float
    """Seconds from the start of the video as a player counts them."""
    span: Span
    """The stretch it stands for; the spans of a video follow each other without a hole."""


class ReadEnd(msgspec.Struct, frozen=True):
    """How far a video was read, and why reading ended there."""

    read_to: float
    """Seconds of the video that the keyframes cover."""
    is_complete: bool
    detail: str = ""
    """Why it is not complete, in words; empty where it is."""


class FileIdentity(msgspec.Struct, frozen=True):
    """What the scan knows of a file's content."""

    path: str
    """Absolute, with no link in it; undecodable bytes as surrogates (os.fsdecode)."""
    size_bytes: int
    mtime_ns: int
    content_hash: str


class IndexedVideo(msgspec.Struct, frozen=True):
    """All that one transaction writes for one video and one model."""

    file: FileIdentity
    probe: Probe
    end: ReadEnd
    keyframes: tuple[Keyframe, ...]
    embeddings: np.ndarray
    """(N, D) float16, rows of unit length, in the order of `keyframes`."""
    density: str
    motion: Motion | None = None

    def __post_init__(self) -> None:
        if self.embeddings.dtype != np.float16 or self.embeddings.shape[:1] != (len(self.keyframes),):
            raise ValueError(
                f"{len(self.keyframes)} keyframes need as many float16 rows, "
                f"not {self.embeddings.dtype} {self.embeddings.shape}"
            )


class FileFacts(msgspec.Struct, frozen=True, dict=True):
    """A file that holds a video; when and by which camera it was recorded is found out when it is asked."""

    path: str
    is_gone: bool
    tags: Mapping[str, str]
    """The container's, as `framescout.recording.tags.kept` keeps them."""
    duration: float
    """Of the video, in seconds."""
    rules: Rules
    """By which the snapshot reads the evidence."""
    kept: tuple[datetime | None, str | None] | None = None
    """What these rules found before: when it was recorded, and by which camera."""

    @cached_property
    def _found(self) -> tuple[datetime | None, str | None]:
        if self.kept is not None:
            return self.kept
        found = self.rules.recording(self.path, self.tags, self.duration)
        return found.recorded_at, found.camera

    @property
    def camera(self) -> str | None:
        """The camera's name."""
        return self._found[1]

    @property
    def recorded_at(self) -> datetime | None:
        """Aware; the wall clock at the start of the video."""
        return self._found[0]


class VideoFacts(msgspec.Struct, frozen=True):
    """What filters need to know of a video."""

    id: int
    files: tuple[FileFacts, ...]
    """Those that are present; where all are gone, all. The one that was found first is first."""
    duration: float
    """Seconds."""

    @property
    def path(self) -> str:
        """Of the first file."""
        return self.files[0].path

    @property
    def camera(self) -> str | None:
        """Of the first file."""
        return self.files[0].camera

    @property
    def recorded_at(self) -> datetime | None:
        """Of the first file."""
        return self.files[0].recorded_at


class Video(VideoFacts, frozen=True):
    """A video as the catalog knows it."""

    content_hash: str
    frame_rate: float
    width_px: int
    height_px: int
    codec: str
    end: ReadEnd

    @property
    def timecode(self) -> SourceTimecode | None:
        """What the recorder calls its frames."""
        return SourceTimecode.of_tags(self.files[0].tags)

    @property
    def is_gone(self) -> bool:
        """Whether all its files are."""
        return self.files[0].is_gone


class KeyframeTimes(msgspec.Struct, frozen=True):
    """The keyframes of one video and model, as columns of equal length N; times in seconds."""

    first_keyframe_id: int
    pts: np.ndarray
    """(N,) int64"""
    times: np.ndarray
    """(N,) float64"""
    starts: np.ndarray
    """(N,) float64, where each keyframe's stretch begins"""
    ends: np.ndarray
    """(N,) float64, where it ends"""


class KnownFile(NamedTuple):
    """What the catalog remembers of a file, so that a run sees whether it changed."""

    size_bytes: int
    mtime_ns: int
    video_id: int
    is_gone: bool


class QuarantinedFile(msgspec.Struct, frozen=True):
    """A file that could not be used, and why."""

    path: str
    size_bytes: int
    mtime_ns: int
    reason: str
    detail: str
    attempts: int
    at: datetime


class Model(msgspec.Struct, frozen=True):
    """A model that has embeddings in the catalog."""

    id: int
    name: str
    """As the person wrote it: 'starter', 'ViT-B-32/laion2b_s34b_b79k', ..."""
    fingerprint: str
    """Hash of its weights and configuration: two models of one name are two models."""
    dimensions: int


class Generation(msgspec.Struct, frozen=True):
    """A built vector index file and what it covers."""

    id: int
    model_id: int
    file_name: str
    kind: str
    """'flat-fp16' or 'ivf-int8'; of older versions also 'ivf-fp16' and 'ivf-sq8'."""
    vector_count: int
    covers_below: int
    """Every keyframe of the model with a smaller id was in the catalog when it was built, and is in it."""
    checksum: str
    nprobe: int
    recall: float | None
    """Share of the exact hundred best that the index finds with `nprobe`; None for an exact index."""
    built_at: datetime


class LabelSet(msgspec.Struct, frozen=True):
    """A set of labels as one model knows them."""

    id: int
    name: str
    fingerprint: str
    """Of its labels and prompts."""
    labels: tuple[str, ...]


class Labelling(msgspec.Struct, frozen=True):
    """The labels of one set on one video's keyframes."""

    video_id: int
    first_keyframe_id: int
    codes: np.ndarray
    """(N,) uint8: the place of each keyframe's label in the set."""


class Alert(msgspec.Struct, frozen=True):
    """A stretch of a video in which an event was found. Times are seconds from the start of the video."""

    video_id: int
    start: float
    end: float
    peak: float
    keyframe_id: int
    score: float
    """0 where it is just as rare as was asked for; each unit more is a factor of e rarer."""
    context: str | None
    """The context that held there, where one clearly did."""
    why: dict[str, Any] | None = None
    """What the score is made of, as JSON values; None: an older framescout found it."""


class EventFacts(msgspec.Struct, frozen=True):
    """An event as one model looked for it the last time."""

    name: str
    fingerprint: str
    found_at: datetime
    source: str | None
    """The file that defines it; None: an older framescout looked for it."""


class AlertMark(msgspec.Struct, frozen=True):
    """What a person said of an alert: of a stretch of footage, in seconds, and an event."""

    event: str
    content_hash: str
    """Of the footage."""
    start: float
    end: float
    was_right: bool | None
    """None: it was only seen."""
    marked_at: datetime


class PendingAlert(msgspec.Struct, frozen=True):
    """An alert that still has to be told."""

    id: int
    target: dict[str, Any]
    """{"post": address} or {"exec": a program and its arguments}."""
    alert: dict[str, Any]
    """The document that is told."""
    found_at: datetime


class SavedSearch(msgspec.Struct, frozen=True):
    """A query that `saved run` asks of everything new."""

    name: str
    query: dict[str, Any]
    """As `query.request.Query.to_json` wrote it."""
    command: list[str] | None
    """A program and its arguments that get what is found; None: it is printed."""
    seen_below: int
    """Footage that has keyframes with an id below it was reported, or was there before."""
    opened_below: int
    """The same of what was there when somebody last opened the search on the page."""
    saved_at: datetime


class Recent(msgspec.Struct, frozen=True):
    """What was indexed since some time."""

    videos: int
    duration: float
    """Seconds of footage."""
    newest: list[int]
    """Ids of the last few videos."""


class Totals(msgspec.Struct, frozen=True):
    """What the catalog holds, counted."""

    videos: int
    gone: int
    partial: int
    duration: float
    keyframes: int
    quarantined: int
    by_model: dict[str, int] = msgspec.field(default_factory=dict)
    """Model name -> videos that have its embeddings."""
