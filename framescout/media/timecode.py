"""Counts frames as SMPTE ST 12-1 has it, and reads the timecode that a video's first frame carries.

The arithmetic is OpenTimelineIO's, which knows the rates of the standard. Cameras that record at others (15, 12.5) are
counted at the lowest standard rate that is a whole multiple of theirs.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame
from opentimelineio.opentime import RationalTime

from framescout.media.container import OpenVideo
from framescout.media.display import side_data

_STANDARD = tuple(
    Fraction(rate)
    for rate in ("24000/1001", "24", "25", "30000/1001", "30", "48000/1001", "48", "50", "60000/1001", "60")
)
_NEAR = 0.0009
"""Share by which a measured rate may be off the standard one; 24 and 23.976 are 0.001 apart."""
_DROPPING = frozenset({Fraction(30000, 1001), Fraction(60000, 1001)})
_TEXT = re.compile(r"(\d\d):(\d\d):(\d\d)([:;.,])(\d\d\d?)")


@dataclass(frozen=True, slots=True)
class Timecode:
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

    def frames(self, seconds: float) -> int:
        """The frame that is nearest to begin at `seconds`."""
        return round(Fraction(seconds).limit_denominator(10**6) * self.rate)

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
        written = f"{hours}:{minutes}:{seconds}{';' if self.is_drop else ':'}{frames}"
        number: float = RationalTime.from_timecode(written, float(self.rate)).value
        return round(number)

    def text(self, frame: int) -> str:
        """hh:mm:ss:ff, with ';' before the frames where the count drops; begins anew after a day."""
        day = self.frame(f"23:59:59:{self.nominal - 1:02d}") + 1
        return str(RationalTime(frame % day, float(self.rate)).to_timecode(float(self.rate), self.is_drop))


def standard_rate(rate: Fraction) -> Fraction:
    """The rate of SMPTE ST 12-1 that this one is, or is counted at."""
    nearest = min(_STANDARD, key=lambda each: abs(each / rate - 1))
    if abs(nearest / rate - 1) <= _NEAR:
        return nearest
    multiples = (each for each in _STANDARD if abs(each / rate - round(each / rate)) <= _NEAR)
    return next(multiples, Fraction(25) if rate < 25 else Fraction(60))


def first_timecode(video: OpenVideo, frame: VideoFrame, count: Timecode) -> str | None:
    """The timecode of the first frame: by the tags of track and file (tmcd, MXF, Matroska, AVI), else by the picture.

    In the picture it is that of MPEG-2's group, or that of the SEI message of H.264 and HEVC. What makes no sense in
    the `count` of the video is passed over.
    """
    for text in _found(video, frame):
        with suppress(ValueError):
            count.frame(text)
            return text
    return None


def _found(video: OpenVideo, frame: VideoFrame) -> Iterator[str]:
    for tags in (video.stream.metadata, video.container.metadata, *(s.metadata for s in video.container.streams)):
        yield from (text for name, text in tags.items() if name.lower() == "timecode")
    if (held := side_data(frame, Type.GOP_TIMECODE)) is not None:
        yield _of_group(int.from_bytes(held[:4], "little"))
    held = side_data(frame, Type.S12M_TIMECODE)
    if held is not None and struct.unpack("<I", held[:4])[0]:
        yield _of_message(struct.unpack("<I", held[4:8])[0])


def _of_group(bits: int) -> str:
    """ISO/IEC 13818-2, 6.3.8."""
    separator = ";" if bits >> 24 & 1 else ":"
    return f"{bits >> 19 & 31:02d}:{bits >> 13 & 63:02d}:{bits >> 6 & 63:02d}{separator}{bits & 63:02d}"


def _of_message(bits: int) -> str:
    """SMPTE ST 12-1, as libav packs it: two decimal digits in each byte, frames first."""
    hours, minutes, seconds, frames = (bits & 0x3F, bits >> 8 & 0x7F, bits >> 16 & 0x7F, bits >> 24 & 0x3F)
    separator = ";" if bits >> 30 & 1 else ":"
    return f"{hours:02x}:{minutes:02x}:{seconds:02x}{separator}{frames:02x}"
