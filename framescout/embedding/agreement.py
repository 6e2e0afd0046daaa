"""Tells whether a faster form of a tower gives the same vectors as the plain one; without torch."""

from __future__ import annotations

import numpy as np

from framescout.embedding.image_tower import OnnxImageTower
from framescout.packages import is_installed
from framescout.processors import multiplies_bf16

AGREEMENT = 0.999
"""Least cosine that a faster form of a tower must keep with the plain one."""


def agree(got: np.ndarray, wanted: np.ndarray, cosine: float = AGREEMENT) -> bool:
    """Whether each two unit rows (N, D) have at least this cosine."""
    return bool((got * wanted).sum(axis=1).min() >= cosine)


def sample_pixels(size: tuple[int, int], count: int = 2) -> np.ndarray:
    """(count, H, W, 3) uint8: blurred noise, to compare two forms of a tower on; `size` is (width, height)."""
    from PIL import Image

    coarse = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), np.uint8)
    return np.stack([np.asarray(Image.fromarray(each).resize(size, Image.Resampling.BICUBIC)) for each in coarse])


def agrees_in_bf16(graph: bytes, image_size: tuple[int, int]) -> bool:
    """Whether to embed pictures in bfloat16: OpenVINO and the processor can, and vectors stay nearly the same."""
    if not multiplies_bf16() or not is_installed("openvino"):
        return False
    from framescout.embedding.openvino_tower import OpenVinoImageTower

    pixels = sample_pixels(image_size)
    wanted = OnnxImageTower(graph, image_size).encode_pixels(pixels)
    return agree(OpenVinoImageTower(graph, image_size).encode_pixels(pixels), wanted)
