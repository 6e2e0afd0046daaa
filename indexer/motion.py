"""Reads the motion of a video off the sizes of its packets, which pass by anyway, and off the keyframes' pictures.

A picture that is shown later than all before it in the file codes the change since the latest of those, so it counts
for that whole time, spread evenly. The pictures between (B-pictures) count where they are shown. So neither B-pictures
nor a low or varying frame rate make the curve swing. Key pictures code no change and count for nothing.

Sizes tell nothing where every picture is a key picture, where the encoder holds the rate, and where blocks are
refreshed in turn. There the keyframes' pictures are compared where they lie close enough; nothing is known elsewhere.
Where the light changes between two keyframes that show the same things, sizes can't tell light from motion.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream
from msgspec.structs import replace
from PIL import Image

from framescout.media.container import MAX_PIXELS, OpenVideo, open_video
from framescout.media.frames import has_reliable_times
from framescout.media.packets import coded_bytes, is_refreshing, length_size
from framescout.motion import MOST_LEVELS, STEP, UNKNOWN, Motion, Source, to_amounts, to_levels

CLOCK_SLACK = 1.0
"""Seconds by which a packet may be older than one before it in the file; behind one that is older nothing is read."""
KEYS_APART = 1.0
"""Seconds between two key pictures whose times are kept, at least."""
UNSEEN_LIGHT = "changes of light were not looked for"
SIDE = 48
"""Pixels of each side of the grey pictures that are compared."""

_AT_ONCE = 4096  # packets
_LONGEST_SPREAD = 5.0  # seconds; a longer gap between two pictures is a loss
_LEAST_COUNT = 1e-3  # pictures of a half second, below which it has none
_LONGEST_BETWEEN = 2.0  # seconds between two pictures that tell what happened between them
_ROWS, _COLUMNS = 8, 12  # of the grid on which pictures are compared
_BLOCK = 8  # pixels of a block in which a change of light is even

_FEWEST_GROUPS, _MOST_GROUPS = 4, 10_000
_FLAT = 1.25  # p90 / p10 of the bytes of whole groups, up to which the rate is held ...
_LOW_CONTRAST = 25.0  # ... where a key picture has fewer bytes than so many others
_TOO_NOISY = 0.05  # amount of the quiet level from which a person is not seen
_LONG_ENOUGH = 60.0  # seconds of which the quiet level is the noise, not a lasting motion
_LIGHT = 3.0  # levels of 255 by which the picture's blocks change in a change of light
_ALIKE = 0.9  # least correlation of two blocks that show the same thing
_MOST_UNLIKE = 0.1  # share of the blocks with structure that may be unlike
_STRUCTURE = 2.0  # standard deviation of a block that has structure


class MotionMeter:
    """Takes in one video's packets and pictures while they are read; `motion` is what they told."""

    def __init__(self) -> None:
        self._packets = _Packets()
        self._pictures = _Pictures()
        self._shown, self._sizes, self._keys = array("d"), array("d"), array("b")
        self.key_times = array("d")
        """Seconds of the key pictures, rising; of those closer than KEYS_APART the first."""

    def packet(self, shown: float, size: int, is_key: bool, *, is_refresh: bool = False) -> None:
        """The next packet in the file's order: seconds at which its picture is shown, its bytes without filler.

        `is_refresh`: it is no key picture, but begins a refresh of the blocks in turn.
        """
        self._packets.refreshes += is_refresh
        self._shown.append(shown)
        self._sizes.append(size)
        self._keys.append(is_key)
        earliest = self.key_times[-1] + KEYS_APART if self.key_times else 0.0
        if is_key and earliest <= shown < MOST_LEVELS * STEP:
            self.key_times.append(shown)
        if len(self._shown) >= _AT_ONCE:
            self._hand_over()

    def picture(self, time: float, pixels: np.ndarray) -> None:
        """The next picture that was decoded, in order of time: (H, W, 3) uint8."""
        self._pictures.add(time, pixels)

    def motion(self) -> Motion:
        """The curve of what was taken in."""
        self._hand_over()
        by_size, by_picture = self._packets.levels(), self._pictures.levels()
        trouble = self._packets.trouble() or _noise(by_size, by_picture)
        if not trouble:
            is_light = self._pictures.light(len(by_size))
            by_size[is_light] = UNKNOWN
            return Motion(by_size, Source.SIZES, "the light changes" if is_light.any() else "")
        if by_picture.any():
            return Motion(by_picture, Source.PICTURES, trouble)
        return Motion(np.empty(0, np.uint8), Source.UNKNOWN, trouble)

    def _hand_over(self) -> None:
        if self._shown:
            self._packets.add(np.array(self._shown), np.array(self._sizes), np.array(self._keys, dtype=bool))
            del self._shown[:], self._sizes[:], self._keys[:]


def packet_taker(meter: MotionMeter, video: OpenVideo) -> Callable[[Packet[VideoStream], float], bool]:
    """Takes in the video's packets, each with the second at which its picture is shown; says whether it is sound."""
    context = video.stream.codec_context
    prefix, codec = length_size(context), context.name

    def take_in(packet: Packet[VideoStream], shown: float) -> bool:
        size = coded_bytes(packet, prefix, codec)
        is_refresh = packet.is_keyframe and is_refreshing(packet, prefix, codec)
        is_key = packet.is_keyframe and not is_refresh
        meter.packet(shown, packet.size if size is None else size, is_key, is_refresh=is_refresh)
        return size is not None

    return take_in


def packets_alone(path: str, meter: MotionMeter, *, max_pixels: int = MAX_PIXELS) -> Iterator[float]:
    """Take in the packets of a video, of which nothing is decoded; yields the second reached after each.

    Raises:
        MediaError: the video can't be opened.
    """
    with open_video(path, max_pixels=max_pixels) as video:
        take_in, latest = packet_taker(meter, video), -math.inf
        for packet in video.packets() if has_reliable_times(video) else ():
            ticks = packet.pts if packet.pts is not None else packet.dts
            stored = packet.dts if packet.dts is not None else ticks
            if ticks is None or stored is None:
                continue
            if video.seconds(stored) < latest - CLOCK_SLACK:
                break
            latest = max(latest, video.seconds(stored))
            take_in(packet, video.seconds(ticks))
            yield max(0.0, latest)


def told_by_packets(meter: MotionMeter) -> Motion:
    """The curve of a meter that took in packets alone: changes of light are not noticed."""
    motion = meter.motion()
    return replace(motion, detail=motion.detail or UNSEEN_LIGHT)


def read_motion(path: str) -> Motion:
    """The curve of a video from its packets alone.

    Raises:
        MediaError: the video can't be opened.
    """
    meter = MotionMeter()
    for _ in packets_alone(path, meter):
        pass
    return told_by_packets(meter)


def _noise(by_size: np.ndarray, by_picture: np.ndarray) -> str:
    """Words where sizes are full of noise and there are pictures that tell more."""
    known = by_size[by_size != UNKNOWN]
    if len(known) * STEP < _LONG_ENOUGH or 2 * np.count_nonzero(by_picture) < len(known):
        return ""
    quiet = to_amounts(np.quantile(known, 0.2, method="lower", keepdims=True))[0]
    return "the pictures are too noisy" if quiet >= _TOO_NOISY else ""


class _Packets:
    """Sums over the packets of a video, by half second and by group of pictures."""

    def __init__(self) -> None:
        self._shares, self._counts = np.zeros(0), np.zeros(0)  # by half second, of pictures that are no key pictures
        self._latest: float | None = None  # seconds at which the latest picture so far is shown
        self._key_size = 0.0  # bytes of the last key picture
        self._key_sizes, self._group_sizes = array("d"), array("d")
        self.refreshes = 0
        self._keys = self._others = 0
        self._other_bytes = 0.0

    def add(self, shown: np.ndarray, sizes: np.ndarray, is_key: np.ndarray) -> None:
        """More packets, in the file's order: seconds, bytes, and whether it is a key picture; (N,) each."""
        self._add_groups(sizes, is_key)
        last_key = np.maximum.accumulate(np.where(is_key, np.arange(len(sizes)), -1))
        key_sizes = np.where(last_key >= 0, sizes[last_key], self._key_size)
        self._key_size = float(key_sizes[-1])
        counts = (~is_key & (key_sizes > 0)).astype(np.float64)
        shares = counts * sizes / np.maximum(key_sizes, 1.0)
        latest = np.concatenate([[shown[0] if self._latest is None else self._latest], shown])
        latest = np.maximum.accumulate(latest)
        self._latest = float(latest[-1])
        advances = shown > latest[:-1]
        self._add_between(latest[:-1][advances], shown[advances], shares[advances], counts[advances])
        self._add_at(shown[~advances], shares[~advances], counts[~advances])

    def _add_groups(self, sizes: np.ndarray, is_key: np.ndarray) -> None:
        begins = np.flatnonzero(is_key)
        self._keys += len(begins)
        self._others += len(sizes) - len(begins)
        self._other_bytes += float(sizes[~is_key].sum())
        if len(self._group_sizes) < _MOST_GROUPS:
            starts = np.union1d([0], begins)
            wholes = np.add.reduceat(sizes, starts)
            if not is_key[0] and self._group_sizes:
                self._group_sizes[-1] += wholes[0]
            self._group_sizes.extend(wholes if is_key[0] else wholes[1:])
            self._key_sizes.extend(sizes[begins])

    def _add_between(self, starts: np.ndarray, ends: np.ndarray, shares: np.ndarray, counts: np.ndarray) -> None:
        """Spread each share and count evenly from its start to its end; each starts where the one before ends."""
        if not len(starts):
            return
        is_whole = ends - starts <= _LONGEST_SPREAD
        first = min(max(0, int(starts[0] // STEP)), MOST_LEVELS)
        end = min(max(first, int(ends[-1] // STEP) + 1), MOST_LEVELS)
        self._reach(end)
        borders, knots = np.arange(first, end + 1) * STEP, np.concatenate([starts[:1], ends])
        for sums, values in ((self._shares, shares), (self._counts, counts)):
            up_to = np.concatenate([[0.0], np.cumsum(values * is_whole)])
            sums[first:end] += np.diff(np.interp(borders, knots, up_to))

    def _add_at(self, shown: np.ndarray, shares: np.ndarray, counts: np.ndarray) -> None:
        is_within = (shown >= 0) & (shown < MOST_LEVELS * STEP)
        places = (shown[is_within] // STEP).astype(np.int64)
        self._reach(int(places.max(initial=-1)) + 1)
        np.add.at(self._shares, places, shares[is_within])
        np.add.at(self._counts, places, counts[is_within])

    def _reach(self, length: int) -> None:
        if length > len(self._counts):
            more = np.zeros(length - len(self._counts))
            self._shares, self._counts = np.concatenate([self._shares, more]), np.concatenate([self._counts, more])

    def levels(self) -> np.ndarray:
        """(N,) uint8: of the mean share of a key picture's bytes that another picture has."""
        is_known = self._counts >= _LEAST_COUNT
        means = np.maximum(self._shares, 0.0) / np.where(is_known, self._counts, 1.0)
        levels = to_levels(np.where(is_known, means, np.nan))
        return levels[: int(np.flatnonzero(levels).max(initial=-1)) + 1]

    def trouble(self) -> str:
        """Why the sizes tell nothing, in words; empty where they do."""
        if not self._keys:
            return "it has no key picture" if self._others else "its packets have no times"
        if self._others <= self._keys:
            return "its pictures are all coded alone" if self._keys > 1 else "it has one picture"
        mean_other = self._other_bytes / self._others
        if self.refreshes > self._keys / 2:  # not one damaged packet
            return "its blocks are refreshed in turn"
        groups = np.array(self._group_sizes[:-1])  # the last may be cut short
        if len(groups) >= _FEWEST_GROUPS and float(np.median(self._key_sizes)) < _LOW_CONTRAST * mean_other:
            low, high = np.quantile(groups, (0.1, 0.9))
            if high <= _FLAT * low:
                return "its rate is held"
        return ""


class _Pictures:
    """Compares each picture of a video with the one before."""

    def __init__(self) -> None:
        self._last: tuple[float, np.ndarray] | None = None
        self._times = array("d")
        self._changes = array("d")  # the first is of the second picture
        self._light = array("b")

    def add(self, time: float, pixels: np.ndarray) -> None:
        """The next picture in order of time: (H, W, 3) uint8."""
        grey = small(pixels)
        if self._last is None or time > self._last[0]:
            if self._last:
                self._changes.append(change(self._last[1], grey))
                self._light.append(is_light(self._last[1], grey))
            self._times.append(time)
            self._last = time, grey

    def levels(self) -> np.ndarray:
        """(N,) uint8: of the change between two pictures close to each other, of the half seconds between them."""
        levels = np.zeros(self._length(), np.uint8)
        values = to_levels(np.array(self._changes))
        for (start, end), value, light in zip(pairwise(self._times), values.tolist(), self._light, strict=True):
            if end - start <= _LONGEST_BETWEEN and not light:
                first = round(start / STEP)
                between = levels[first : max(first + 1, round(end / STEP))]
                np.maximum(between, value, out=between)
        return levels

    def light(self, length: int) -> np.ndarray:
        """(length,) bool: the half seconds between two pictures that differ in light and else are alike."""
        mask = np.zeros(length, bool)
        for (start, end), light in zip(pairwise(self._times), self._light, strict=True):
            if light:
                mask[int(start // STEP) : int(end // STEP) + 1] = True
        return mask

    def _length(self) -> int:
        return min(MOST_LEVELS, int(self._times[-1] // STEP) + 1) if self._times else 0


def small(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> (SIDE, SIDE) float32: its green, each pixel the mean of some that it covers."""
    step = max(1, min(pixels.shape[:2]) // (2 * SIDE))
    green = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step, 1]))
    return np.asarray(green.resize((SIDE, SIDE), Image.Resampling.BOX), np.float32)


def change(before: np.ndarray, after: np.ndarray) -> float:
    """How far two small pictures differ on a grid of 12 x 8: the mean, as a share of the way from black to white."""
    difference = (after - before).reshape(_ROWS, SIDE // _ROWS, _COLUMNS, SIDE // _COLUMNS)
    return float(np.abs(difference.mean(axis=(1, 3))).mean()) / 255


def is_light(before: np.ndarray, after: np.ndarray) -> bool:
    """Whether two small pictures show the same things in another light: other levels, each block the same structure."""
    if np.abs(after.mean() - before.mean()) < _LIGHT / 2:
        return False
    one, other = _blocks(before), _blocks(after)
    if np.median(np.abs(other.mean(axis=1) - one.mean(axis=1))) < _LIGHT:
        return False
    one, other = one - one.mean(axis=1, keepdims=True), other - other.mean(axis=1, keepdims=True)
    one_size, other_size = np.sqrt((one * one).mean(axis=1)), np.sqrt((other * other).mean(axis=1))
    has_structure = np.maximum(one_size, other_size) >= _STRUCTURE
    if not has_structure.any():
        return True
    likeness = (one * other).mean(axis=1) / np.maximum(one_size * other_size, 1e-6)
    return float((likeness[has_structure] < _ALIKE).mean()) <= _MOST_UNLIKE


def _blocks(picture: np.ndarray) -> np.ndarray:
    """(SIDE, SIDE) -> (blocks, pixels of a block)."""
    count = SIDE // _BLOCK
    return picture.reshape(count, _BLOCK, count, _BLOCK).swapaxes(1, 2).reshape(count * count, -1)
