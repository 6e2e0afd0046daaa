"""Reads what a cut needs to know of a video: its facts, and where the frames around a time are.

Where the container keeps times, only one picture is decoded; the rest is read off the packets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import msgspec
from av.audio.stream import AudioStream
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream
from msgspec.structs import replace

from framescout.errors import MediaError, Reason, UsageError
from framescout.media.clocks import Stretch
from framescout.media.container import OpenVideo, open_video
from framescout.media.display import is_hdr, is_pale, matrix_of
from framescout.media.frame_rates import rate_of
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
from framescout.media.timecode import source_timecode
from framescout.timecode import SourceTimecode, Timecode
from framescout.timeline import parse_clock

# Seconds by which reading goes further back until a key picture is met: transport streams have no index.
_STEPS_BACK = (0.0, 2.0, 8.0, 30.0, 120.0)
_INDEXED = frozenset({"mov", "matroska", "avi"})


class Footage(msgspec.Struct, frozen=True):
    """What a video is, as far as cutting goes."""

    path: str
    duration: float | None
    """Seconds to the end of the pictures, whatever else goes on in the file; None where it doesn't say."""
    rate: Fraction
    """Frames a second; the average where it varies."""
    time_base: Fraction
    start_offset: float
    """Seconds on the container's clock where a player shows 0:00."""
    width: int
    """Pixels of the upright picture with square pixels."""
    height: int
    video_index: int
    audio_indexes: tuple[int, ...]
    """The audio streams that can be decoded; the one that a player would play comes first."""
    is_channel_each: bool
    """Whether the audio streams are the channels of one sound, each mono, as in broadcast MXF."""
    codecs: tuple[str, ...]
    """Of the picture, and of the sound where there is any."""
    container: str
    is_hdr: bool
    is_pale: bool
    """As `display.is_pale`."""
    matrix: str
    """By which its colours are read; ffmpeg's name."""
    has_times: bool
    """Whether the times of its frames are known without decoding."""
    timecode: SourceTimecode | None = None
    """What the recorder calls its frames."""
    first_time: float = 0.0
    """When the first frame appears."""
    stretches: tuple[Stretch, ...] = ()
    """Of a file whose clock begins anew somewhere; none of others."""
    is_first: bool = True
    """Whether the film is the first picture track of the file: browsers play no other."""
    is_stored_order: bool = False
    """Whether frames have to be counted, since only the times of storage are known."""

    @property
    def count(self) -> Timecode:
        """How its frames are counted."""
        return self.timecode.count if self.timecode else Timecode.at(self.rate)

    def with_sound(self, tracks: Sequence[int] | None) -> Footage:
        """The same with these sound tracks alone, counted from 1 as they stand in the file; None: with all.

        Raises:
            UsageError: there is no such track.
        """
        if tracks is None:
            return self
        in_file = sorted(self.audio_indexes)
        for track in tracks:
            if not 1 <= track <= len(in_file):
                count = f"{len(in_file)} sound track{'s' * (len(in_file) != 1)}"
                raise UsageError(f"{self.path} has {count}, and no track {track}; choose others, or leave it out")
        chosen = tuple(dict.fromkeys(in_file[track - 1] for track in tracks))
        codec_of = dict(zip(self.audio_indexes, self.codecs[1:], strict=True))
        return replace(
            self,
            audio_indexes=chosen,
            is_channel_each=self.is_channel_each and len(chosen) > 1,
            codecs=(self.codecs[0], *(codec_of[index] for index in chosen)),
        )

    def place(self, seconds: float) -> int:
        """Which frame of the file begins at `seconds`, as its rate counts: the first picture is 0."""
        return self.count.frames(max(0.0, seconds - self.first_time))

    def frame_at(self, seconds: float) -> int:
        """The number that the recorder's timecode has for the frame that begins at `seconds`; its place without one."""
        return self.timecode.frame_at(seconds) if self.timecode else self.place(seconds)

    def timecode_at(self, seconds: float) -> str:
        """The timecode of the frame that begins at `seconds`."""
        return self.count.text(self.frame_at(seconds))

    @property
    def has_index(self) -> bool:
        """Whether seeking finds key pictures without searching for them."""
        return self.container.split(",")[0] in _INDEXED


class FramePosition(msgspec.Struct, frozen=True):
    """The frame shown at a time."""

    time: float
    """When it appears, in seconds on a player's clock."""
    key_time: float
    """When the last key picture at or before it appears; below 0 where an edit list hides that one, 0 where only
    decoding from the start will do."""
    copy_time: float
    """The same, but the first key picture of all where none comes before the frame."""


@contextmanager
def open_footage(path: str | Path) -> Iterator[tuple[OpenVideo, Footage]]:
    """Open a video for cutting.

    Raises:
        MediaError: it can't be opened or has no picture.
    """
    with open_video(path) as video:
        yield video, _facts(video)


def audio_streams(video: OpenVideo) -> list[AudioStream]:
    """The sound, the stream that a player would play first: the default one, else the first."""
    known = [stream for stream in video.container.streams.audio if stream.codec_context is not None]
    return sorted(known, key=lambda stream: not stream.disposition & Disposition.default)


def frame_position(video: OpenVideo, seconds: float) -> FramePosition:
    """The frame that is shown at `seconds`: the last that appears at or before it, else the first of all.

    Raises:
        MediaError: there is no frame.
    """
    if not has_reliable_times(video):
        shown = FrameFinder(video).shown_at(seconds)
        time = shown.time if shown else 0.0
        begins = max((each.begins for each in video.stretches if each.begins <= time), default=0.0)
        return FramePosition(time, begins, begins)
    for step in _STEPS_BACK:
        if seconds - step <= 0 or not seek(video, seconds - step):
            break
        if position := _read_position(video, seconds, unsettled(video)):
            return position
    rewind(video)
    if position := _read_position(video, seconds):
        return position
    first, key = _first_times(video)
    return FramePosition(max(0.0, first), 0.0, key)


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
    return None if key is None else FramePosition(shown, key, key)


def _timed_packets(video: OpenVideo) -> Iterator[tuple[Packet[VideoStream], float]]:
    """The packets in the file's order, each with its picture's time in seconds."""
    for packet in video.packets():
        ticks = packet.pts if packet.pts is not None else packet.dts
        if ticks is not None:
            yield packet, video.seconds(ticks)


def _first_times(video: OpenVideo) -> tuple[float, float]:
    """When the first frame and the first key picture appear."""
    rewind(video)
    packets = list(islice(((time, packet) for packet, time in _timed_packets(video) if not packet.is_discard), 32))
    first = min((time for time, _ in packets), default=0.0)
    rewind(video)
    keys = (time for packet, time in _timed_packets(video) if packet.is_keyframe and not packet.is_discard)
    return first, next(keys, first)


def header_duration(video: OpenVideo) -> float:
    """Seconds from 0:00 to the end of the pictures by the header: track, track's tag, container; 0.0 if unknown."""
    stream = video.stream
    if not video.has_clock:
        return 0.0
    if video.stretches:
        return video.stretches[-1].ends
    if stream.duration and stream.duration > 0:
        return video.seconds((stream.start_time or 0) + stream.duration)
    tag = stream.metadata.get("DURATION", "")
    try:
        return parse_clock(tag) - video.start_offset
    except ValueError:
        return max(0, video.container.duration or 0) / av.time_base


def _facts(video: OpenVideo) -> Footage:
    stream, container = video.stream, video.container
    sounds, rate = audio_streams(video), rate_of(video)
    first = next(frames_from(video, 0.0), None)
    if not first:
        raise MediaError(Reason.UNDECODABLE, "; ".join(video.damage[:1]))
    how = orientation_of(first.frame, video)
    width, height = square_pixel_size(first.frame.width, first.frame.height, stream.sample_aspect_ratio, how)
    return Footage(
        path=video.path,
        duration=header_duration(video) or None,
        rate=rate,
        time_base=video.time_base,
        start_offset=video.start_offset,
        width=width,
        height=height,
        video_index=stream.index,
        audio_indexes=tuple(sound.index for sound in sounds),
        is_channel_each=len(sounds) > 1 and all(sound.codec_context.channels == 1 for sound in sounds),
        codecs=tuple(each.codec_context.codec.canonical_name for each in (stream, *sounds)),
        container=container.format.name,
        is_hdr=is_hdr(first.frame.color_trc),
        is_pale=is_pale(first.frame),
        matrix=matrix_of(first.frame.colorspace, first.frame.height),
        has_times=has_reliable_times(video),
        timecode=source_timecode(video, first.frame, first.time),
        first_time=first.time,
        is_first=stream.index == container.streams.video[0].index,
        stretches=video.stretches,
        is_stored_order=video.is_stored_order,
    )
