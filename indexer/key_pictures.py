"""Decodes key packets into small upright pictures, each alone and several side by side, and returns them in order.

An I-frame needs no other frame. So threads decode several of one video at once, each with a decoder of its own: libav
releases Python's lock while it decodes and scales.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from functools import partial
from queue import SimpleQueue

import msgspec
import numpy as np
from av.packet import Packet
from av.video.frame import PictureType
from av.video.stream import VideoStream

from framescout.media.container import OpenVideo
from framescout.media.frames import Scaler, ShownFrame, orientation_of
from framescout.media.packets import changes_setup
from indexer.motion import SIDE

_INTRA = frozenset({PictureType.NONE, PictureType.I, PictureType.SI})  # some intra-only codecs say NONE


class PicturedKeyframe(msgspec.Struct, frozen=True, eq=False):
    """A frame chosen to stand for a stretch, and its picture."""

    pts: int
    time_base: Fraction
    time: float
    """Seconds from the start of the video as a player counts them."""
    picture: np.ndarray
    """(H, W, 3) uint8 RGB, upright, squashed."""


class Picturer:
    """Makes frames of one video into pictures of `size` (width, height); for one thread."""

    def __init__(self, video: OpenVideo, size: tuple[int, int]) -> None:
        self._video, self._size = video, size
        self._scaler = Scaler()

    def picture(self, shown: ShownFrame) -> PicturedKeyframe:
        """Of a frame of this video."""
        pixels = self._scaler.squash(shown.frame, self._size, orientation_of(shown.frame, self._video))
        return PicturedKeyframe(shown.pts, self._video.time_base, max(0.0, shown.time), pixels)

    def small(self, shown: ShownFrame) -> np.ndarray:
        """A frame of this video as (SIDE, SIDE, 3) uint8, for `MotionMeter.picture`."""
        return self._scaler.squash(shown.frame, (SIDE, SIDE), orientation_of(shown.frame, self._video))

    def decode_alone(self, packet: Packet[VideoStream]) -> PicturedKeyframe | None:
        """The intra picture in the packet; None where it turns out to need others, or to be damaged."""
        decoder = self._video.stream.codec_context
        frames = self._video.decode(packet) + self._video.decode(None)
        decoder.flush_buffers()
        for frame in frames:
            pts = frame.pts if frame.pts is not None else packet.dts
            if pts is not None and frame.pict_type in _INTRA and not frame.is_corrupt:
                return self.picture(ShownFrame(frame, pts, self._video.seconds(pts)))
        if any(frame.is_corrupt for frame in frames):
            self._video.damage.append("a key picture is damaged")
        return None


class TimedPacket(msgspec.Struct, frozen=True):
    """A packet of a video, and when its frame is shown."""

    shown: float
    """Seconds: when its frame is shown."""
    stored: float
    """Seconds: a time before which no later packet's frame is shown."""
    key: Packet[VideoStream] | None
    """The packet, where its picture is wanted."""


class KeyDecoders:
    """Decodes the key packets of one video, as many side by side as it has picturers."""

    def __init__(self, picturers: Sequence[Picturer]) -> None:
        self._only = picturers[0] if len(picturers) == 1 else None
        self._most_ahead = 0 if self._only else 2 * len(picturers)
        self._idle: SimpleQueue[Picturer] = SimpleQueue()
        for picturer in picturers:
            self._idle.put(picturer)
        self._threads = ThreadPoolExecutor(len(picturers))  # starts none before it has work

    def close(self) -> None:
        """Begin nothing more; wait for what is being decoded."""
        self._threads.shutdown(cancel_futures=True)

    def in_order(self, packets: Iterable[TimedPacket]) -> Iterator[tuple[TimedPacket, PicturedKeyframe | None]]:
        """Each packet with its picture, where that is wanted and decodes alone; `packets` are read some way ahead."""
        waiting: deque[tuple[TimedPacket, Callable[[], PicturedKeyframe | None] | None]] = deque()
        ahead = 0
        for packet in packets:
            waiting.append((packet, self._begin(packet.key) if packet.key else None))
            ahead += packet.key is not None
            while waiting and (waiting[0][1] is None or ahead > self._most_ahead):
                first, result = waiting.popleft()
                ahead -= result is not None
                yield first, result() if result else None
        for first, result in waiting:
            yield first, result() if result else None

    def _begin(self, packet: Packet[VideoStream]) -> Callable[[], PicturedKeyframe | None]:
        if self._only is None and changes_setup(packet):
            self._only = self._idle.get()  # the other decoders would not learn of the new setup
        if self._only:
            return partial(self._only.decode_alone, packet)
        return self._threads.submit(self._decode, packet).result

    def _decode(self, packet: Packet[VideoStream]) -> PicturedKeyframe | None:
        picturer = self._idle.get()
        try:
            return picturer.decode_alone(packet)
        finally:
            self._idle.put(picturer)
