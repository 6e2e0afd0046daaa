"""Finds what changes its form inside a recording, and writes sound that does so as one steady sound.

Broadcasts go from stereo to 5.1 at a programme's start, and from one size of picture to another. There the ffmpeg
program builds its filters anew, and they count from 0 again.
"""

from __future__ import annotations

import wave
from collections.abc import Iterable, Iterator
from pathlib import Path

import msgspec
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from av.video.frame import VideoFrame

from framescout.media.container import OpenVideo
from framescout.timeline import Span

SAMPLES = 48_000
"""Samples a second of the steady sound that is written."""
_IN_BAND = frozenset({"mpegts", "mpeg"})
"""Containers that repeat the form of their streams all along; the others state it once."""
_BEFORE = 12.0
"""Seconds before a place from which a container without an index is read."""
_SLACK = 0.02
"""Seconds by which sound may come late or early before silence is put in, or some of it left out."""


class Changes(msgspec.Struct, frozen=True):
    """What changes its form in a stretch of a video."""

    sizes: tuple[tuple[int, int], ...] = ()
    """Pixels of the stored picture, width and height, where there are several, the largest first."""
    sounds: frozenset[int] = frozenset()
    """Indexes of the sound streams whose channels or rate change."""


def changes_in(video: OpenVideo, span: Span, audio_indexes: Iterable[int]) -> Changes:
    """What changes in a stretch; nothing where the container states it once. Decodes the sound and key pictures."""
    if video.container.format.name not in _IN_BAND or video.stretches:
        return Changes()
    sizes: set[tuple[int, int]] = set()
    forms: dict[int, set[tuple[str, int]]] = {}
    video.stream.codec_context.skip_frame = "NONKEY"
    for index, frame in _decoded(video, span, [video.stream.index, *audio_indexes]):
        if isinstance(frame, VideoFrame):
            sizes.add((frame.width, frame.height))
        else:
            forms.setdefault(index, set()).add((frame.layout.name, frame.sample_rate))
    changing = frozenset(index for index, own in forms.items() if len(own) > 1)
    by_size = sorted(sizes, key=lambda size: size[0] * size[1], reverse=True)
    return Changes(tuple(by_size) if len(by_size) > 1 else (), changing)


def write_steady_sound(video: OpenVideo, index: int, span: Span, target: Path) -> None:
    """Write the sound of a stream in this stretch as WAV: 16 bits, stereo, 48 kHz; what is missing is silence."""
    position = 0
    resampler, form = None, None
    with wave.open(str(target), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(SAMPLES)
        for _, frame in _decoded(video, span, [index]):
            assert isinstance(frame, AudioFrame)
            begins = round((_seconds(video, frame) - span.start) * SAMPLES)
            if (frame.layout.name, frame.sample_rate) != form:
                form = (frame.layout.name, frame.sample_rate)
                resampler = AudioResampler("s16", "stereo", SAMPLES)
            assert resampler
            frame.pts = None
            sound = np.concatenate([each.to_ndarray().reshape(-1, 2) for each in resampler.resample(frame)] or [_NONE])
            missing = begins - position
            if abs(missing) > _SLACK * SAMPLES or position == 0:
                file.writeframes(bytes(4 * max(0, missing)))
                sound = sound[max(0, -missing) :]
                position += max(0, missing)
            file.writeframes(sound.tobytes())
            position += len(sound)
        file.writeframes(bytes(4 * max(0, round(span.duration * SAMPLES) - position)))


_NONE = np.empty((0, 2), np.int16)


def _decoded(video: OpenVideo, span: Span, indexes: Iterable[int]) -> Iterator[tuple[int, VideoFrame | AudioFrame]]:
    """Frames of these streams that are shown or heard in the stretch; damage is passed over."""
    streams = [video.container.streams[index] for index in indexes]
    video.container.seek(round((span.start - _BEFORE + video.start_offset) * 1_000_000))
    passed: set[int] = set()
    try:
        for packet in video.container.demux(streams):
            if packet.stream.index in passed or not packet.size:
                continue
            try:
                frames = packet.decode()
            except FFmpegError:
                continue
            for frame in frames:
                assert isinstance(frame, VideoFrame | AudioFrame)
                if frame.pts is None:
                    continue
                at = _seconds(video, frame)
                length = frame.samples / frame.sample_rate if isinstance(frame, AudioFrame) else 0.0
                if at >= span.end:
                    passed.add(packet.stream.index)
                elif at + length > span.start or not length:
                    yield packet.stream.index, frame
            if len(passed) == len(streams):
                return
    except (FFmpegError, IndexError):
        return


def _seconds(video: OpenVideo, frame: VideoFrame | AudioFrame) -> float:
    assert frame.pts is not None
    assert frame.time_base is not None
    return float(frame.pts * frame.time_base) - video.start_offset
