"""Tells whether a faster form of a tower gives the same vectors as the plain one; without torch."""

from __future__ import annotations

import numpy as np

from framescout.embedding.eight_bits import Ranges
from framescout.embedding.image_tower import OnnxImageTower
from framescout.packages import is_installed
from framescout.processors import multiplies_bf16, multiplies_int8

AGREEMENT = 0.999
"""Least cosine that a faster form of a tower must keep with the plain one."""
AGREEMENT_IN_INT8 = 0.998


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
    return agree(*_vectors_of_both(graph, image_size, None))


def agrees_in_int8(graph: bytes, image_size: tuple[int, int], ranges: Ranges | None) -> bool:
    """Whether to embed pictures in 8 bits: as above, on processors that have these and no bfloat16.

    Before VNNI, sums of two products are cut off at 16 bits, and vectors become others.
    """
    if not ranges or multiplies_bf16() or not multiplies_int8() or not is_installed("openvino"):
        return False
    return agree(*_vectors_of_both(graph, image_size, ranges), AGREEMENT_IN_INT8)


def _vectors_of_both(graph: bytes, size: tuple[int, int], ranges: Ranges | None) -> tuple[np.ndarray, np.ndarray]:
    from framescout.embedding.openvino_tower import OpenVinoImageTower

    pixels = sample_pixels(size)
    quick, plain = OpenVinoImageTower(graph, size, ranges), OnnxImageTower(graph, size)
    return quick.encode_pixels(pixels), plain.encode_pixels(pixels)
