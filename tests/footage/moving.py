"""Scenes in which something moves from one known second to another, coded in many ways."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from tests.footage.make import encode

BEGINS, ENDS, SECONDS = 5.0, 7.0, 12.0
"""When something begins to move, when it rests again, and how long the scene lasts."""
X264 = ("-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-g", "50")
CODECS: dict[str, tuple[str, ...]] = {
    "x264": X264,
    "long groups": (*X264, "-g", "250"),
    "baseline": (*X264, "-profile:v", "baseline"),
    "pyramid": ("-c:v", "libx264", "-preset", "medium", "-pix_fmt", "yuv420p", "-g", "50", "-bf", "3"),
    "hevc": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=50"),
    "vp9": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-crf", "30", "-b:v", "0", "-g", "50"),
    "av1": ("-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "lp=2", "-g", "50"),
    "mpeg4": ("-c:v", "mpeg4", "-q:v", "4", "-g", "50"),
}
"""What ffmpeg is told, for a good quality at whatever rate it takes."""
HELD = (*X264, "-b:v", "3M", "-maxrate", "3M", "-bufsize", "1.5M", "-x264-params", "nal-hrd=cbr")
"""A rate that is held by filler."""
REFRESH = (*X264, "-x264-params", "intra-refresh=1")
ZERO_LATENCY = (*X264, "-tune", "zerolatency", "-x264-params", "intra-refresh=1")
_SIZE = 320, 180


def scene(folder: Path, name: str, what: str = "person", how: Sequence[str] = X264, noise: float = 0.0) -> Path:
    """A textured scene, 25 pictures a second, in which from BEGINS to ENDS moves a "block" (a third of the picture's
    height and width) or a "person" (5 % of it), the "light" fades to half and stays so, or "nothing" happens."""
    (folder / name).write_bytes(_coded(Path(name).suffix, what, tuple(how), noise))
    return folder / name


@functools.lru_cache(maxsize=64)
def _coded(suffix: str, what: str, how: tuple[str, ...], noise: float) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        return encode(Path(folder) / f"scene{suffix}", _pictures(what, noise), how).read_bytes()


def _pictures(what: str, noise: float) -> Iterator[np.ndarray]:
    random = np.random.default_rng(3)
    width, height = _SIZE
    still = 120 + sum(gain * _texture(random, _SIZE, cell) for cell, gain in ((64, 30), (16, 12), (6, 6)))
    other = 90 + sum(gain * _texture(random, _SIZE, cell) for cell, gain in ((40, 30), (10, 20), (4, 10)))
    sides = {"block": (height // 2, width // 5), "person": (height * 5 // 12, width * 3 // 25)}.get(what, (0, 0))
    for number in range(round(SECONDS * 25)):
        time = number / 25
        picture = still.copy()
        if what == "light":
            picture *= 1 - 0.5 * np.clip((time - BEGINS) / (ENDS - BEGINS), 0, 1)
        elif BEGINS <= time < ENDS and sides[0]:
            left = int(width * (0.06 + 0.3 * (time - BEGINS)))
            top = int(height * 0.28 + 4 * np.sin(time * 9))
            picture[top : top + sides[0], left : left + sides[1]] = other[: sides[0], : sides[1]]
        picture += random.normal(0, noise, picture.shape) if noise else 0
        yield np.repeat(picture.clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def _texture(random: np.random.Generator, size: tuple[int, int], cell: int) -> np.ndarray:
    """(H, W) float32 of about -2 to 2, smooth over `cell` pixels."""
    coarse = random.normal(size=(size[1] // cell + 2, size[0] // cell + 2)).astype(np.float32)
    return np.asarray(Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC))
