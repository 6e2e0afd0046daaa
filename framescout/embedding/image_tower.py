"""Pictures in, unit vectors out, by open_clip's image tower in torch; precision and layout by what the machine has."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import torch
from torch import nn

_AGREEMENT = 0.999  # cosine that a faster form must keep with the plain one


class ImageTower:
    """An image tower, ready for batches."""

    def __init__(
        self, visual: nn.Module, *, mean: tuple[float, ...], std: tuple[float, ...], size: tuple[int, int]
    ) -> None:
        """`size` is (width, height) in pixels; mean and std are of RGB in [0, 1]."""
        self.size = size
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.good_batch = 128 if self.device.type == "cuda" else 16
        self._mean = torch.tensor(mean, device=self.device).view(1, 3, 1, 1)
        self._std = torch.tensor(std, device=self.device).view(1, 3, 1, 1)
        self._half = _half_precision(self.device)
        plain = visual.eval().requires_grad_(False).to(self.device)
        self._visual = _fused(plain, size, self.device).to(memory_format=torch.channels_last)

    @torch.inference_mode()
    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        """(N, H, W, 3) uint8 RGB of this tower's size -> (N, D) float32, rows of unit length."""
        width, height = self.size
        if pixels.ndim != 4 or pixels.shape[1:] != (height, width, 3) or pixels.dtype != np.uint8:
            raise ValueError(f"pictures must be (N, {height}, {width}, 3) uint8, not {pixels.shape} {pixels.dtype}")
        parts = [self._encode(pixels[i : i + self.good_batch]) for i in range(0, len(pixels), self.good_batch)]
        return np.concatenate(parts) if parts else np.empty((0, self._dimensions()), np.float32)

    def _encode(self, pixels: np.ndarray) -> np.ndarray:
        # Rows of pixels are channels-last memory already: seen as (N, 3, H, W), nothing is moved.
        batch = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device, non_blocking=True).permute(0, 3, 1, 2)
        batch = (batch.float() / 255 - self._mean) / self._std
        with self._autocast():
            vectors = self._visual(batch)
        vectors = vectors[0] if isinstance(vectors, tuple) else vectors
        unit: np.ndarray = nn.functional.normalize(vectors.float(), dim=-1).cpu().numpy()
        return unit

    def _autocast(self) -> Any:
        if self._half is None:
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, self._half)

    def _dimensions(self) -> int:
        width, height = self.size
        return int(self._encode(np.zeros((1, height, width, 3), np.uint8)).shape[1])


def _half_precision(device: torch.device) -> torch.dtype | None:
    """fp16 on a graphics card; bf16 where the processor multiplies it natively: three times as fast; else none."""
    if device.type == "cuda":
        return torch.float16
    has_bf16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return torch.bfloat16 if has_bf16 else None


def _fused(visual: nn.Module, size: tuple[int, int], device: torch.device) -> nn.Module:
    """The tower with each batch norm folded into the convolution before it, where that changes nothing."""
    import copy

    from torch.nn.utils.fusion import fuse_conv_bn_eval

    fused = copy.deepcopy(visual)
    found = False
    for parent in list(fused.modules()):
        before: tuple[str, nn.Conv2d] | None = None
        for name, child in list(parent.named_children()):
            if before and isinstance(child, nn.BatchNorm2d) and child.num_features == before[1].out_channels:
                setattr(parent, before[0], fuse_conv_bn_eval(before[1], child))
                setattr(parent, name, getattr(child, "act", nn.Identity()))  # timm's norms carry their activation
                found = True
            before = (name, child) if isinstance(child, nn.Conv2d) else None
    if not found:
        return visual
    # The order of children is the order of computation in every tower we know; trust, but compare.
    sample = torch.rand(2, 3, size[1], size[0], device=device) * 4 - 2
    with torch.inference_mode():
        same = nn.functional.cosine_similarity(visual(sample), fused(sample), dim=-1).min()
    return fused if float(same) >= _AGREEMENT else visual
