"""The clips that an export returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from query.answer import Moment


@dataclass(frozen=True, slots=True)
class Clip:
    """A moment cut out into a file of its own. Times are seconds from the start of the video."""

    file: str
    """Name within the folder of the export."""
    start: float
    """When the clip's first frame appears in the video; below 0 in a copy that begins with pictures which the
    video's own edit list hides."""
    end: float
    """When its last one goes."""
    moment: Moment

    def to_json(self) -> dict[str, Any]:
        """The entry of manifest.json: `start` and `end` are the clip's, the rest is the moment's."""
        times = {"start": round(self.start, 6), "end": round(self.end, 6)}
        return {"file": self.file, **self.moment.to_json(), **times}
