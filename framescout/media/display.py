"""How a stored picture is to be shown: turned or mirrored, by which colour matrix, with which brightness.

One rule for thumbnails, embeddings, clips, reels and the player: frames in memory are converted by `Scaler`,
streams of the ffmpeg program by `filter_to_screen` and `filter_widened`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
import numpy as np
from av.sidedata.sidedata import SideData, Type
from av.video.frame import VideoFrame

PQ, HLG = 16, 18
"""AVCOL_TRC_SMPTE2084 and AVCOL_TRC_ARIB_STD_B67."""
_NARROW = 1
"""AVCOL_RANGE_MPEG: black is 16, white is 235."""
_WIDENED = np.rint(np.clip((np.arange(256) - 16) * (255 / 219), 0, 255)).astype(np.uint8)
_HD_HEIGHT_PX = 720
_UNSPECIFIED = 2
_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020", 10: "bt2020"}
_NUMBERS = {"bt709": 1, "fcc": 4, "bt601": 5, "smpte240m": 7, "bt2020": 9}
_WHITE = 100.0
"""Nits of an ordinary screen's white."""
_PEAK = 10.0
"""Times white, up to which brightness is kept apart: 1,000 nits."""
_GAMMA = 2.4
"""Of a screen (ITU-R BT.1886)."""
_TO_BT709 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)
"""From the primaries of BT.2020 (ITU-R BT.2087)."""


class Orientation(msgspec.Struct, frozen=True):
    """What sets a stored picture upright: first rows become columns, then it is mirrored."""

    is_transposed: bool = False
    flips_x: bool = False
    """Left and right change places."""
    flips_y: bool = False
    """Top and bottom change places."""

    @property
    def turn(self) -> int:
        """Clockwise degrees; of a mirrored picture, those that come before it is mirrored left-right."""
        if self.is_transposed:
            return 270 if self.flips_y else 90
        return 180 if self.flips_y else 0

    def applied(self, pixels: np.ndarray) -> np.ndarray:
        """Of (H, W, 3) pixels as they are stored, those to be shown."""
        if self.is_transposed:
            pixels = pixels.transpose(1, 0, 2)
        return np.ascontiguousarray(pixels[:: -1 if self.flips_y else 1, :: -1 if self.flips_x else 1])


_TURNS = {
    0: Orientation(),
    90: Orientation(is_transposed=True, flips_x=True),
    180: Orientation(flips_x=True, flips_y=True),
    270: Orientation(is_transposed=True, flips_y=True),
}


def orientation(frame: VideoFrame, rotate_tag: str | None) -> Orientation:
    """By the display matrix (ISO/IEC 14496-12, 8.3.2), to the nearest quarter; else by the older tag, in degrees."""
    matrix = side_data(frame, Type.DISPLAYMATRIX)
    if matrix is None:
        try:
            return _TURNS[round(float(rotate_tag or 0) / 90) * 90 % 360]
        except (ValueError, OverflowError):
            return Orientation()
    a, b, _, c, d, *_ = struct.unpack("<9i", matrix)
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Orientation(flips_x=a < 0, flips_y=d < 0)
    return Orientation(is_transposed=True, flips_x=c < 0, flips_y=b < 0)


def side_data(frame: VideoFrame, kind: Type) -> bytes | None:
    """What a frame carries besides its pixels."""
    # values() and items() of PyAV's mapping raise KeyError
    held: Iterable[SideData] = iter(frame.side_data)  # type: ignore[assignment]
    return next((bytes(each) for each in held if each.type == kind), None)


def matrix_of(colorspace: int, height: int) -> str:
    """By which matrix (ffmpeg's name) a stream's colours are read; where it doesn't say, as players do."""
    return _MATRICES.get(colorspace) or ("bt709" if height >= _HD_HEIGHT_PX else "bt601")


def matrix_number(frame: VideoFrame) -> int:
    """The same, by libav's number."""
    return _NUMBERS[matrix_of(frame.colorspace, frame.height)]


def is_hdr(transfer: int) -> bool:
    """Whether this transfer is one that an ordinary screen doesn't show."""
    return transfer in (PQ, HLG)


def is_pale(frame: VideoFrame) -> bool:
    """Whether libswscale hands its brightness on as it is, though black is 16: pictures that have no colour planes."""
    return bool(frame.color_range == _NARROW) and frame.format.name.startswith("gray")


def widened(pixels: np.ndarray) -> np.ndarray:
    """Of uint8 pixels of a pale frame, those to be shown."""
    wide: np.ndarray = _WIDENED[pixels]
    return wide


def to_screen(pixels: np.ndarray, transfer: int) -> np.ndarray:
    """Of (H, W, 3) uint16 pixels of BT.2020 with this HDR transfer, (H, W, 3) uint8 ones of BT.709.

    Brightness is pressed together by Hable's curve, on the brightest of the three, as ffmpeg's `tonemap` does.
    """
    linear = _linear(transfer)[pixels] @ _TO_BT709.T
    brightest = np.maximum(linear.max(axis=2, keepdims=True), 1e-6)
    linear *= _hable(brightest) / _hable(_PEAK) / brightest
    light = np.clip(linear, 0.0, 1.0)
    return np.asarray(light ** (1 / _GAMMA) * 255 + 0.5, np.uint8)


def filter_to_screen(picture: Any) -> Any:
    """The same for a node of ffmpeg-python; the program needs the filter `zscale`."""
    return (
        picture.filter("zscale", t="linear", npl=_WHITE)
        .filter("format", "gbrpf32le")
        .filter("zscale", p="bt709")
        .filter("tonemap", tonemap="hable", desat=0, peak=_PEAK)
        .filter("zscale", t="bt709", m="bt709", r="tv")
    )


def filter_widened(picture: Any) -> Any:
    """Of a pale node of ffmpeg-python one with colour planes, whose brightness goes from 16 to 235 as it is said to."""
    return picture.filter("scale", out_range="pc").filter("format", "yuv420p").filter("setparams", range="tv")


def _hable(x: Any) -> Any:
    """John Hable's curve of Uncharted 2 (2010)."""
    a, b, c, d, e, f = 0.15, 0.50, 0.10, 0.20, 0.02, 0.30
    return (x * (x * a + b * c) + d * e) / (x * (x * a + b) + d * f) - e / f


@cache
def _linear(transfer: int) -> np.ndarray:
    """(65536,) float32: light in units of white, of each coded value (ITU-R BT.2100, tables 4 and 5)."""
    coded = np.linspace(0.0, 1.0, 65536)
    if transfer == PQ:
        power = coded ** (1 / 78.84375)
        light = (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (1 / 0.1593017578125)
        return (light * 10_000 / _WHITE).astype(np.float32)
    scene = np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    return (scene**1.2 * 1_000 / _WHITE).astype(np.float32)
