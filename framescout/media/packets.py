"""Reads packets undecoded: whether a packet's structure is sound, and whether it changes the codec's setup.

H.264 and HEVC in MP4, Matroska and the like are chains of units, each led by its length; where the lengths don't
add up to the packet, its bytes are not what the encoder wrote (ISO/IEC 14496-15, 5.3.3 and 8.3.3).
"""

from __future__ import annotations

from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

_LENGTH_SIZE_AT = {"h264": 4, "hevc": 21}  # byte of the decoder configuration whose low two bits hold it, less 1


def length_size(context: VideoCodecContext) -> int:
    """Bytes of the length before each unit; 0 where packets have no such structure."""
    at, setup = _LENGTH_SIZE_AT.get(context.name), context.extradata or b""
    if at is None or len(setup) <= at or setup[0] != 1:  # start codes (Annex B) begin with 0
        return 0
    return (setup[at] & 3) + 1


def is_sound(packet: Packet[VideoStream], prefix: int) -> bool:
    """Whether the units of the packet, each after a length of `prefix` bytes, fill it exactly."""
    data = memoryview(packet)
    at, size = 0, len(data)
    while at + prefix <= size:
        at += prefix + int.from_bytes(data[at : at + prefix], "big")
    return at == size


def changes_setup(packet: Packet[VideoStream]) -> bool:
    """Whether a decoder that doesn't get this packet can't make sense of those behind it."""
    return packet.has_sidedata("new_extradata")
