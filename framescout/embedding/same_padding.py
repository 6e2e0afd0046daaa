"""Convolutions that pad as TensorFlow does, written as one ONNX operation each.

timm works their padding out from the size of the picture that comes ("same": more behind than before). A trace keeps
that reckoning, and a padding of its own before each such convolution: onnxruntime then turns every picture out of the
layout in which it convolves and back, which took a sixth of the starter's time. ONNX's own convolution pads unevenly.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch
from timm.layers.conv2d_same import Conv2dSame
from timm.layers.padding import pad_same_arg
from torch import nn
from torch.nn import functional

from framescout.embedding.free_length import instead


@contextlib.contextmanager
def fixed(tower: nn.Module) -> Iterator[None]:
    """While it lasts, a trace of the tower holds fast the padding for pictures of the size that it is traced with."""
    with contextlib.ExitStack() as stack:
        for module in tower.modules():
            if isinstance(module, Conv2dSame):
                stack.enter_context(instead(module, forward=_padded(module)))
        yield


def _padded(convolution: nn.Conv2d) -> Callable[[torch.Tensor], torch.Tensor]:
    def forward(x: torch.Tensor) -> torch.Tensor:
        size = [int(length) for length in x.shape[-2:]]
        pads = pad_same_arg(size, convolution.kernel_size, convolution.stride, convolution.dilation)
        convolved: torch.Tensor = _Convolution.apply(x, convolution.weight, convolution.bias, convolution, pads)
        return convolved

    return forward


class _Convolution(torch.autograd.Function):  # type: ignore[misc]
    """`pads`: zeros before and after the columns, then the rows, as torch counts them."""

    @staticmethod
    def forward(
        _: Any, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None, own: nn.Conv2d, pads: list[int]
    ) -> torch.Tensor:
        return functional.conv2d(
            functional.pad(x, pads), weight, bias, own.stride, dilation=own.dilation, groups=own.groups
        )

    @staticmethod
    def symbolic(graph: Any, x: Any, weight: Any, bias: Any, own: nn.Conv2d, pads: list[int]) -> Any:
        """https://onnx.ai/onnx/operators/onnx__Conv.html: the first rows, the first columns, the last ones."""
        left, right, top, bottom = pads
        return graph.op(
            "Conv",
            *(x, weight) if bias is None else (x, weight, bias),
            kernel_shape_i=own.kernel_size,
            strides_i=own.stride,
            pads_i=[top, left, bottom, right],
            dilations_i=own.dilation,
            group_i=own.groups,
        )
