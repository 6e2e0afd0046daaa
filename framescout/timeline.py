"""Time in a video: seconds from its start as a player counts them, and half-open spans of them.

Float seconds lose no frame: a PTS at any usual time base survives the way to seconds and back over days of footage.
"""

from __future__ import annotations

import re

import msgspec

_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:\.\d+)?)")


class Span(msgspec.Struct, frozen=True, order=True):
    """A stretch of a video: [start, end) in seconds."""

    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.start <= self.end:  # also refuses NaN
            raise ValueError(f"a span can't end before it starts: {self.start} .. {self.end}")

    @property
    def duration(self) -> float:
        """Length in seconds."""
        return self.end - self.start

    def overlaps(self, other: Span) -> bool:
        """Whether the two share any time; touching ends share none."""
        return self.start < other.end and other.start < self.end

    def join(self, other: Span) -> Span:
        """The smallest span that holds both."""
        return Span(min(self.start, other.start), max(self.end, other.end))

    def pad(self, seconds: float) -> Span:
        """The span made longer by `seconds` on both sides; it never starts before 0."""
        return Span(max(0.0, self.start - seconds), self.end + seconds)

    def clamp(self, other: Span) -> Span:
        """The part that lies in `other`; an empty span at the nearer edge where none does."""
        start = min(max(self.start, other.start), other.end)
        return Span(start, max(start, min(self.end, other.end)))


def format_clock(seconds: float, *, decimals: int = 0) -> str:
    """Seconds as h:mm:ss, with `decimals` places: 3675.5 -> '1:01:15' or '1:01:15.500'."""
    units = round(max(0.0, seconds) * 10**decimals)
    whole, fraction = divmod(units, 10**decimals)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    clock = f"{hours}:{minute:02d}:{second:02d}"
    return f"{clock}.{fraction:0{decimals}d}" if decimals else clock


def parse_clock(text: str) -> float:
    """Seconds of '75.5', '1:15.5' or '0:01:15.5'.

    Raises:
        ValueError: the text is none of these.
    """
    match = _CLOCK.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not a time; write seconds or h:mm:ss")
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds)
