"""Glances at half seconds of a video: how hard the movement changes there.

Reading on from a key picture costs no more than the pictures that are looked at. A glance reads a bounded number of
packets, whatever the file says; what can't be looked at is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice

import numpy as np
from av.error import FFmpegError

from framescout.errors import MediaError
from framescout.jerks import GLANCE, SIDE, STEP, mean_octaves
from framescout.media.container import MAX_PIXELS, OpenVideo, open_video
from framescout.media.frames import Scaler, has_reliable_times, orientation_of, seek

_MOST_PACKETS = 120  # of a glance: half a second of 120 pictures a second, and what lies before it
_SLACK = 1e-3  # seconds by which a picture may be early


def glances(path: str, times: Sequence[float], *, max_pixels: int = MAX_PIXELS) -> Iterator[float]:
    """The jerks of the half second from each of `times` (seconds) on, in octaves.

    NaN where its pictures can't be had, lie too far behind a key picture, or hardly differ.
    """
    told = 0
    try:
        with open_video(path, max_pixels=max_pixels) as video:
            video.stream.codec_context.options |= {"skip_loop_filter": "all"}
            scaler = Scaler()
            for time in times if has_reliable_times(video) else ():
                octaves = _glance(video, scaler, time)
                told += 1
                yield octaves
    except (MediaError, OSError):
        pass
    yield from [np.nan] * (len(times) - told)


def _glance(video: OpenVideo, scaler: Scaler, start: float) -> float:
    try:
        return mean_octaves(_greys(video, scaler, start))
    except (FFmpegError, OSError, ValueError):  # a picture that libswscale refuses
        return np.nan


def _greys(video: OpenVideo, scaler: Scaler, start: float) -> Iterator[np.ndarray]:
    """(SIDE, SIDE) float32 each: the green of pictures STEP apart, from the one shown at `start` on."""
    if not seek(video, start):
        return
    wanted = start
    for packet in chain(islice(video.packets(), _MOST_PACKETS), [None]):
        for frame in video.decode(packet):
            time = video.seconds(frame.pts) if frame.pts is not None else -np.inf
            if time > start + GLANCE + _SLACK:
                return
            if time >= wanted - _SLACK and not frame.is_corrupt:
                wanted += STEP
                pixels = scaler.squash(frame, (SIDE, SIDE), orientation_of(frame, video))
                yield pixels[..., 1].astype(np.float32)
