"""The answer to a query: its moments, best first, and whether they are a match at all."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

from framescout.errors import NotAvailableError
from framescout.packages import is_installed

if TYPE_CHECKING:
    from framescout.catalog.records import FileFacts, Video
    from framescout.timecode import SourceTimecode


class SequenceStep(msgspec.Struct, frozen=True):
    """One step of a moment that was asked for as a sequence."""

    text: str
    time: float
    """When its keyframe is shown, in seconds."""
    confidence: float

    def to_json(self) -> dict[str, Any]:
        """As it stands in a moment's JSON."""
        return {"text": self.text, "time": round(self.time, 6), "confidence": round(self.confidence, 4)}


class Moment(msgspec.Struct, frozen=True):
    """A stretch of one video that answers a query. Times are seconds from the start of the video."""

    video: str
    """Absolute path."""
    video_id: int
    camera: str | None
    recorded_at: datetime | None
    """Aware; the wall clock at the start of the video, not of the moment."""
    start: float
    end: float
    peak: float
    """When the best keyframe is shown, or of a question for motion alone, when most moves; start <= peak < end."""
    score: float
    """Of a question of one part the cosine similarity of the best keyframe; of several the log-odds that all hold."""
    confidence: float
    """How likely the moment is a match, in [0, 1]."""
    keyframe_id: int
    similar: int = 0
    """How many moments that look the same stand behind this one, of those that were looked at: at least so many."""
    steps: tuple[SequenceStep, ...] = ()
    """Of a sequence."""
    timecode: SourceTimecode | None = None
    """What the recorder calls the video's frames."""

    @classmethod
    def of(cls, video: Video, file: FileFacts | None = None, /, **others: Any) -> Moment:
        """A stretch of this video, shown with this file of it, by default the first; `others` are the other fields."""
        shown = file or video.files[0]
        return cls(shown.path, video.id, shown.camera, shown.recorded_at, timecode=video.timecode, **others)

    def to_json(self) -> dict[str, Any]:
        """The JSON form that `search --json` prints and `export --from` reads."""
        fields: dict[str, Any] = {
            "video": self.video,
            "video_id": self.video_id,
            "camera": self.camera,
            "recorded_at": self.recorded_at.isoformat() if self.recorded_at else None,
            "start": round(self.start, 6),
            "end": round(self.end, 6),
            "peak": round(self.peak, 6),
            "score": round(self.score, 6),
            "confidence": round(self.confidence, 4),
            "keyframe_id": self.keyframe_id,
        }
        if self.timecode:
            fields["timecode_in"] = self.timecode.text_at(self.start)
            fields["timecode_out"] = self.timecode.text_at(self.end)
        if self.similar:
            fields["similar"] = self.similar
        if self.steps:
            fields["steps"] = [step.to_json() for step in self.steps]
        return fields


class Answer(msgspec.Struct, frozen=True):
    """The answer to one query."""

    query: dict[str, Any]
    """What was asked, as JSON values."""
    model: str
    keyframes_searched: int
    matched: bool
    """Whether any moment reaches the confidence of a match; the nearest are listed all the same."""
    moments: tuple[Moment, ...]
    next_page: str | None = None
    """What `page` of the next question is to be; None where there is no more."""
    matches: int = 0
    """How many moments up to this page's last one are a match; by confidence these come first."""

    def to_dataframe(self) -> Any:
        """A row a moment, best first, in pandas or, where that isn't installed, polars; columns as in a moment's JSON.

        Raises:
            NotAvailableError: neither is installed.
        """
        rows = [{**moment.to_json(), "recorded_at": moment.recorded_at} for moment in self.moments]
        for library in ("pandas", "polars"):
            if is_installed(library):
                return import_module(library).DataFrame(rows)
        raise NotAvailableError("a data frame needs pandas or polars; run: python3 -m pip install pandas")

    def to_json(self) -> dict[str, Any]:
        """The JSON document of `search --json`."""
        document = {
            "query": self.query,
            "model": self.model,
            "keyframes_searched": self.keyframes_searched,
            "matched": self.matched,
            "moments": [moment.to_json() for moment in self.moments],
        }
        return document | {"next_page": self.next_page} if self.next_page else document
