"""Reads what a cut needs to know of a video: its facts, and where the frames around a time are.

Where the container keeps times, only one picture is decoded; the rest is read off the packets.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from framescout.errors import MediaError, Reason
from framescout.media.container import OpenVideo, open_video
from framescout.media.display import is_hdr, matrix_of
from framescout.media.frame_rates import header_rate
from framescout.media.frames import (
    FrameFinder,
    frames_from,
    has_reliable_times,
    orientation_of,
    rewind,
    seek,
    square_pixel_size,
    unsettled,
)

# Seconds by which reading goes further back until a key picture is met: transport streams have no index.
_STEPS_BACK = (0.0, 2.0, 8.0, 30.0, 120.0)
_INDEXED = frozenset({"mov", "matroska", "avi"})


@dataclass(frozen=True, slots=True)
class Footage:
    """What a video is, as far as cutting goes."""

    path: str
    duration: float | None
    """Seconds; None where the container doesn't say."""
    rate: Fraction
    """Frames a second; the average where it varies."""
    time_base: Fraction
    start_offset: float
    """Seconds on the container's clock where a player shows 0:00."""
    width: int
    """Pixels of the upright picture with square pixels."""
    height: int
    video_index: int
    audio_index: int | None
    """The default audio stream, else the first that can be decoded."""
    codecs: tuple[str, ...]
    """Of the picture, and of the sound where there is any."""
    container: str
    is_hdr: bool
    matrix: str
    """By which its colours are read; ffmpeg's name."""
    has_times: bool
    """Whether the times of its frames are known without decoding."""
    is_stored_order: bool = False
    """Whether frames have to be counted, since only the times of storage are known."""

    @property
    def has_index(self) -> bool:
        """Whether seeking finds key pictures without searching for them."""
        return self.container.split(",")[0] in _INDEXED


@dataclass(frozen=True, slots=True)
class FramePosition:
    """The frame shown at a time."""

    time: float
    """When it appears, in seconds on a player's clock."""
    key_time: float
    """When the last key picture at or before it appears; below 0 where an edit list hides that one, 0 where only
    decoding from the start will do."""


@contextmanager
def open_footage(path: str | Path) -> Iterator[tuple[OpenVideo, Footage]]:
    """Open a video for cutting.

    Raises:
        MediaError: it can't be opened or has no picture.
    """
    with open_video(path) as video:
        yield video, _facts(video)


def audio_stream(video: OpenVideo) -> AudioStream | None:
    """The sound that a player would play: the default stream, else the first."""
    known = [stream for stream in video.container.streams.audio if stream.codec_context is not None]
    default = [stream for stream in known if stream.disposition & Disposition.default]
    return next(iter(default or known), None)


def frame_position(video: OpenVideo, seconds: float) -> FramePosition:
    """The frame that is shown at `seconds`: the last that appears at or before it, else the first of all.

    Raises:
        MediaError: there is no frame.
    """
    if not has_reliable_times(video):
        shown = FrameFinder(video).shown_at(seconds)
        return FramePosition(shown.time if shown else 0.0, 0.0)
    for step in _STEPS_BACK:
        if seconds - step <= 0 or not seek(video, seconds - step):
            break
        if position := _read_position(video, seconds, unsettled(video)):
            return position
    rewind(video)
    return _read_position(video, seconds) or FramePosition(max(0.0, _first_time(video)), 0.0)


def _read_position(video: OpenVideo, seconds: float, passed_over: int = 0) -> FramePosition | None:
    """Read on to `seconds`; None where no key picture at or before it was met behind the first `passed_over`."""
    key: float | None = None
    shown = 0.0
    for packet, time in islice(_timed_packets(video), passed_over, None):
        if packet.is_keyframe and time <= seconds:
            key = time
        if key is not None and key <= time <= seconds and not packet.is_discard:
            shown = max(shown, time)
        if packet.dts is not None and video.seconds(packet.dts) > seconds:
            break
    return None if key is None else FramePosition(shown, key)


def _timed_packets(video: OpenVideo) -> Iterator[tuple[Packet[VideoStream], float]]:
    """The packets in the file's order, each with its picture's time in seconds."""
    for packet in video.packets():
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is not None:
            yield packet, video.seconds(ticks)


def _first_time(video: OpenVideo) -> float:
    rewind(video)
    packets = (time for packet, time in _timed_packets(video) if not packet.is_discard)
    times = list(islice(packets, 32))
    return min(times, default=0.0)


def _facts(video: OpenVideo) -> Footage:
    stream, container = video.stream, video.container
    sound = audio_stream(video)
    first = next(frames_from(video, 0.0), None)
    if not first:
        raise MediaError(Reason.UNDECODABLE, "; ".join(video.damage[:1]))
    how = orientation_of(first.frame, video)
    width, height = square_pixel_size(first.frame.width, first.frame.height, stream.sample_aspect_ratio, how)
    return Footage(
        path=video.path,
        duration=container.duration / av.time_base if container.duration else None,
        rate=header_rate(stream),
        time_base=video.time_base,
        start_offset=video.start_offset,
        width=width,
        height=height,
        video_index=stream.index,
        audio_index=sound.index if sound else None,
        codecs=tuple(each.codec_context.codec.canonical_name for each in (stream, sound) if each),
        container=container.format.name,
        is_hdr=is_hdr(first.frame.color_trc),
        matrix=matrix_of(first.frame.colorspace, first.frame.height),
        has_times=has_reliable_times(video),
        is_stored_order=video.is_stored_order,
    )
