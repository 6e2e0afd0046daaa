"""Moments, and what a finished clip really shows."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np

from framescout.media.container import open_video
from framescout.media.frames import frames_from, orientation_of
from query.answer import Moment
from tests.footage.make import read_number


def moment(video: Path | str, start: float, end: float, *, confidence: float = 0.8) -> Moment:
    return Moment(str(video), 1, None, None, start, end, (start + end) / 2, 0.3, confidence, 5)


def shown(path: Path) -> list[tuple[float, int]]:
    """(time, number) of each frame that a player shows, upright."""
    frames = []
    with open_video(path) as video:
        for each in frames_from(video, 0.0):
            picture = orientation_of(each.frame, video).applied(each.frame.to_ndarray(format="rgb24"))
            frames.append((round(each.time, 4), read_number(picture)))
    return frames


def beeps(path: Path) -> list[float]:
    """When each tone begins, in seconds as a player counts them."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        pieces, begin, zero = [], None, (container.start_time or 0) / av.time_base
        for frame in container.decode(stream):
            begin = float(frame.pts * frame.time_base) if begin is None else begin
            sound = frame.to_ndarray()
            pieces.append(sound.mean(axis=0) if frame.format.is_planar else sound.ravel())
        loud = np.flatnonzero(np.abs(np.concatenate(pieces)) > 0.2) / stream.rate
    starts = [loud[0], *loud[1:][np.diff(loud) > 0.3]]
    return [float(start + (begin or 0.0) - zero) for start in starts]
