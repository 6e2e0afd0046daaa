"""Tells MPEG transport streams by their sync bytes, which stand at even distances (ISO/IEC 13818-1, 2.4.3.2)."""

from __future__ import annotations

HEAD_BYTES = 1024
"""Bytes from the beginning of a file that are enough."""
_SYNC = 0x47
_LAYOUTS = ((0, 188), (4, 192), (0, 204))
"""(bytes before the sync byte, bytes of a packet): plain; with a 4-byte time code before it; with error correction."""


def packet_lengths(head: bytes) -> list[int]:
    """Bytes of a packet, as far as the first three sync bytes tell; none where `head` begins no transport stream."""
    return [length for start, length in _LAYOUTS if head[start::length][:3] == bytes([_SYNC] * 3)]
