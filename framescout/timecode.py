"""Counts frames as SMPTE ST 12-1 has it, and says what a recorder calls the frames of a video.

The arithmetic is OpenTimelineIO's, which knows the rates of the standard. Cameras that record at others (15, 12.5) are
counted at the lowest standard rate that is a whole multiple of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from math import floor

import msgspec

_STANDARD = tuple(
    Fraction(rate)
    for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "48", "50", "60000/1001", "60")
)
_NEAR = 0.0009
"""Share by which a measured rate may be off the standard one; 24 and 23.976 are 0.001 apart."""
_DROPPING = frozenset({Fraction(30000, 1001), Fraction(60000, 1001)})
_TEXT = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d\d\d?)")


class Timecode(msgspec.Struct, frozen=True):
    """How frames are counted at a rate."""

    nominal: int
    """Whole frames that a second counts."""
    is_drop: bool
    rate: Fraction

    @classmethod
    def at(cls, rate: Fraction, *, is_drop: bool | None = None) -> Timecode:
        """The count of a rate; `is_drop`: whether it drops, where the rate may; else it does."""
        exact = standard_rate(rate)
        may_drop = exact in _DROPPING
        return cls(max(1, round(exact)), may_drop if is_drop is None else may_drop and is_drop, exact)

    @property
    def day(self) -> int:
        """Frames that a day counts."""
        return self.frame(f"23:59:59:{self.nominal - 1:02d}") + 1

    def frames(self, seconds: float) -> int:
        """The frame that begins at `seconds`.

        Up to a quarter of a frame early or three quarters late: in fragmented MP4 all frames but the first come later
        by what an edit list takes from the first one.
        """
        return floor(Fraction(seconds).limit_denominator(10**6) * self.rate + Fraction(1, 4))

    def hour(self, number: int) -> int:
        """The frame that begins at hour `number` of the count."""
        return self.frame(f"{number:02d}:00:00{';' if self.is_drop else ':'}00")

    def frame(self, text: str) -> int:
        """The frame with this timecode, counted from 00:00:00:00.

        Raises:
            ValueError: there is no such timecode at this rate.
        """
        plain = _TEXT.fullmatch(text)
        if not plain:
            raise ValueError(f"{text!r} is no timecode")
        hours, minutes, seconds, _, frames = plain.groups()
        if int(minutes) > 59 or int(seconds) > 59 or int(frames) >= self.nominal:
            raise ValueError(f"{text!r} is no timecode at {float(self.rate):g} frames a second")
        from opentimelineio.opentime import RationalTime  # here: it costs a search 0.06 s

        written = f"{hours}:{minutes}:{seconds}{';' if self.is_drop else ':'}{frames}"
        number: float = RationalTime.from_timecode(written, float(self.rate)).value
        return round(number)

    def text(self, frame: int) -> str:
        """hh:mm:ss:ff, with ';' before the frames where the count drops; begins anew after a day."""
        from opentimelineio.opentime import RationalTime

        return str(RationalTime(frame % self.day, float(self.rate)).to_timecode(float(self.rate), self.is_drop))


def standard_rate(rate: Fraction) -> Fraction:
    """The rate of SMPTE ST 12-1 that this one is, or is counted at."""
    nearest = min(_STANDARD, key=lambda each: abs(each / rate - 1))
    if abs(nearest / rate - 1) <= _NEAR:
        return nearest
    multiples = (each for each in _STANDARD if abs(each / rate - round(each / rate)) <= _NEAR)
    return next(multiples, Fraction(25) if rate < 25 else Fraction(60))


class SourceTimecode(msgspec.Struct, frozen=True):
    """What the recorder calls a video's frames."""

    first: str
    """The first one's, hh:mm:ss:ff; ';' or '.' before the frames of a dropping count."""
    rate: Fraction
    """Frames a second."""
    first_time: float = 0.0
    """When the first frame appears, in seconds."""

    @classmethod
    def of_tags(cls, tags: Mapping[str, str]) -> SourceTimecode | None:
        """From what `tags` wrote; None where nothing is written, or it makes no sense."""
        try:
            found = cls(tags["timecode"], Fraction(tags["timecode_rate"]), float(tags.get("timecode_at", 0)))
            found.count.frame(found.first)
        except (KeyError, ValueError, IndexError, ZeroDivisionError):
            return None
        return found

    @property
    def tags(self) -> dict[str, str]:
        """As the catalog keeps it beside the tags of the container."""
        kept = {"timecode": self.first, "timecode_rate": str(self.rate)}
        return kept | ({"timecode_at": repr(self.first_time)} if self.first_time else {})

    @property
    def count(self) -> Timecode:
        """How its frames are counted."""
        return Timecode.at(self.rate, is_drop=self.first[8] in ";.,")

    def frame_at(self, seconds: float) -> int:
        """The number of the frame that begins at `seconds`; counted from 00:00:00:00, over midnight on and on."""
        count = self.count
        return count.frame(self.first) + count.frames(max(0.0, seconds - self.first_time))

    def text_at(self, seconds: float) -> str:
        """The timecode of the frame that begins at `seconds`."""
        return self.count.text(self.frame_at(seconds))

    def seconds_at(self, timecode: str, duration: float) -> float:
        """When the frame with this timecode appears, after midnight too; below 0 or behind the end: not here.

        `duration`: of the video, in seconds.

        Raises:
            ValueError: there is no such timecode at this rate.
        """
        count = self.count
        passed = count.frame(timecode) - count.frame(self.first)
        if passed < 0 and passed + count.day <= duration * count.rate:
            passed += count.day
        return float(passed / count.rate) + self.first_time
