"""Glances at half seconds of a video: how hard the movement changes there.

Reading on from a key picture costs no more than the pictures that are looked at, and those that they refer to: all
others are passed over. A glance reads a bounded number of packets, whatever the file says; what can't be looked at is
not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import islice, takewhile
from queue import SimpleQueue

import numpy as np
from av.error import FFmpegError
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from framescout.errors import MediaError
from framescout.jerks import GLANCE, SIDE, STEP, mean_octaves
from framescout.media.container import MAX_PIXELS, OpenVideo, open_video
from framescout.media.frames import Scaler, has_reliable_times, orientation_of, rewind, seek

_MOST_PACKETS = 120  # of a glance: half a second of 120 pictures a second, and what lies before it
_SLACK = 1e-3  # seconds by which a picture may be early
_STEPS_BACK = (0.0, 1.0, 3.0)  # seconds by which a seek goes further back where it came out behind the key picture


def glances(path: str, times: Sequence[float], *, max_pixels: int = MAX_PIXELS, threads: int = 1) -> Iterator[float]:
    """The jerks of the half second from each of `times` (seconds) on, in octaves; `threads` look side by side.

    NaN where its pictures can't be had, lie too far behind a key picture, or hardly differ.
    """
    told = 0
    try:
        with ExitStack() as stack:
            idle: SimpleQueue[_Looker] = SimpleQueue()
            for _ in range(min(threads, len(times))):
                idle.put(_Looker(stack.enter_context(open_video(path, max_pixels=max_pixels))))
            pool = ThreadPoolExecutor(threads)
            stack.callback(pool.shutdown, cancel_futures=True)
            for octaves in pool.map(partial(_glance, idle), times):
                told += 1
                yield octaves
    except (MediaError, OSError):
        pass
    yield from [np.nan] * (len(times) - told)


def _glance(idle: SimpleQueue[_Looker], start: float) -> float:
    looker = idle.get()
    try:
        return mean_octaves(looker.greys(start))
    except (FFmpegError, OSError, ValueError):  # a picture that libswscale refuses
        return np.nan
    finally:
        idle.put(looker)


class _Looker:
    """Decodes the pictures of glances at one video, and as few others as it can."""

    def __init__(self, video: OpenVideo) -> None:
        self._video, self._scaler = video, Scaler()
        self._can_seek = has_reliable_times(video)
        self._decoder = video.stream.codec_context
        self._decoder.options |= {"skip_loop_filter": "all"}
        self._decoder.open(strict=False)  # some decoders pass over for ever what they pass over when they open

    def greys(self, start: float) -> Iterator[np.ndarray]:
        """(SIDE, SIDE) float32 each: the green of pictures STEP apart, from the one shown at `start` on."""
        packets = self._packets(start) if self._can_seek else []
        chosen = self._chosen(packets, start)
        for frame in self._decoded(packets, chosen):
            if frame.pts in chosen and not frame.is_corrupt:
                pixels = self._scaler.squash(frame, (SIDE, SIDE), orientation_of(frame, self._video))
                yield pixels[..., 1].astype(np.float32)

    def _packets(self, start: float) -> list[Packet[VideoStream]]:
        """Of the half second, in the order in which they are decoded, from the key picture before `start` on.

        At the file's beginning from the first one on, which may come later; all that were read where none is a key
        picture; none where the first one comes too late.
        """
        packets, keys = [], []
        is_stored_by = partial(self._is_stored_by, start + GLANCE)
        for step in _STEPS_BACK:
            is_beginning = 0 < step >= start
            if is_beginning:
                rewind(self._video)
            elif not seek(self._video, start - step):
                break
            packets = [*takewhile(is_stored_by, islice(self._video.packets(), _MOST_PACKETS))]
            keys = [place for place, packet in enumerate(packets) if packet.is_keyframe]
            timely = [place for place in keys if self._shown(packets[place]) <= start + _SLACK]
            if timely or (is_beginning and keys):
                return packets[timely[-1] if timely else keys[0] :]
        return [] if keys else packets

    def _shown(self, packet: Packet[VideoStream]) -> float:
        """Seconds; infinite where nobody knows."""
        return np.inf if packet.pts is None else self._video.seconds(packet.pts)

    def _is_stored_by(self, end: float, packet: Packet[VideoStream]) -> bool:
        """Whether it, or one that is stored behind it, may be shown up to `end` (seconds)."""
        return packet.dts is None or self._video.seconds(packet.dts) <= end + _SLACK

    def _chosen(self, packets: Sequence[Packet[VideoStream]], start: float) -> set[int]:
        """Of the times in ticks at which pictures are shown, those that are STEP apart or a little more.

        Those shown before the first, a key picture, refer to what isn't there.
        """
        chosen, wanted = set(), start
        first = self._shown(packets[0]) if packets and packets[0].is_keyframe else -np.inf
        for packet in sorted(packets, key=self._shown):
            time = self._shown(packet)
            if time >= first and wanted - _SLACK <= time <= start + GLANCE + _SLACK and packet.pts is not None:
                wanted += STEP
                chosen.add(packet.pts)
        return chosen

    def _decoded(self, packets: Sequence[Packet[VideoStream]], chosen: set[int]) -> Iterator[VideoFrame]:
        """The frames of the chosen packets, and of those that they refer to.

        Whatever comes behind a chosen packet is decoded too: it may be the second field of the same picture.
        """
        is_chosen = [packet.pts in chosen for packet in packets]
        is_needed = [own or before for own, before in zip(is_chosen, [False, *is_chosen], strict=False)]
        needed = max((count for count, each in enumerate(is_needed, 1) if each), default=0)
        for packet, is_own in zip(packets[:needed], is_needed, strict=False):
            self._decoder.skip_frame = "DEFAULT" if is_own else "NONREF"
            yield from self._video.decode(packet)
        if needed:
            yield from self._video.decode(None)
