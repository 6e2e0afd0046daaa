"""Reads the timecode that a video's first frame carries."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress

from av.sidedata.sidedata import Type
from av.video.frame import VideoFrame

from framescout.media.container import OpenVideo
from framescout.media.display import side_data
from framescout.media.frame_rates import rate_of
from framescout.timecode import SourceTimecode


def source_timecode(video: OpenVideo, frame: VideoFrame, first_time: float) -> SourceTimecode | None:
    """What the recorder calls the first frame, which appears at `first_time` seconds; None where nothing says it.

    By the tags of track and file (tmcd, MXF, Matroska, AVI), else by the picture: MPEG-2's group, or the SEI message of
    H.264 and HEVC. What makes no sense at the video's rate is passed over.
    """
    rate = rate_of(video)
    for text in _found(video, frame):
        with suppress(ValueError, IndexError):
            found = SourceTimecode(text, rate, first_time)
            found.count.frame(text)
            return found
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
