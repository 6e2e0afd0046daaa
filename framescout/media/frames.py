"""Reads frames and upright pictures of an opened video at given times.

Frames come in the order in which they are shown, each with its exact time on a player's clock. The same frame has the
same time wherever reading began.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from fractions import Fraction
from itertools import islice
from pathlib import Path

import msgspec
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from PIL import Image

from framescout.errors import MediaError, Reason
from framescout.media.clocks import Stretch
from framescout.media.container import MAX_PIXELS, OpenVideo, open_video
from framescout.media.display import Orientation, is_hdr, is_pale, matrix_number, orientation, to_screen, widened
from framescout.media.frame_rates import rate_of

# Seconds by which a seek goes further back when it came out behind the wanted frame. Transport streams have no
# index, so that a seek may end in the middle of a group of pictures.
_STEPS_BACK = (0.0, 1.0, 4.0, 15.0, 60.0)
_STEPS_BACK_IN_BYTES = (2.0, 12.0)
"""Seconds, by the mean bytes of a second."""
# These decoders show a grey guess where reading began between two key pictures; the others hold it back.
_GUESSING_DECODERS = frozenset({"mpeg1video", "mpeg2video", "mpeg4", "h263", "flv1", "msmpeg4v2", "msmpeg4v3"})
_WORTH_A_SEEK = 3.0
"""Seconds ahead from which seeking costs less than decoding up to there, for the usual length of a group."""
NEVER_SHOWN = 0.001
"""Seconds before 0:00 from which a player doesn't show a frame."""
# A program stream carries one time a packet of 2 KB, and libav's parsers of these codecs don't work out the others.
_SELDOM_TIMED = frozenset({"h264", "hevc"})
_UNSETTLED = 25
_WIDEST_PIXEL = 8  # times its height; headers that claim more are damaged


class ShownFrame(msgspec.Struct, frozen=True):
    """A decoded frame and when it is shown."""

    frame: VideoFrame
    pts: int
    time: float
    """Seconds from the start of the video as a player counts them."""


def has_reliable_times(video: OpenVideo) -> bool:
    """Whether a frame's time is known without decoding all that precedes it.

    It isn't in elementary streams, where packets with B-frames carry the times of storage alone, and in MPEG program
    streams of H.264 and HEVC, in which most frames have no time at all.
    """
    return video.has_clock and not video.is_stored_order and not _leaves_out_times(video) and not video.stretches


def unsettled(video: OpenVideo) -> int:
    """Frames behind a seek whose times aren't to be trusted.

    In an MPEG program stream a time stands before a packet of 2 KB; where reading begins in the middle, libav gives the
    first pictures that of a neighbour (up to 14 of them were seen).
    """
    return _UNSETTLED if video.container.format.name == "mpeg" else 0


def _leaves_out_times(video: OpenVideo) -> bool:
    return video.container.format.name == "mpeg" and video.stream.codec_context.name in _SELDOM_TIMED


def frames_from(video: OpenVideo, seconds: float) -> Iterator[ShownFrame]:
    """The frames in the order shown, from one at or before `seconds` where there is one.

    Damaged packets are noted in `video.damage` and passed over.
    """
    if video.stretches:
        yield from _from_stretch(video, seconds)
        return
    if not has_reliable_times(video):
        rewind(video)
        yield from _in_order(video)
        return
    for step in _STEPS_BACK:
        if seconds - step <= 0 or not seek(video, seconds - step):
            break
        frames = islice(_in_order(video), unsettled(video), None)
        first = next(frames, None)
        if first and first.time <= seconds:
            yield first
            yield from frames
            return
    rewind(video)
    yield from _in_order(video)


def _from_stretch(video: OpenVideo, seconds: float) -> Iterator[ShownFrame]:
    """As `frames_from`, in a file with several clocks; sought by bytes, since no time names one place alone."""
    stretch = next((each for each in reversed(video.stretches) if each.begins <= seconds), video.stretches[0])
    a_second = (stretch.last_byte - stretch.first_byte) / max(0.04, stretch.ends - stretch.begins)
    for step in _STEPS_BACK_IN_BYTES:
        wanted = stretch.first_byte + int((seconds - stretch.begins - step) * a_second)
        if wanted <= stretch.first_byte:
            break
        frames = _in_order_of_clocks(video, stretch, wanted)
        first = next(frames, None)
        if first and stretch.begins <= first.time <= seconds:
            yield first
            yield from frames
            return
    yield from _in_order_of_clocks(video, stretch, stretch.first_byte)


def _in_order_of_clocks(video: OpenVideo, stretch: Stretch, byte: int) -> Iterator[ShownFrame]:
    """Decode from a byte of a stretch to the end of the file."""
    for number, each in enumerate(video.stretches):
        if each.begins < stretch.begins:
            continue
        video.shift = each.shift
        with suppress(OSError):
            video.container.seek(byte if each is stretch else each.first_byte, unsupported_byte_offset=True)
        video.stream.codec_context.flush_buffers()
        ends = video.stretches[number + 1].first_byte if number + 1 < len(video.stretches) else None
        yield from _in_order(video, ends)


def _in_order(video: OpenVideo, last_byte: int | None = None) -> Iterator[ShownFrame]:
    """Decode from where the container stands, to `last_byte`; times strictly rise."""
    shown_at, started = -NEVER_SHOWN, video.stream.codec_context.name not in _GUESSING_DECODERS
    for frame, pts in _timed(video, last_byte):
        started = started or frame.key_frame
        time = video.seconds(pts)
        if frame.is_corrupt:
            video.damage.append("a picture is damaged")
        elif started and time > shown_at:
            shown_at = time
            yield ShownFrame(frame, pts, time)


def _timed(video: OpenVideo, last_byte: int | None) -> Iterator[tuple[VideoFrame, int]]:
    """Each frame with the ticks at which it is shown; counted on from the frame before where the file has none."""
    length = max(1, round(1 / rate_of(video) / video.time_base))
    before: int | None = None
    for frame, stored in _decoded(video, last_byte):
        if not video.has_clock:
            pts = None
        elif video.is_stored_order:
            pts = stored
        elif frame.pts is not None or _leaves_out_times(video):
            pts = frame.pts
        else:
            pts = frame.dts
        before = (0 if before is None else before + length) if pts is None else pts
        yield frame, before


def _decoded(video: OpenVideo, last_byte: int | None) -> Iterator[tuple[VideoFrame, int | None]]:
    """Each frame, with the time at which the packet of the same number is stored."""
    stored: deque[int | None] = deque()
    for packet in video.packets():
        if last_byte is not None and packet.pos is not None and packet.pos >= last_byte:
            break
        stored.append(packet.dts)
        damage = len(video.damage)
        frames = video.decode(packet)
        if len(video.damage) > damage:
            stored.pop()  # it gives no frame
        for frame in frames:
            yield frame, stored.popleft() if stored else None
    for frame in video.decode(None):
        yield frame, stored.popleft() if stored else None


def seek(video: OpenVideo, seconds: float) -> bool:
    """Go to the key picture at or before `seconds`, or near it; False where the container can't."""
    ticks = round((seconds + video.start_offset) / video.time_base)
    try:
        video.container.seek(ticks, stream=video.stream)
    except OSError:
        return False
    return True


def rewind(video: OpenVideo) -> None:
    """Go back to the file's beginning; seeking to 0:00 may land behind the first key picture."""
    by_byte = not video.has_clock
    for unsupported_byte_offset in (by_byte, not by_byte):
        with suppress(OSError):  # where neither way is open, reading goes on from where it stands
            video.container.seek(0, unsupported_byte_offset=unsupported_byte_offset)
            return


class FrameFinder:
    """Finds the frames shown at given times in one video; cheapest for rising times."""

    def __init__(self, video: OpenVideo) -> None:
        self._video = video
        self._frames: Iterator[ShownFrame] = iter(())
        self._current: ShownFrame | None = None
        self._next: ShownFrame | None = None

    def shown_at(self, seconds: float, *, key_time: float | None = None) -> ShownFrame | None:
        """The last frame with a time <= `seconds`; the first one where that is later; None where none decodes.

        `key_time`: the last key picture at or before `seconds`, where the caller knows it. Without it a jump
        ahead is tried, which in a video with few key pictures decodes the same stretch again.
        """
        if self._must_seek(seconds, key_time):
            self._frames = frames_from(self._video, seconds if key_time is None else key_time)
            self._current = next(self._frames, None)
            self._next = next(self._frames, None)
        while self._next and self._next.time <= seconds:
            self._current, self._next = self._next, next(self._frames, None)
        return self._current

    def following(self) -> ShownFrame | None:
        """The frame after the one that was found last."""
        return self._next

    def _must_seek(self, seconds: float, key_time: float | None) -> bool:
        if not self._current or seconds < self._current.time:
            return True
        if not self._next:
            return False
        if key_time is None:
            return seconds > self._next.time + _WORTH_A_SEEK and has_reliable_times(self._video)
        return key_time > self._next.time


class Scaler:
    """Turns frames into small upright RGB pictures; keeps libswscale's tables between frames."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def squash(self, frame: VideoFrame, size: tuple[int, int], orientation: Orientation) -> np.ndarray:
        """The frame set upright and squashed to `size` (width, height).

        Returns (height, width, 3) uint8 RGB of BT.709. Every source pixel counts (area averaging), colours and
        brightness are those that `display` says.
        """
        is_bright = is_hdr(frame.color_trc)
        width, height = size[::-1] if orientation.is_transposed else size
        small = self._reformatter.reformat(
            frame,
            width=width,
            height=height,
            format="rgb48le" if is_bright else "rgb24",
            src_colorspace=matrix_number(frame),
            interpolation=Interpolation.AREA,
        )
        pixels = small.to_ndarray()
        if is_bright:
            pixels = to_screen(pixels, frame.color_trc)
        elif is_pale(frame):
            pixels = widened(pixels)
        return orientation.applied(pixels)


def orientation_of(frame: VideoFrame, video: OpenVideo) -> Orientation:
    """How the stored picture is set upright."""
    return orientation(frame, video.stream.metadata.get("rotate"))


def square_pixel_size(width: int, height: int, aspect: Fraction | None, orientation: Orientation) -> tuple[int, int]:
    """(width, height) of a stored picture once it is upright and its pixels are square; nothing is shrunk."""
    shape = float(aspect) if aspect and 1 / _WIDEST_PIXEL <= aspect <= _WIDEST_PIXEL else 1.0
    size = (round(width * max(shape, 1.0)), round(height * max(1 / shape, 1.0)))
    return size[::-1] if orientation.is_transposed else size


def picture_at(
    path: str | Path, seconds: float, *, size: tuple[int, int] | None = None, max_pixels: int = MAX_PIXELS
) -> Image.Image:
    """The upright picture with square pixels that is shown at `seconds`; the first one before that.

    Raises:
        MediaError: the video can't be opened, or no picture of it decodes.
    """
    return next(pictures_at(path, [seconds], size=size, max_pixels=max_pixels))


def pictures_at(
    path: str | Path,
    times: Iterable[float],
    *,
    size: tuple[int, int] | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Iterator[Image.Image]:
    """The pictures shown at `times` (seconds; cheapest in rising order), in the order asked for.

    `size` is a box (width, height) into which they are fitted, keeping their shape; they are never enlarged.

    Raises:
        MediaError: the video can't be opened, or no picture of it decodes.
    """
    with open_video(path, max_pixels=max_pixels) as video:
        finder, scaler = FrameFinder(video), Scaler()
        for seconds in times:
            shown = finder.shown_at(seconds)
            if not shown:
                raise MediaError(Reason.UNDECODABLE, "; ".join(video.damage[:1]))
            yield upright(shown.frame, video, size, scaler)


def upright(
    frame: VideoFrame, video: OpenVideo, size: tuple[int, int] | None = None, scaler: Scaler | None = None
) -> Image.Image:
    """A frame as it is to be seen, with square pixels, fitted into `size` (width, height); never enlarged."""
    how = orientation_of(frame, video)
    full = square_pixel_size(frame.width, frame.height, video.stream.sample_aspect_ratio, how)
    return Image.fromarray((scaler or Scaler()).squash(frame, _fit(full, size), how))


def _fit(full: tuple[int, int], box: tuple[int, int] | None) -> tuple[int, int]:
    if not box:
        return full
    scale = min(1.0, box[0] / full[0], box[1] / full[1])
    return max(1, round(full[0] * scale)), max(1, round(full[1] * scale))
