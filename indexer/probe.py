"""A video file in, what it says of itself out; at most its first picture is decoded.

Promised: `duration` is where the pictures end on a player's clock, as the header has it; the keyframe reader
finds out whether that is true.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from fractions import Fraction
from itertools import islice, pairwise

import av

from framescout.catalog.records import Probe
from framescout.media.container import MAX_PIXELS, OpenVideo, open_video
from framescout.media.frames import clockwise_turn, frames_from, square_pixel_size
from framescout.timeline import parse_clock

# A constant rate is the base rate or, where fields are counted, half of it.
_CONSTANT_RATIOS = (1.0, 2.0)
_RATE_TOLERANCE = 0.02
_SAMPLED_PACKETS = 120
_REORDERED = 8  # packets that may come this far from their place
_UNEVEN = 1.6  # times the usual distance of two frames


def probe(path: str, *, max_pixels: int = MAX_PIXELS) -> Probe:
    """What the video at `path` says of itself.

    Raises:
        MediaError: it can't be opened, has no picture, or its pictures have more than `max_pixels`.
    """
    with open_video(path, max_pixels=max_pixels) as video:
        stream = video.stream
        rate, is_variable = _rate(video)
        first = next(frames_from(video, 0.0), None)
        turn = clockwise_turn(first.frame, video) if first else 0
        width, height = (first.frame.width, first.frame.height) if first else (stream.width, stream.height)
        aspect = stream.sample_aspect_ratio or Fraction(1)
        shown = square_pixel_size(width, height, aspect, turn)
        return Probe(
            duration=_header_duration(video) or _packet_duration(path, max_pixels),
            frame_rate=rate,
            is_variable_rate=is_variable,
            width_px=shown[0],
            height_px=shown[1],
            rotation=turn,
            sample_aspect_ratio=aspect,
            start_offset=video.start_offset,
            codec=stream.codec_context.codec.canonical_name,
            has_audio=bool(video.container.streams.audio),
            created_at=created_at(video.container.metadata),
        )


def created_at(tags: Mapping[str, str]) -> datetime | None:
    """The moment of creation that a container's tags name, aware; None where they name none.

    Apple's own tag knows the time zone; `creation_time` is UTC by definition, whatever the recorder thought.
    """
    lowered = {name.lower(): text for name, text in tags.items()}
    for name in ("com.apple.quicktime.creationdate", "creation_time"):
        try:
            moment = datetime.fromisoformat(lowered.get(name, ""))
        except ValueError:
            continue
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return None


def _rate(video: OpenVideo) -> tuple[float, bool]:
    """Mean frames a second, and whether their distances vary: by the header, and by the first packets.

    Matroska headers name a constant rate for anything that was encoded at one, whatever was left out later.
    """
    if not video.has_clock:
        return float(1 / video.time_base), False
    mean, base = video.stream.average_rate, video.stream.base_rate
    packets = islice(video.packets(), _SAMPLED_PACKETS)
    times = sorted(video.seconds(packet.pts) for packet in packets if packet.pts is not None)
    times = times[:-_REORDERED]  # of which some are still to come
    steps = sorted(later - earlier for earlier, later in pairwise(times))
    # a hole or two are a loss, not a way of recording
    if len(steps) > 2 and steps[-3] > _UNEVEN * max(steps[len(steps) // 10], 0.001):
        is_constant_by_header = mean == base
        return (len(steps) / (times[-1] - times[0]) if is_constant_by_header or not mean else float(mean)), True
    if not mean or not base:
        return float(mean or 0), False
    ratio = float(base / mean)
    return float(mean), all(abs(ratio - usual) > _RATE_TOLERANCE * usual for usual in _CONSTANT_RATIOS)


def _header_duration(video: OpenVideo) -> float:
    """Seconds from 0:00 to the end of the pictures by the header: track, track's tag, container; 0.0 if unknown."""
    stream = video.stream
    if not video.has_clock:
        return 0.0
    if stream.duration and stream.duration > 0:
        return video.seconds((stream.start_time or 0) + stream.duration)
    tag = stream.metadata.get("DURATION", "")
    try:
        return parse_clock(tag) - video.start_offset
    except ValueError:
        return max(0, video.container.duration or 0) / av.time_base


def _packet_duration(path: str, max_pixels: int) -> float:
    """Seconds from 0:00 to the end of the last packet: reads the file, decodes nothing."""
    end = 0.0
    with open_video(path, max_pixels=max_pixels) as video:
        for number, packet in enumerate(video.packets()):
            pts = packet.pts if packet.pts is not None else packet.dts
            if not video.has_clock or pts is None:
                end = float((number + 1) * video.time_base)
            elif not packet.is_discard:
                end = max(end, video.seconds(pts + (packet.duration or 0)))
    return end
