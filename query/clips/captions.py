"""The words under a moment: its camera, when it was recorded, its timecode, and its video's name."""

from __future__ import annotations

from datetime import timedelta
from pathlib import PurePath

from query.answer import Moment
from query.clips.names import readable


def recorded(moment: Moment, at: float) -> str:
    """When what is shown `at` seconds was recorded, to the second, with its zone; '' where that isn't known."""
    if not moment.recorded_at:
        return ""
    return f"{moment.recorded_at + timedelta(seconds=at):%Y-%m-%d %H:%M:%S %Z}"


def origin(moment: Moment, at: float) -> str:
    """Camera and recording time, as far as they are known."""
    return ", ".join(part for part in (moment.camera or "", recorded(moment, at)) if part)


def timecode(moment: Moment, at: float) -> str:
    """What the recorder calls the frame that is shown at `at` seconds; '' where that isn't known."""
    return moment.timecode.text_at(at) if moment.timecode else ""


def source_name(moment: Moment) -> str:
    """The name of the video's file."""
    return readable(PurePath(moment.video).name)
