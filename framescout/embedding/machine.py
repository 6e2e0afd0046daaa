"""Tells on which device and in which number format this machine embeds."""

from __future__ import annotations

import msgspec


class Machine(msgspec.Struct, frozen=True):
    """The GPU that torch can use, and the number format of embedding."""

    gpu: str | None
    precision: str
    """bf16 only for models whose vectors stay nearly the same in it."""


def machine() -> Machine:
    """Look at the processor and the GPU."""
    import torch

    if torch.cuda.is_available():
        return Machine(torch.cuda.get_device_name(0), "fp16")
    has_bf16 = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return Machine(None, "bf16" if has_bf16 else "fp32")
