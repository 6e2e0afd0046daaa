"""Copies the packets of a stretch of a video into a file of its own, without re-encoding.

The copy begins with a key picture that is shown at 0:00: no edit list hides what precedes it, and no picture stands
frozen or is missing. Sound and picture stay as far apart as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import msgspec
from av.audio.stream import AudioStream
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream

from framescout.errors import ClipError, DiskFullError
from framescout.media.container import OpenVideo, open_video
from framescout.media.footage import audio_streams
from framescout.media.frame_rates import rate_of
from framescout.media.frames import rewind
from framescout.timeline import Span

_MP4_PICTURES = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
_MP4_SOUNDS = frozenset({"aac", "mp3", "mp3float", "ac3", "eac3", "opus", "libopus", "flac", "alac"})
_SOUND_APART = 5.0
"""Seconds of picture within which the sound of the same moment is expected in the file."""
_TOLERANCE = 0.0005


def fitting_ending(codecs: tuple[str, ...]) -> str:
    """'.mp4' where these codecs (picture, sound) play in MP4, else '.mkv'."""
    picture, *sound = codecs
    fits = picture in _MP4_PICTURES and all(codec in _MP4_SOUNDS for codec in sound)
    return ".mp4" if fits else ".mkv"


def copy_packets(path: str | Path, span: Span, target: Path, audio_indexes: Sequence[int]) -> Span:
    """Copy [span.start, span.end) of the film and these sound streams to `target`; returns what was copied.

    `span.start` is the time of a key picture. The copy ends where the frames up to `span.end` are complete.

    Raises:
        ClipError: the stretch has no packets, or the container of `target` can't hold the codecs.
        DiskFullError: the file didn't fit.
        MediaError: the source can't be read.
    """
    with open_video(path) as video:
        known = {stream.index: stream for stream in audio_streams(video)}
        sounds = [known[index] for index in audio_indexes]
        options = {"movflags": "+faststart"} if target.suffix == ".mp4" else {}
        try:
            with av.open(str(target), "w", options=options) as out:
                outs = {each.index: out.add_stream_from_template(each, opaque=True) for each in (video.stream, *sounds)}
                stretch = _Stretch(video, sounds, span)
                for packet in _dated(stretch.packets(), video):
                    packet.stream = outs[packet.stream.index]
                    out.mux(packet)
        except (FFmpegError, ValueError) as error:
            if isinstance(error, OSError) and error.errno == 28:
                raise DiskFullError(f"{target.parent}: the disk is full; free some space") from error
            raise ClipError(f"{path} can't be copied without re-encoding ({error}); cut it precisely") from error
    if stretch.origin is None:
        raise ClipError(f"{path}: no key picture stands at {span.start:.3f} s; cut it precisely")
    return Span(span.start, stretch.end)


class _Stretch(msgspec.Struct):
    """The packets of one stretch, with times that count from its first picture."""

    video: OpenVideo
    sounds: list[AudioStream]
    span: Span
    end: float = 0.0
    """When the last picture that was taken goes; seconds in the source."""
    origin: Fraction | None = None
    """The first picture's time on the container's clock, in seconds."""
    latest: float = -1.0
    is_complete: bool = False

    def packets(self) -> Iterator[Packet[Any]]:
        """In the file's order; reads on past the last picture for the sound that belongs to it."""
        video = self.video
        streams: list[Stream] = [video.stream, *self.sounds]
        early: list[Packet[Any]] = []  # sound often stands in the file before its picture
        if self.span.start > 1.0:
            ticks = round((self.span.start - 1.0 + video.start_offset) / video.time_base)
            video.container.seek(ticks, stream=video.stream)
        else:
            rewind(video)
        for packet in video.container.demux(streams):
            if not packet.size or (packet.pts is None and packet.dts is None):
                continue
            if packet.stream is video.stream:
                if self._is_past_all(packet):
                    break
                if self._takes(packet):
                    yield self._shifted(packet)
            elif self.origin is None:
                early.append(packet)
                continue
            elif self._sounds_within(packet):
                yield self._shifted(packet)
            elif self.is_complete and self._seconds(packet) > self.end:
                break
            if self.origin is not None and early:
                yield from (self._shifted(each) for each in early if self._sounds_within(each))
                early.clear()

    def _takes(self, packet: Packet[Any]) -> bool:
        """Whether this picture belongs to the stretch."""
        time = self._seconds(packet)
        if self.origin is None:
            if not packet.is_keyframe or abs(time - self.span.start) > _TOLERANCE:
                return False
            self.origin = Fraction(_ticks(packet)) * self.video.time_base
        elif time < self.span.start:
            return False  # leading pictures of an open group: what they are built upon stays behind
        # A picture later than all so far opens a new group of B-frames; those before it are complete.
        self.is_complete |= time > self.latest and self.end >= self.span.end - _TOLERANCE
        if self.is_complete:
            return False
        length = float(packet.duration * self.video.time_base) if packet.duration else 0.0
        self.latest = max(self.latest, time)
        self.end = max(self.end, time + (length or float(1 / rate_of(self.video))))
        return True

    def _is_past_all(self, packet: Packet[Any]) -> bool:
        return self.is_complete and (not self.sounds or self._seconds(packet) > self.end + _SOUND_APART)

    def _sounds_within(self, packet: Packet[Any]) -> bool:
        end = self.end if self.is_complete else max(self.end, self.span.end)
        return self.span.start - _TOLERANCE <= self._seconds(packet) < end

    def _seconds(self, packet: Packet[Any]) -> float:
        return float(_ticks(packet) * packet.time_base) - self.video.start_offset

    def _shifted(self, packet: Packet[Any]) -> Packet[Any]:
        shift = round((self.origin or 0) / packet.time_base)
        packet.dts = None if packet.dts is None else packet.dts - shift
        packet.pts = packet.dts if packet.pts is None else packet.pts - shift
        return packet


def _ticks(packet: Packet[Any]) -> int:
    return packet.pts if packet.pts is not None else packet.dts or 0


def _dated(packets: Iterable[Packet[Any]], video: OpenVideo) -> Iterator[Packet[Any]]:
    """Give the first pictures the decoding times that Matroska leaves to be guessed, one frame apart."""
    held: list[Packet[Any]] = []
    is_dated = False
    for packet in packets:
        if packet.stream is not video.stream or is_dated:
            yield packet
            continue
        if is_dated := packet.dts is not None:
            yield from _count_back(held, packet.dts, video)
            yield packet
        else:
            held.append(packet)
    if not is_dated and held:
        lowest = min(packet.pts or 0 for packet in held)
        yield from _count_back(held, lowest + _ticks_of_a_frame(video), video)


def _count_back(held: list[Packet[Any]], dts: int, video: OpenVideo) -> Iterator[Packet[Any]]:
    for place, packet in enumerate(held):
        packet.dts = dts - (len(held) - place) * _ticks_of_a_frame(video)
        yield packet


def _ticks_of_a_frame(video: OpenVideo) -> int:
    return max(1, round(1 / rate_of(video) / video.time_base))
