"""Reads what a video file says of itself; decodes its first picture at most.

`duration` is where the pictures end on a player's clock by the header. The keyframe reader finds out whether that is
true.
"""

from __future__ import annotations

from fractions import Fraction

from framescout.catalog.records import Probe
from framescout.media.container import MAX_PIXELS, open_video
from framescout.media.display import Orientation
from framescout.media.footage import header_duration
from framescout.media.frame_rates import measured_rate
from framescout.media.frames import frames_from, orientation_of, square_pixel_size
from framescout.media.timecode import source_timecode
from framescout.recording.tags import kept


def probe(path: str, *, max_pixels: int = MAX_PIXELS) -> Probe:
    """What the video at `path` says of itself.

    Raises:
        MediaError: it can't be opened, has no picture, or its pictures have more than `max_pixels`.
    """
    with open_video(path, max_pixels=max_pixels) as video:
        stream = video.stream
        rate, is_variable = measured_rate(video)
        first = next(frames_from(video, 0.0), None)
        how = orientation_of(first.frame, video) if first else Orientation()
        width, height = (first.frame.width, first.frame.height) if first else (stream.width, stream.height)
        timecode = source_timecode(video, first.frame, first.time) if first else None
        aspect = stream.sample_aspect_ratio or Fraction(1)
        shown = square_pixel_size(width, height, aspect, how)
        return Probe(
            duration=header_duration(video) or _packet_duration(path, max_pixels),
            frame_rate=rate,
            is_variable_rate=is_variable,
            width_px=shown[0],
            height_px=shown[1],
            rotation=how.turn,
            sample_aspect_ratio=aspect,
            start_offset=video.start_offset,
            codec=stream.codec_context.codec.canonical_name,
            has_audio=bool(video.container.streams.audio),
            tags=kept(video.container.format.name, video.container.metadata, stream.metadata)
            | (timecode.tags if timecode else {}),
        )


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
