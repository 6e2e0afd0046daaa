"""Reads packets undecoded: whether one's structure is sound, its bytes without filler, whether it changes the setup.

H.264 and HEVC in MP4, Matroska and the like are chains of units, each led by its length; where the lengths don't
add up to the packet, its bytes are not what the encoder wrote (ISO/IEC 14496-15, 5.3.3 and 8.3.3).
"""

from __future__ import annotations

from collections.abc import Iterator

from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

_FILLER = {"h264": 12, "hevc": 38 << 1}  # first byte of a unit of filler (7.3.1 of ITU-T H.264 and H.265)
_FILLER_END = b"\xff\x80"
_IDR = 5
_SLICES = frozenset({1, 2, _IDR})  # kinds of units: of another picture, of another in parts, of an IDR picture
_START_CODE = b"\x00\x00\x01"
_LENGTH_SIZE_AT = {"h264": 4, "hevc": 21}  # byte of the decoder configuration whose low two bits hold it, less 1


def length_size(context: VideoCodecContext) -> int:
    """Bytes of the length before each unit; 0 where packets have no such structure."""
    at, setup = _LENGTH_SIZE_AT.get(context.name), context.extradata or b""
    if at is None or len(setup) <= at or setup[0] != 1:  # start codes (Annex B) begin with 0
        return 0
    return (setup[at] & 3) + 1


def coded_bytes(packet: Packet[VideoStream], prefix: int, codec: str) -> int | None:
    """The packet's bytes without the filler that pads a held rate; None where its units don't fill it exactly.

    `prefix`: as `length_size` gives it. Without, filler is looked for at the packet's end alone, where encoders put it.
    """
    size, filler = packet.size, _FILLER.get(codec)
    if filler is None:
        return size
    data = memoryview(packet)
    if not prefix:
        return _without_last_filler(data, filler) if data[-2:] == _FILLER_END else size
    at = left_out = 0
    while at + prefix <= size:
        unit = prefix + int.from_bytes(data[at : at + prefix], "big")
        if at + prefix < size and data[at + prefix] == filler:
            left_out += unit
        at += unit
    return size - left_out if at == size else None


def _without_last_filler(data: memoryview, filler: int) -> int:
    start = data.tobytes().rfind(_START_CODE)
    is_filler = start >= 0 and data[start + len(_START_CODE)] == filler
    return start if is_filler else len(data)


def is_refreshing(packet: Packet[VideoStream], prefix: int, codec: str) -> bool:
    """Whether a packet of H.264 that is marked as a key picture is none: one in which a refresh of the blocks begins.

    Its first slice needs other pictures (slice_type in 7.3.3 of ITU-T H.264).
    """
    if codec != "h264":
        return False
    data = memoryview(packet)
    for at in _unit_starts(data, prefix):
        header = data[at : at + 2].tobytes()
        if len(header) == 2 and header[0] & 31 in _SLICES:
            if header[0] & 31 == _IDR:
                return False
            # first_mb_in_slice 0 is one bit, 1; slice_type then is 2 (011) or 7 (0001000) where it is intra
            return header[1] >> 4 != 0b1011 and header[1] != 0b10001000
    return False


def _unit_starts(data: memoryview, prefix: int) -> Iterator[int]:
    """Where each unit's header is."""
    if prefix:
        at = 0
        while at + prefix < len(data):
            yield at + prefix
            at += prefix + int.from_bytes(data[at : at + prefix], "big")
        return
    text = data.tobytes()
    at = text.find(_START_CODE)
    while at >= 0:
        at += len(_START_CODE)
        yield at
        at = text.find(_START_CODE, at)


def changes_setup(packet: Packet[VideoStream]) -> bool:
    """Whether a decoder that doesn't get this packet can't make sense of those behind it."""
    return packet.has_sidedata("new_extradata")
