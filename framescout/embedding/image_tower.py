"""Embeds pictures with onnxruntime, without torch: for convolutional towers on a CPU.

Measured (benchmarks/image_towers.py): onnxruntime takes half of torch's time or less for these towers, both in float32.
Torch in bf16 is as fast only where the processor itself multiplies bf16 matrices; its vectors are a little off.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from framescout.embedding import runtimes
from framescout.processors import usable_processors

if TYPE_CHECKING:
    from PIL.Image import Image


class ImageTower(Protocol):
    """Embeds pictures of the size that it asks for."""

    good_batch: int
    """Pictures that this machine embeds well at once."""

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) in pixels."""

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB, N > 0 -> (N, D) float32, rows of unit length."""


_A_THREAD = 2  # pictures of a batch


class OnnxImageTower:
    """An image tower as `onnx_export` wrote it, of which each thread embeds pictures by itself."""

    def __init__(self, graph: Path | bytes, image_size: tuple[int, int]) -> None:
        from concurrent.futures import ThreadPoolExecutor  # here: a search needs no pictures

        onnxruntime = runtimes.onnxruntime()
        self.image_size = image_size
        threads = usable_processors()
        self.good_batch = _A_THREAD * threads
        self._threads = ThreadPoolExecutor(threads)
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.intra_op_num_threads = 1  # threads that share a picture wait for each other
        self._session = onnxruntime.InferenceSession(
            graph if isinstance(graph, bytes) else str(graph), options, providers=["CPUExecutionProvider"]
        )

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB of `image_size`, N > 0 -> (N, D) float32, rows of unit length."""
        pixels = np.ascontiguousarray(pixels)
        parts = np.split(pixels, len(pixels))  # one by one: of two at once more falls out of the processor's cache
        return np.concatenate(list(self._threads.map(self._encode, parts)))

    def _encode(self, pixels: np.ndarray) -> np.ndarray:
        vectors: np.ndarray = self._session.run(None, {"pixels": pixels})[0]
        return vectors


def squash(images: Sequence[Image], size: tuple[int, int]) -> np.ndarray:
    """Pictures of any size and mode -> (N, H, W, 3) uint8 of (width, height) `size`, squashed, never cropped."""
    from PIL.Image import Resampling

    pixels = np.empty((len(images), size[1], size[0], 3), np.uint8)
    for row, image in zip(pixels, images, strict=True):
        row[...] = np.asarray(image.convert("RGB").resize(size, Resampling.BICUBIC))
    return pixels
