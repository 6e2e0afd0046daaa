"""The clips that an export returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from query.answer import Moment

if TYPE_CHECKING:
    from framescout.media.footage import Footage


class Clip(msgspec.Struct, frozen=True):
    """A moment cut out into a file of its own. Times are seconds from the start of the video."""

    file: str
    """Name within the folder of the export."""
    start: float
    """When the clip's first frame appears in the video; below 0 in a copy that begins with pictures which the
    video's own edit list hides."""
    end: float
    """When its last one goes."""
    moment: Moment
    footage: Footage | None = None
    """What the video is that it was cut from."""
    sha256: str = ""
    """Of the clip's file, in hexadecimal."""
    source_sha256: str = ""
    """Of the video's file."""

    def to_json(self) -> dict[str, Any]:
        """The entry of manifest.json: `start` and `end` are the clip's, `source` its origin, the rest the moment's."""
        times = {"start": round(self.start, 6), "end": round(self.end, 6)}
        moment = replace(self.moment, timecode=None)  # the source has those of the clip
        entry = {"file": self.file, **moment.to_json(), **times}
        return entry | {"sha256": self.sha256, "source": self._source()} if self.footage else entry

    def _source(self) -> dict[str, Any]:
        """Where the clip comes from, to the frame: the first picture is 0, `frame_out` the first one behind."""
        facts = self.footage
        assert facts
        count = facts.count
        first = facts.place(self.start)
        last = max(first + 1, facts.place(self.end))
        known = facts.timecode is not None
        return {
            "path": self.moment.video,
            "sha256": self.source_sha256,
            "stream": facts.video_index,
            "frame_rate": str(count.rate),
            "frame_in": first,
            "frame_out": last,
            "timecode_in": facts.timecode_at(self.start) if known else None,
            "timecode_out": count.text(facts.frame_at(self.start) + last - first) if known else None,
        }
