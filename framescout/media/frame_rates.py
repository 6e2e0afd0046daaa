"""Frames a second: what a video's header says, for cutting; what its first packets show, for the catalog."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice, pairwise

from av.video.stream import VideoStream

from framescout.media.container import OpenVideo

_DEFAULT_RATE = Fraction(25)
_HIGHEST_RATE = 1000
# A constant rate is the base rate or, where fields are counted, half of it.
_CONSTANT_RATIOS = (1.0, 2.0)
_RATE_TOLERANCE = 0.02
_SAMPLED_PACKETS = 120
_STEP_BACK = 1.0  # seconds
_REORDERED = 8  # packets that may come this far from their place
UNEVEN = 1.6
"""Times the usual distance of two frames, from which they are not evenly spaced."""


def header_rate(stream: VideoStream, *, has_mean: bool = True) -> Fraction:
    """Frames a second by the header, never 0: the mean where it varies, 25 where the header says nothing possible.

    `has_mean`: off where libav takes the mean over several clocks, or over frames without times.
    """
    means = (stream.average_rate, stream.guessed_rate) if has_mean else (stream.guessed_rate, stream.average_rate)
    for rate in (*means, stream.base_rate):
        if rate and 0 < rate <= _HIGHEST_RATE:
            return Fraction(rate)
    return _DEFAULT_RATE


def rate_of(video: OpenVideo) -> Fraction:
    """Frames a second of an opened video, as `header_rate`; where there is no clock, as its frames are counted."""
    if not video.has_clock:
        return 1 / video.time_base
    has_mean = not video.stretches and video.container.format.name != "mpeg"
    return header_rate(video.stream, has_mean=has_mean)


def measured_rate(video: OpenVideo) -> tuple[float, bool]:
    """Mean frames a second, 0.0 if unknown, and whether their distances vary: by the header and by the first packets.

    Matroska headers name a constant rate for anything that was encoded at one, whatever was left out later.
    """
    if not video.has_clock:
        return float(1 / video.time_base), False
    mean, base = rate_of(video), video.stream.base_rate
    times = sorted(_first_times(video))
    times = times[:-_REORDERED]  # of which some are still to come
    steps = sorted(later - earlier for earlier, later in pairwise(times))
    # a hole or two are a loss, not a way of recording
    if len(steps) > 2 and steps[-3] > UNEVEN * max(steps[len(steps) // 10], 0.001):
        is_constant_by_header = mean == base
        return (len(steps) / (times[-1] - times[0]) if is_constant_by_header or not mean else float(mean)), True
    if not mean or not base:
        return float(mean or 0), False
    ratio = float(base / mean)
    return float(mean), all(abs(ratio - usual) > _RATE_TOLERANCE * usual for usual in _CONSTANT_RATIOS)


def _first_times(video: OpenVideo) -> Iterator[float]:
    """When the first frames are shown, as far as the clock runs on."""
    latest = -math.inf
    for packet in islice(video.packets(), _SAMPLED_PACKETS):
        ticks = packet.dts if packet.pts is None else packet.pts
        if ticks is None:
            continue
        time = video.seconds(ticks)
        if time < latest - _STEP_BACK:
            return
        latest = max(latest, time)
        yield time
