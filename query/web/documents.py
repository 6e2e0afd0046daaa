"""The types of what the HTTP API takes and gives: checked on input, and part of the OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Path as InPath
from fastapi import Query as Parameter
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from framescout.motion import Source
from query.web.footage import Way

LARGEST_ID = 2**53 - 1
"""The largest whole number that every reader of JSON keeps."""
LONGEST = 1e7
"""Seconds."""

KeyframeId = Annotated[int, Parameter(ge=0, le=LARGEST_ID)]

VideoId = Annotated[int, InPath(ge=1, le=LARGEST_ID)]
ExportId = Annotated[str, InPath(pattern="^[0-9a-f]{16}$")]
FileKey = Annotated[str, Parameter(pattern="^([0-9a-f]{16})?$")]
"""A file of a video, as its document calls it; empty: any that is there."""
Seconds = Annotated[float, Parameter(ge=0, le=LONGEST, allow_inf_nan=False)]


def _number(value: Any) -> Any:
    if isinstance(value, bool | str):  # pydantic would take true for 1
        raise ValueError("is no number")  # noqa: TRY004 - pydantic tells of a ValueError
    return value


_Id = Annotated[int, Field(ge=1, le=LARGEST_ID), BeforeValidator(_number)]
_Time = Annotated[float, Field(ge=0, le=LONGEST, allow_inf_nan=False), BeforeValidator(_number)]
_Pad = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False), BeforeValidator(_number)]


class ErrorDocument(BaseModel):
    """What went wrong, in a sentence."""

    error: str


class Picture(BaseModel):
    """A picture that was kept to search with."""

    picture: str
    """What `picture` of a search is to be."""


class FileDocument(BaseModel):
    """One of the files that hold a video."""

    file: str
    """What `file` of other requests is to be."""
    video: str
    """Its path."""
    camera: str | None
    recorded_at: str | None


class VideoDocument(BaseModel):
    """A video, as the catalog knows it; path, camera and time are those of the file that is shown."""

    video_id: int
    video: str
    """The path of its file."""
    file: str
    """What requests call this file."""
    files: list[FileDocument]
    """All that hold it, this one first."""
    is_gone: bool
    duration: float
    frame_rate: float
    width: int
    height: int
    codec: str
    camera: str | None
    recorded_at: str | None
    zone: str
    """Of the days and clocks that pages show."""
    timecode: str | None
    """What the recorder calls its first frame, hh:mm:ss:ff."""
    remark: str | None
    """What a person should know while it plays."""
    plays: Way
    """"file": browsers play the file; else ask for the stream, with `encode` where a copy doesn't do."""
    stream_shift: float
    """Seconds by which the stream's clock is ahead of the video's."""


class StillRequest(BaseModel):
    """A request for the picture that is shown at `at` seconds."""

    model_config = ConfigDict(extra="forbid")

    at: _Time
    file: str = Field("", pattern="^([0-9a-f]{16})?$")
    """The file that is shown, as `VideoDocument.file`."""


class ShownKeyframe(BaseModel):
    """A keyframe: when it is shown and the stretch that it stands for, in seconds."""

    keyframe_id: int
    time: float
    start: float
    end: float


class StretchConfidence(BaseModel):
    """A stretch of a video and its confidence for a question; times in seconds."""

    start: float
    end: float
    confidence: float


class MotionCurve(BaseModel):
    """How much moves in a video, every `step` seconds."""

    step: float
    source: Source
    detail: str
    levels: list[float | None]
    """0 as still as its camera at rest, 0.5 where much begins, 1 sixty-four times as much or more; null: not known."""


class ChoiceDocument(BaseModel):
    """A value of a filter that may be picked."""

    value: str
    """What the parameter is to be."""
    name: str
    videos: int
    """That are searched then."""
    depth: int
    """Of a folder: in how many others of the list it lies."""


class FacetDocument(BaseModel):
    """A filter and the values that it may be given."""

    field: Literal["cameras", "paths", "labels", "motion"]
    """The parameter of a question."""
    not_field: str | None
    """The parameter that leaves its values out."""
    name: str
    choices: list[ChoiceDocument]


class DayCountDocument(BaseModel):
    """What there is of a day."""

    day: str
    """As 2026-02-14."""
    videos: int
    """That were recorded on it, or partly on it."""
    moving: int
    """Those in which much moves."""
    alerts: int


class CalendarDocument(BaseModel):
    """The days of which there is anything."""

    zone: str
    days: list[DayCountDocument]
    untimed: int
    """Videos of which it isn't known when they were recorded."""


class SpanDocument(BaseModel):
    """The part of a video that was recorded on a day; times in seconds."""

    video_id: int
    file: str
    name: str
    """Of the file."""
    keyframe_id: int
    """The video's first."""
    start: float
    end: float
    """Since the day began."""
    offset: float
    """The second of the video that was recorded at `start`."""


class LaneDocument(BaseModel):
    """What a camera recorded on a day."""

    camera: str | None
    spans: list[SpanDocument]
    """In order of time; between them lies nothing."""
    motion: list[float | None]
    """The highest of every `step` of the day: 0 at rest, 0.5 where much begins, 1 most; null: not known."""


class DayAlert(BaseModel):
    """An alert of a day; times in seconds."""

    event: str
    camera: str | None
    at: float
    """Since the day began."""
    video_id: int
    file: str
    name: str
    keyframe_id: int
    start: float
    end: float
    peak: float


class DayDocument(BaseModel):
    """A day, a lane a camera."""

    day: str
    zone: str
    begins: str
    """With its offset from UTC."""
    length: float
    """Seconds: on a day on which clocks change not those of 24 hours."""
    step: float
    lanes: list[LaneDocument]
    alerts: list[DayAlert]


class FrameTimes(BaseModel):
    """When the frames around a time are shown, rising, in seconds."""

    times: list[float]


class Selection(BaseModel):
    """A stretch of a video that is to be cut out: [start, end), in seconds."""

    model_config = ConfigDict(extra="forbid")

    video_id: _Id
    start: _Time
    end: _Time
    peak: _Time | None = None
    score: float = Field(0.0, allow_inf_nan=False)
    confidence: float | None = Field(None, ge=0, le=1)
    """What the search said of it; None of a stretch that a person chose."""
    keyframe_id: int = Field(0, ge=0)
    file: str = Field("", pattern="^([0-9a-f]{16})?$")
    """The file that the search showed, as `VideoDocument.file`."""


class ExportRequest(BaseModel):
    """A request for an export, with the options of `framescout export`."""

    model_config = ConfigDict(extra="forbid")

    moments: list[Selection] = Field(min_length=1, max_length=500)
    mode: Literal["precise", "copy"] = "precise"
    pad: _Pad = 0.0
    reel: StrictBool = False
    edl: StrictBool = False
    otio: StrictBool = False
    mlt: StrictBool = False
    sheet: StrictBool = False
    still: StrictBool = False
    query: dict[str, Any] = Field(default_factory=dict)
    """What was asked, for the manifest."""


State = Literal["waiting", "running", "done", "failed", "stopped"]
"""Of an export."""


class ExportState(BaseModel):
    """The state of an export."""

    id: str
    state: State
    done: int
    steps: int
    """`done` of so many files are written."""
    doing: str | None
    """The file that is being written."""
    error: str | None
    files: list[str]
    folder: str


class LoggedStretch(BaseModel):
    """A stretch of a video that was exported, in seconds."""

    video: str
    """The path of its file."""
    start: float
    end: float


class LoggedExportDocument(BaseModel):
    """An export as the log has it, from the page or the command line."""

    id: str
    at: str
    who: str
    by: str
    kind: str
    """"clips" or "still"."""
    state: str
    folder: str
    pad: float
    moments: list[LoggedStretch]
    query: dict[str, Any]
    files: list[str]
    """Those that are left and can be fetched."""


Task = Literal["index", "retry", "prune", "verify"]
"""A command that the page may run."""
WorkState = Literal["running", "stopping", "done", "failed", "stopped"]


class WorkRequest(BaseModel):
    """A request to run a command; `folder` and `below` say what to index."""

    model_config = ConfigDict(extra="forbid")

    task: Task
    folder: int = Field(0, ge=0, le=1000)
    """The number of an allowed folder."""
    below: str = Field("", max_length=4000)
    """The path within it."""


class WorkJobDocument(BaseModel):
    """A command that was run from the page."""

    id: str
    task: Task
    folder: str | None
    who: str
    state: WorkState
    began: str
    ended: str | None
    share: float | None
    """Of what it reads, while it reads."""
    files_done: int | None
    files: int | None
    lines: list[str]
    """What it says."""


class WorkDocument(BaseModel):
    """Where may be indexed, and the last command."""

    folders: list[str]
    """Empty where nothing may be done from the page."""
    job: WorkJobDocument | None


class FoldersBelow(BaseModel):
    """The folders in a folder."""

    folders: list[str]


SearchName = Annotated[str, Field(max_length=4000)]
_NEW_NAME = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$"
NewSearchName = Annotated[str, Field(min_length=1, max_length=100, pattern=_NEW_NAME)]
"""Without control characters, and without spaces around it."""


class SavedSearchDocument(BaseModel):
    """A saved search."""

    name: str
    query: dict[str, Any]
    """As `framescout searches --json` has it."""
    has_program: bool
    """Whether what is new goes to a program, which only the command line can set."""
    saved_at: str
    address: str | None
    """The page that asks it; None where no page can: with a picture's file, say."""


class UnreadMoments(BaseModel):
    """How much is new for a saved search."""

    name: str
    unread: int | None
    """Matches in footage that came since somebody opened it on the page, 100 at most; None for an error."""
    error: str | None
    """Why it can't be asked."""


class NewSavedSearch(BaseModel):
    """The name that a question is saved under."""

    model_config = ConfigDict(extra="forbid")

    name: NewSearchName


class ChangedSearch(BaseModel):
    """Which saved search gets another question, and perhaps another name."""

    model_config = ConfigDict(extra="forbid")

    name: SearchName
    new_name: NewSearchName


class SearchToRemove(BaseModel):
    """Which saved search is to be forgotten."""

    model_config = ConfigDict(extra="forbid")

    name: SearchName


class OpenedSearch(BaseModel):
    """Which saved search was opened, and what was there then."""

    model_config = ConfigDict(extra="forbid")

    name: SearchName
    below: _Id
    """All of its footage had keyframe ids below this."""


_Event = Annotated[str, Field(min_length=1, max_length=100)]


class AlertVerdict(BaseModel):
    """What a person says of an alert."""

    model_config = ConfigDict(extra="forbid")

    event: _Event
    keyframe_id: _Id
    """The alert's, as `/api/events` gives it."""
    was_right: StrictBool | None
    """None takes back what was said."""


class AlertState(BaseModel):
    """What is known of an alert now."""

    event: str
    keyframe_id: int
    unread: bool
    was_right: bool | None


class SeenAlerts(BaseModel):
    """Which alerts were seen: the one of an event and a keyframe, all of an event, or all there are."""

    model_config = ConfigDict(extra="forbid")

    event: Annotated[str, Field(max_length=100)] = ""
    """Empty: of all events."""
    keyframe_id: Annotated[int, Field(ge=0, le=LARGEST_ID), BeforeValidator(_number)] = 0
    """0: all of the event."""


class AlertsSeen(BaseModel):
    """How many alerts are no longer new."""

    seen: int
