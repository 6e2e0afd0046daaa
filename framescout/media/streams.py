"""Chooses which of a file's picture tracks is the film: one rule for the index, thumbnails, clips and the player."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

_COVER = Disposition.attached_pic | Disposition.timed_thumbnails | Disposition.still_image
_STILL_CODECS = frozenset({"mjpeg", "png", "bmp", "gif", "webp", "tiff", "jpeg2000", "ljpeg"})
_LOOKED_THROUGH = 400
"""Packets that are read to tell a film from a single picture."""


def films(container: InputContainer) -> list[VideoStream]:
    """The tracks that a person would call film, the one to show first; the rest are other cameras or angles.

    Covers are left out, those too that are kept as ordinary tracks of one picture. Of several films the one with the
    default flag is the first, else the first in the file. Reads some packets where a track might be a cover.
    """
    tracks = [stream for stream in container.streams.video if not stream.disposition & _COVER]
    if len(tracks) > 1:
        tracks = _moving(container, tracks)
    return sorted(tracks, key=lambda stream: not stream.disposition & Disposition.default)


def needs_packets(container: InputContainer) -> bool:
    """Whether `films` moves the place at which the container is read."""
    tracks = [stream for stream in container.streams.video if not stream.disposition & _COVER]
    return len(tracks) > 1 and any(_may_be_still(stream) for stream in tracks)


def _may_be_still(stream: VideoStream) -> bool:
    return stream.codec_context is not None and stream.codec_context.name in _STILL_CODECS and stream.frames <= 1


def _moving(container: InputContainer, tracks: Sequence[VideoStream]) -> list[VideoStream]:
    """Those of the tracks that are no single picture; all of them where none moves."""
    if not needs_packets(container):
        return list(tracks)
    seen: Counter[int] = Counter()
    try:
        for number, packet in enumerate(container.demux(list(tracks))):
            seen[packet.stream.index] += packet.size > 0
            if number == _LOOKED_THROUGH:
                break
    except (FFmpegError, IndexError):
        pass  # what was read so far tells enough
    moving = [stream for stream in tracks if not (_may_be_still(stream) and seen[stream.index] <= 1)]
    return moving or list(tracks)
