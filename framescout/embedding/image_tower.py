"""Pictures in, unit vectors out, by onnxruntime: for convolutional towers on a CPU, without torch.

Measured (benchmarks/image_towers.py): for these it takes two thirds of torch's time with batch norms folded, both in
float32; torch in bf16 is faster by a third still, but its vectors turn away too far (cosine 0.997).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image


class ImageTower(Protocol):
    """What embeds pictures of its own size."""

    good_batch: int
    """Pictures that this machine embeds well at once."""

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) in pixels."""

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB, N > 0 -> (N, D) float32, rows of unit length."""


class OnnxImageTower:
    """An image tower as `onnx_export` wrote it."""

    good_batch = 16  # a larger one is no faster

    def __init__(self, graph: Path | bytes, image_size: tuple[int, int]) -> None:
        import onnxruntime

        self.image_size = image_size
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # decoding needs the cores too
        self._session = onnxruntime.InferenceSession(
            graph if isinstance(graph, bytes) else str(graph), options, providers=["CPUExecutionProvider"]
        )

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB of `image_size`, N > 0 -> (N, D) float32, rows of unit length."""
        parts = [
            self._session.run(None, {"pixels": np.ascontiguousarray(pixels[i : i + self.good_batch])})[0]
            for i in range(0, len(pixels), self.good_batch)
        ]
        return np.concatenate(parts)


def squash(images: Sequence[Image], size: tuple[int, int]) -> np.ndarray:
    """Pictures of any size and mode -> (N, H, W, 3) uint8 of (width, height) `size`, squashed, never cropped."""
    from PIL.Image import Resampling

    pixels = np.empty((len(images), size[1], size[0], 3), np.uint8)
    for row, image in zip(pixels, images, strict=True):
        row[...] = np.asarray(image.convert("RGB").resize(size, Resampling.BICUBIC))
    return pixels
