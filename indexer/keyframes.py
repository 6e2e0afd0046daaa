"""Reads a video and chooses the keyframes that stand for it: in order of time, with small upright pictures.

It decodes the codec's own key pictures (I-frames) alone, which costs a twentieth of decoding everything. Where two of
them lie further apart than the density allows, it decodes that gap and fills it with frames at even steps.

In a read that ends as complete, no stretch longer than the density allows is without a keyframe, unless the video
itself shows one frame for longer. The ReadEnd says what could not be read or decoded. Memory stays bounded whatever the
length, and time grows with the length only.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property
from itertools import islice, pairwise
from pathlib import Path

import msgspec
from av.packet import Packet
from av.video.stream import VideoStream

from framescout.catalog.records import Probe, ReadEnd
from framescout.errors import MediaError, Reason
from framescout.media.container import MAX_PIXELS, PROCESSOR, OpenVideo, open_video
from framescout.media.frame_rates import UNEVEN
from framescout.media.frames import NEVER_SHOWN, FrameFinder, ShownFrame, frames_from, has_reliable_times
from framescout.media.packets import changes_setup
from framescout.media.transport import HEAD_BYTES, packet_lengths
from framescout.motion import STEP
from framescout.timeline import Span, format_clock
from indexer.key_pictures import KeyDecoders, PicturedKeyframe, Picturer, TimedPacket
from indexer.motion import CLOCK_SLACK, MotionMeter, packet_taker

MINIMUM_KEYFRAMES = 3
"""A short clip must not hang on its first frame alone."""


class Density(msgspec.Struct, frozen=True):
    """How closely keyframes lie."""

    max_gap: float
    """Seconds that no stretch without a keyframe exceeds."""
    min_gap: float
    """Seconds between key pictures where they come closer for long; short bursts of cuts are all kept."""
    small_max_gap: float
    """`max_gap` of a small video, where filling a gap costs little."""

    def max_gap_of(self, probe: Probe) -> float:
        """Seconds that no stretch of this video without a keyframe exceeds."""
        return self.small_max_gap if probe.width_px * probe.height_px <= SMALL_PIXELS else self.max_gap


DENSITIES = {
    "fast": Density(max_gap=30.0, min_gap=2.0, small_max_gap=30.0),
    # x264's default group of 250 frames lasts 10.43 s at 23.976 fps: usual files need no filling
    "balanced": Density(max_gap=12.0, min_gap=1.0, small_max_gap=5.0),
    "thorough": Density(max_gap=2.0, min_gap=0.5, small_max_gap=2.0),
}

SMALL_PIXELS = 480 * 360
"""Gaps of 5 s are filled in no more time than I-frames every 2 s take in 1080p, embedding counted."""

_BURST = 4  # key pictures closer than min_gap that pass at once: quick cuts
_PATIENCE = 8  # max_gaps without a key picture after which filling begins before the next one is found
_LOSS = 0.3  # seconds without a packet, in a video of constant rate
_HEADER_SLACK = 0.5  # seconds by which headers round the end of the pictures


def read_keyframes(
    path: str,
    probe: Probe,
    density: str,
    size: tuple[int, int],
    *,
    decode_on: str = PROCESSOR,
    threads: int = 1,
    meter: MotionMeter | None = None,
) -> Iterator[PicturedKeyframe | ReadEnd]:
    """The keyframes of the video in time order, pictures squashed to `size` (width, height); a ReadEnd last.

    `density` is a name in DENSITIES, `decode_on` as in `open_video`; `threads` decode key pictures side by side, and
    change nothing in what comes out. `meter` has taken in the whole video when the ReadEnd comes.

    Raises:
        MediaError: the video can't be opened, or not one picture of it decodes.
    """
    meter = meter or MotionMeter()
    with _Reader(path, probe, DENSITIES[density], size, decode_on, threads, meter) as reader:
        keyframes = reader.keyframes()
        first = list(islice(keyframes, MINIMUM_KEYFRAMES))
        yield from first if len(first) == MINIMUM_KEYFRAMES else reader.spread(first)
        yield from keyframes
        yield reader.end()


def spans(times: Sequence[float], end: float) -> tuple[Span, ...]:
    """The stretches that keyframes at rising `times` stand for, without a hole from 0.0 to `end`.

    A key picture sits on a cut more often than not: what follows belongs to it, until the next one.
    """
    edges = [0.0, *times[1:], max(end, times[-1])] if times else []
    return tuple(Span(start, stop) for start, stop in pairwise(edges))


class _Reader(AbstractContextManager["_Reader"]):
    """One read of one video: the file is open once to walk its packets, once to fill gaps, once for each thread."""

    def __init__(
        self,
        path: str,
        probe: Probe,
        density: Density,
        size: tuple[int, int],
        decode_on: str,
        threads: int,
        meter: MotionMeter,
    ) -> None:
        self._path, self._probe, self._size, self._meter = path, probe, size, meter
        self._max_gap, self._min_gap = density.max_gap_of(probe), density.min_gap
        self._decode_on, self._threads = decode_on, threads
        self._open_files = ExitStack()
        self._frame_length = 1 / probe.frame_rate if probe.frame_rate else 0.0
        self._last: float | None = None  # time of the keyframe that was handed out last
        self._key_time = 0.0  # of the last key picture that decoded
        self._end = 0.0  # of the pictures, by their packets
        self._troubles: list[str] = []

    def __enter__(self) -> _Reader:
        self._video = self._opened_for_key_pictures()
        self._picturer = Picturer(self._video, self._size)
        return self

    def __exit__(self, *exc: object) -> None:
        self._open_files.close()

    @cached_property
    def _gap_video(self) -> OpenVideo:
        video = self._opened()
        # a frame that no other needs is no better than its neighbour: left out, a gap costs a quarter less
        video.stream.codec_context.options |= {"skip_frame": "noref"}
        return video

    def _opened_for_key_pictures(self) -> OpenVideo:
        video = self._opened()
        # the deblocking filter costs a sixth of decoding an I-frame and is not seen in a small picture
        video.stream.codec_context.options |= {"skip_loop_filter": "all"}
        return video

    def _opened(self) -> OpenVideo:
        limit = max(MAX_PIXELS, self._probe.width_px * self._probe.height_px)
        return self._open_files.enter_context(open_video(self._path, max_pixels=limit, decode_on=self._decode_on))

    @cached_property
    def _finder(self) -> FrameFinder:
        return FrameFinder(self._gap_video)

    def keyframes(self) -> Iterator[PicturedKeyframe]:
        """All of them, gaps filled."""
        if not has_reliable_times(self._video):
            yield from self._decoding_everything()
            return
        for time, picture in self._key_pictures():
            yield from self._fill(time)
            if picture and (self._last is None or picture.time > self._last):
                self._key_time = picture.time
                yield self._handed_out(picture)
        if self._last is None:  # key pictures are missing, damaged or hidden by an edit list
            yield from self._first_frame(math.inf)
        yield from self._fill(self._end)

    def spread(self, keyframes: Sequence[PicturedKeyframe]) -> list[PicturedKeyframe]:
        """With frames added at even steps in the longest stretch, until there are enough or no more frames."""
        times = [keyframe.time for keyframe in keyframes]
        if not times:
            return []
        missing = MINIMUM_KEYFRAMES - len(times)
        longest = max((stop - start, start) for start, stop in pairwise([*times, self._end]))
        added = []
        for step in range(1, missing + 1):
            target = longest[1] + longest[0] * step / (missing + 1)
            shown = self._finder.shown_at(target, key_time=longest[1])
            if shown and shown.time in times:
                shown = self._finder.following()
            if shown and shown.time not in times:
                times.append(shown.time)
                added.append(self._picture(shown))
        return sorted([*keyframes, *added], key=lambda keyframe: keyframe.time)

    def end(self) -> ReadEnd:
        """How the read ended; to be asked when all keyframes were handed out.

        Raises:
            MediaError: not one picture was decoded.
        """
        damage = self._video.damage or ("_gap_video" in self.__dict__ and self._gap_video.damage) or []
        if self._last is None:
            raise MediaError(Reason.UNDECODABLE, (damage or self._troubles or [""])[0])
        read_to = min(self._end, self._last + self._max_gap)
        promised = self._probe.duration
        if self._end < promised - _HEADER_SLACK - 2 * self._frame_length:
            what = f"it should last {format_clock(promised)}"
            self._troubles.append(f"{what}, its pictures end at {format_clock(self._end, decimals=1)}")
        elif _is_cut_short(self._video):
            self._troubles.append("the end of the file is missing")
        if self._video.other_films:
            self._troubles.append(f"it has {1 + self._video.other_films} tracks of pictures, one of which was read")
        if damage:
            self._troubles.append(f"damaged packets: {len(damage)} ({damage[0]})")
        return ReadEnd(max(read_to, self._last), not self._troubles, "; ".join(self._troubles))

    def _key_pictures(self) -> Iterator[tuple[float, PicturedKeyframe | None]]:
        """Each key picture with its time; a time alone where a long stretch has had none up to there."""
        patience, waited_since = _PATIENCE * self._max_gap, 0.0
        for packet, picture in self._key_decoders().in_order(self._packets()):
            if picture:
                waited_since = packet.shown
                yield packet.shown, picture
            elif packet.stored - waited_since > patience:
                waited_since = packet.stored
                yield packet.stored, None

    def _key_decoders(self) -> KeyDecoders:
        alone = self._threads == 1
        decoders = KeyDecoders([self._picturer] if alone else [self._another() for _ in range(self._threads)])
        self._open_files.callback(decoders.close)
        return decoders

    def _another(self) -> Picturer:
        """For a thread: with a decoder and a scaler of its own."""
        video = self._opened_for_key_pictures()
        video.damage = self._video.damage
        return Picturer(video, self._size)

    def _packets(self) -> Iterator[TimedPacket]:
        """The packets whose frames are shown, in the file's order, as far as its clock runs on."""
        thinner = _Thinner(self._min_gap)
        take_in = packet_taker(self._meter, self._video)
        # a Matroska reader passes over noise without a word; a constant rate shows what is missing
        is_matroska = self._video.container.format.name.startswith("matroska")
        longest = max(_LOSS, 4 * self._frame_length)
        loses_silently = is_matroska and not self._probe.is_variable_rate
        latest, tick = -math.inf, float(self._video.time_base)
        for packet in self._video.packets():
            shown, stored = self._clock(packet)
            if stored < latest - CLOCK_SLACK:
                jump = f"from {format_clock(latest)} back to {format_clock(stored)}"
                self._troubles.append(f"its clock jumps {jump}, and what follows was not read")
                return
            if loses_silently and UNEVEN * self._frame_length < stored - latest < math.inf:
                loses_silently = stored - latest > longest  # less was left out by the recorder
                if loses_silently:
                    self._video.damage.append(f"none from {format_clock(latest)} to {format_clock(stored)}")
            latest = max(latest, stored)
            is_sound = take_in(packet, shown)
            if packet.is_corrupt or not is_sound:
                self._video.damage.append(f"the first at {format_clock(shown)}")
            if packet.is_discard or shown < -NEVER_SHOWN:
                continue
            self._end = max(self._end, shown + (packet.duration or 0) * tick)
            is_wanted = packet.is_keyframe and (thinner.takes(shown) or changes_setup(packet))
            yield TimedPacket(shown, stored, packet if is_wanted else None)

    def _clock(self, packet: Packet[VideoStream]) -> tuple[float, float]:
        """When the packet's frame is shown, and a time before which no later packet's frame is."""
        pts = packet.pts if packet.pts is not None else packet.dts
        if pts is None:
            return self._end, self._end
        dts = packet.dts if packet.dts is not None else pts
        return self._video.seconds(pts), self._video.seconds(min(dts, pts))

    def _fill(self, until: float) -> Iterator[PicturedKeyframe]:
        """Frames at even steps from the last keyframe (or the start) to `until`, where that is too long."""
        if self._last is None and until > self._max_gap:
            yield from self._first_frame(until)
        while self._last is not None and until - self._last > self._max_gap:
            # one frame less than allowed: the frame shown at a time began up to a frame before it
            reach = max(self._max_gap - self._frame_length, self._max_gap * 0.75)
            target = self._last + (until - self._last) / math.ceil((until - self._last) / reach)
            shown = self._finder.shown_at(target, key_time=self._key_time)
            if shown and shown.time <= self._last:
                shown = self._finder.following()
            if not shown or not self._last < shown.time < until:
                return
            yield self._picture(shown)

    def _first_frame(self, until: float) -> Iterator[PicturedKeyframe]:
        first = self._finder.shown_at(0.0, key_time=0.0)
        if first and first.time < until:
            yield self._picture(first)

    def _decoding_everything(self) -> Iterator[PicturedKeyframe]:
        """For streams in which only decoding all frames tells when one is shown."""
        thinner = _Thinner(self._min_gap)
        before: ShownFrame | None = None
        looked_at = -math.inf
        for shown in frames_from(self._video, 0.0):
            self._end = shown.time + (self._frame_length or float(self._video.time_base))
            if shown.time >= looked_at + STEP:
                looked_at = shown.time
                self._meter.picture(shown.time, self._picturer.small(shown))
            if self._last is None or (shown.frame.key_frame and thinner.takes(shown.time)):
                yield self._picture(shown)
            elif shown.time - self._last > self._max_gap:
                yield self._picture(before if before and before.time > self._last else shown)
            before = shown

    def _picture(self, shown: ShownFrame) -> PicturedKeyframe:
        return self._handed_out(self._picturer.picture(shown))

    def _handed_out(self, keyframe: PicturedKeyframe) -> PicturedKeyframe:
        self._meter.picture(keyframe.time, keyframe.picture)
        self._last = keyframe.time if self._last is None else max(self._last, keyframe.time)
        return keyframe


class _Thinner:
    """Lets one key picture pass in each `min_gap` seconds, and short bursts after a quiet stretch."""

    def __init__(self, min_gap: float) -> None:
        self._min_gap = min_gap
        self._credit = 1.0
        self._seen = 0.0

    def takes(self, time: float) -> bool:
        earned = max(0.0, time - self._seen) / self._min_gap
        self._credit = min(_BURST, self._credit + earned)
        self._seen = time
        if self._credit < 1.0 - 1e-6:
            return False
        self._credit -= 1.0
        return True


def _is_cut_short(video: OpenVideo) -> bool:
    """Whether the file ends before its own index or in the middle of a transport packet."""
    size, name = Path(video.path).stat().st_size, video.container.format.name
    if name.startswith("mov"):
        index = video.stream.index_entries
        return bool(len(index)) and index[-1].pos + index[-1].size > size
    if name != "mpegts":
        return False
    with Path(video.path).open("rb") as file:
        head = file.read(HEAD_BYTES)
    return any(size % length for length in packet_lengths(head))
