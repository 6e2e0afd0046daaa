"""Finds where the clock of a transport stream begins anew: a camera came back, or a recorder appended.

Each stretch between two such places has a clock of its own. Stretches follow one another on the player's clock, so that
nothing of the file is without a place.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import msgspec
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream
from msgspec.structs import replace

from framescout.media.transport import HEAD_BYTES, packet_lengths

_SAMPLES = 24
_LEAST_BACK = 1.0
"""Seconds by which a clock must go back; less is the order of storage."""
_MOST_AHEAD = 6 * 3600.0
"""Seconds that a clock may leave out. libav adds 26.5 hours to times that lie before the file's first, as if the 33
bits of the clock had been used up."""
WRAP = 2**33 / 90_000
"""Seconds after which the clock of a transport stream begins at 0 again."""
_READ_THROUGH = 4 * 2**20
_AT_THE_END = 2**19


class Stretch(msgspec.Struct, frozen=True):
    """A part of a file with one clock. Times are seconds."""

    first_byte: int
    last_byte: int
    """The first one behind it."""
    begins: float
    """When it begins on the player's clock of the whole file."""
    ends: float
    shift: float
    """What is added to a time on its own clock (as if it were that of the first stretch)."""


class _Seen(msgspec.Struct, frozen=True):
    byte: int
    time: float


def stretches(
    path: str, container: InputContainer, stream: VideoStream, start: float, length: float
) -> tuple[Stretch, ...]:
    """The stretches of a file whose clock begins anew somewhere; none where it doesn't. Moves the reading place.

    Looks at 24 places and its end; a stretch that is shorter, and later on its clock, is not seen.

    Args:
        start: seconds on the container's clock that are 0:00.
        length: seconds of a frame.
    """
    size = container.size
    looker = _Looker(container, stream, start)
    places = [size * number // _SAMPLES for number in range(_SAMPLES)] + [max(0, size - _AT_THE_END)]
    seen = [found for found in (looker.first_at(place) for place in sorted(set(places))) if found]
    jumps = [(one, two) for one, two in pairwise(seen) if _is_jump(one, two)]
    if not jumps:
        return ()
    found = [Stretch(0, size, 0.0, 0.0, 0.0)]
    for one, two in jumps:
        for last, first in looker.jumps_between(one, two):
            before = found[-1]
            begins, edge = last.time + length + before.shift, _tables_before(path, first.byte)
            found[-1] = replace(before, last_byte=edge, ends=begins)
            found.append(Stretch(edge, size, begins, begins, begins - first.time))
    end = looker.latest_from(seen[-1].byte) + length + found[-1].shift
    return (*found[:-1], replace(found[-1], ends=end))


def _is_jump(one: _Seen, two: _Seen) -> bool:
    return not -_LEAST_BACK <= two.time - one.time <= _MOST_AHEAD


def _tables_before(path: str, byte: int) -> int:
    """Where the table of programs stands that belongs to the packet at `byte`: nothing can be read without it."""
    with Path(path).open("rb") as file:
        lengths = packet_lengths(file.read(HEAD_BYTES))
        back = min(byte, 16 * max(lengths, default=0))
        file.seek(byte - back)
        before = file.read(back)
    for at in range(len(before) - min(lengths, default=1), -1, -min(lengths, default=1)):
        packet = before[at : at + 3]
        if packet[:1] == b"G" and packet[1:] and (packet[1] & 0x1F, packet[2:3]) == (0, b"\0"):
            return byte - back + at
    return byte


class _Looker:
    """Reads the times of a file's packets at places given in bytes."""

    def __init__(self, container: InputContainer, stream: VideoStream, start: float) -> None:
        self._container, self._stream, self._start = container, stream, start

    def first_at(self, byte: int) -> _Seen | None:
        """The first packet with a time that begins at or behind `byte`."""
        return next(self._from(byte), None)

    def latest_from(self, byte: int) -> float:
        """The latest time behind `byte`."""
        return max((seen.time for seen in self._from(byte)), default=0.0)

    def jumps_between(self, one: _Seen, two: _Seen) -> Iterator[tuple[_Seen, _Seen]]:
        """The packets on both sides of each jump, of which there is at least one."""
        while two.byte - one.byte > _READ_THROUGH:  # halve it, towards the first jump
            middle = self.first_at((one.byte + two.byte) // 2)
            if middle is None or not one.byte < middle.byte < two.byte:
                break
            if _is_jump(one, middle):
                two = middle
            else:
                one = middle
        latest: _Seen | None = None
        for seen in self._from(max(0, one.byte - _AT_THE_END)):  # pictures before it may be shown later
            if latest and _is_jump(latest, seen):
                if seen.byte > one.byte:
                    yield latest, seen
                latest = seen
            elif not latest or seen.time > latest.time:
                latest = seen
            if seen.byte >= two.byte:
                return

    def _from(self, byte: int) -> Iterator[_Seen]:
        try:
            self._container.seek(byte, unsupported_byte_offset=True)
            for packet in self._container.demux(self._stream):
                ticks = packet.pts if packet.pts is not None else packet.dts
                if ticks is not None and packet.pos is not None and packet.pos >= 0:
                    yield _Seen(packet.pos, float(ticks * packet.time_base) - self._start)
        except (FFmpegError, IndexError):
            return
