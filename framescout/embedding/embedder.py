"""Both towers of a model, whatever computes them: pictures and sentences in, unit vectors of one space out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from framescout.cached import Cache
from framescout.embedding.reference import with_hubness
from framescout.embedding.text_tower import TextTower

if TYPE_CHECKING:
    from PIL.Image import Image

    from framescout.embedding.image_tower import ImageTower


class _Texts(Protocol):
    @property
    def dimensions(self) -> int: ...

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray: ...


class Embedder:
    """Both towers of a model."""

    def __init__(
        self, name: str, identity: str, images: ImageTower, texts: _Texts, sentences: np.ndarray | None = None
    ) -> None:
        self.name = name
        self.fingerprint = identity
        """Hash of the model's configuration and weights."""
        self._images = images
        self._texts = texts
        self._sentences = sentences  # of the model's reference vectors

    @property
    def dimensions(self) -> int:
        """Length of a vector, D."""
        return self._texts.dimensions

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) of the model's pictures, in pixels."""
        return self._images.image_size

    @property
    def good_batch(self) -> int:
        """Pictures that this machine embeds well at once."""
        return self._images.good_batch

    def encode_images(self, images: Sequence[Image]) -> np.ndarray:
        """Embed pictures.

        Args:
            images: N pictures of any size and mode; squashed to the model's square, never cropped.

        Returns:
            (N, D) float32, rows of unit length, in the order given.
        """
        from framescout.embedding.image_tower import squash

        parts = [
            self.encode_pixels(squash(images[i : i + self.good_batch], self.image_size))
            for i in range(0, len(images), self.good_batch)
        ]
        return np.concatenate(parts) if parts else np.empty((0, self.dimensions), np.float32)

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB, already of `image_size` -> (N, D) float32, rows of unit length."""
        width, height = self.image_size
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (height, width, 3):
            raise ValueError(f"pictures must be (N, {height}, {width}, 3) uint8, not {pixels.shape} {pixels.dtype}")
        if not len(pixels):
            return np.empty((0, self.dimensions), np.float32)
        rows = self._images.encode_pixels(pixels)
        return rows if self._sentences is None else with_hubness(rows, self._sentences)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32, rows of unit length, in the order given."""
        return self._texts.encode_texts(texts)

    def keep_background(self, cache: Path) -> None:
        """Encode what a search needs besides its question, where `cache` lacks it, so that the first needn't wait."""
        if isinstance(self._texts, TextTower):
            from framescout.embedding import background

            background.keep(self._texts, self.fingerprint, Cache(cache))
