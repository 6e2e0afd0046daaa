"""A model's towers in torch: for GPUs, for transformers on a CPU, and for texts where nothing is exported."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from framescout.embedding.agreement import AGREEMENT, sample_pixels
from framescout.embedding.loading import LoadedModel
from framescout.embedding.look import WINDOWS, pixels_of
from framescout.embedding.machine import machine
from framescout.embedding.reference import against_hubs

_TEXTS_AT_ONCE = 64


class UnitImageTower(nn.Module):  # type: ignore[misc]
    """(N, H, W, 3) uint8 -> (N, D) float32, rows of unit length: the tower with all that comes before and after."""

    def __init__(self, loaded: LoadedModel, visual: nn.Module | None = None, *, closely: bool = False) -> None:
        super().__init__()
        self.visual = loaded.model.visual if visual is None else visual
        self.register_buffer("mean", 255 * torch.tensor(loaded.mean).view(1, 3, 1, 1))
        self.register_buffer("std", 255 * torch.tensor(loaded.std).view(1, 3, 1, 1))
        self.dtype = torch.float32
        self._weight = loaded.look.windows
        self._crops = loaded.look.crops if closely else 0

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        # Rows of pixels are channels-last memory already: seen as (N, 3, H, W), nothing is moved.
        pictures = ((pixels.permute(0, 3, 1, 2).float() - self.mean) / self.std).to(self.dtype)
        if not self._weight:
            vectors = self.visual(pictures)
            vectors = vectors[0] if isinstance(vectors, tuple) else vectors
            return nn.functional.normalize(vectors.float(), dim=-1)
        seen = self.visual.trunk.forward_features(pictures)
        parts = [self._crop(part) for part in windows(pictures)] if self._crops else windows(seen)
        mean = nn.functional.normalize(torch.stack([self._pooled(part) for part in parts]).sum(dim=0), dim=-1)
        return nn.functional.normalize(self._pooled(seen) + self._weight * mean, dim=-1)

    def _crop(self, part: torch.Tensor) -> torch.Tensor:
        """(N, 3, h, w) -> (N, C, h', w'): the last map of a part that is seen in a pass of its own, never enlarged."""
        size = [min(self._crops, int(length)) for length in part.shape[-2:]]
        return self.visual.trunk.forward_features(nn.functional.interpolate(part, size, mode="bilinear"))

    def _pooled(self, seen: torch.Tensor) -> torch.Tensor:
        """(N, C, h, w) -> (N, D) float32 unit rows."""
        return nn.functional.normalize(self.visual.head(self.visual.trunk.forward_head(seen)).float(), dim=-1)


def windows(pictures: torch.Tensor) -> list[torch.Tensor]:
    """(N, C, H, W) -> the five windows of them, or of their last maps."""
    height, width = pictures.shape[-2:]
    places = [pixels_of(window, int(width), int(height)) for window in WINDOWS]
    return [pictures[:, :, top:bottom, left:right] for left, top, right, bottom in places]


class TorchImageTower:
    """An image tower on the GPU in fp16, or on the CPU in bf16 where it multiplies that natively."""

    def __init__(self, loaded: LoadedModel, *, closely: bool = False) -> None:
        self.image_size = loaded.image_size
        here = machine()
        self._device = torch.device("cuda" if here.gpu else "cpu")
        self.good_batch = 256 if self._device.type == "cuda" else 16
        tower = UnitImageTower(loaded, closely=closely).eval()
        if here.precision == "bf16":
            tower = _in_bf16(tower, self.image_size)
        self._tower = tower.to(self._device).to(memory_format=torch.channels_last)
        self._pinned = self._pin() if self._device.type == "cuda" else None

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB of `image_size`, N > 0 -> (N, D) float32, rows of unit length."""
        parts, start = [], 0
        while start < len(pixels):
            try:
                parts.append(self._encode(pixels[start : start + self.good_batch]))
            except torch.OutOfMemoryError:  # the GPU's memory, which others use too
                if self.good_batch == 1:
                    raise
                self.good_batch //= 2
                continue
            start += len(parts[-1])
        return np.concatenate(parts)

    def _encode(self, pixels: np.ndarray) -> np.ndarray:
        batch = torch.from_numpy(np.require(pixels, requirements=["C", "W"]))
        with torch.inference_mode():
            if self._pinned is None:
                vectors: np.ndarray = self._tower(batch).numpy()
                return vectors
            batch = self._pinned[: len(batch)].copy_(batch).to(self._device, non_blocking=True)
            with torch.autocast("cuda", torch.float16):
                vectors = self._tower(batch).float().cpu().numpy()  # waits: the pinned memory is free again
        return vectors

    def _pin(self) -> torch.Tensor:
        """Memory that a GPU copies from by itself; kept, since pinning it anew takes longer than it saves."""
        width, height = self.image_size
        return torch.empty((self.good_batch, height, width, 3), dtype=torch.uint8, pin_memory=True)


class TorchTextTower:
    """A text tower on the CPU, as open_clip has it."""

    def __init__(self, loaded: LoadedModel) -> None:
        self._loaded = loaded
        self.dimensions = int(self.encode_texts([""]).shape[1])

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """(N, D) float32, rows of unit length, in the order given."""
        if not texts:
            return np.empty((0, self.dimensions), np.float32)
        rows: list[torch.Tensor] = []
        with torch.inference_mode():
            for start in range(0, len(texts), _TEXTS_AT_ONCE):
                ids = self._loaded.tokenizer(list(texts[start : start + _TEXTS_AT_ONCE]))
                rows.append(self._loaded.model.encode_text(ids, normalize=True))
            vectors: np.ndarray = torch.cat(rows).float().numpy()
        return against_hubs(vectors) if self._loaded.reference else vectors


def _in_bf16(plain: UnitImageTower, size: tuple[int, int]) -> UnitImageTower:
    """The tower in bf16; as it was, where that changes what it sees."""
    half = copy.deepcopy(plain)
    half.visual.to(torch.bfloat16)
    half.dtype = torch.bfloat16
    pixels = torch.from_numpy(sample_pixels(size))
    try:
        with torch.inference_mode():
            agree = float((plain(pixels) * half(pixels)).sum(dim=-1).min())
    except RuntimeError:  # a tower that mixes types on its own
        return plain
    return half if agree >= AGREEMENT else plain
