"""The image tower's stages in forms that a processor trains quickly; the weights stay those of the timm modules.

Forward and back through timm's modules took 37 ms a picture on one core, this takes 26 or less (256 pixels). On an
8 x 8 grid a depthwise convolution is one small matrix a channel and a 1 x 1 convolution is one large matrix, so that
everything becomes matrix products (`TunedStages`). Batch norms keep ImageNet's statistics and are folded into the
weights, theirs to be tuned among them.
"""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval


def fold(conv: nn.Conv2d, norm: nn.Module) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights (O, ...) and bias (O,) of a convolution and the batch norm after it, as functions of both."""
    factor = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    return conv.weight * factor.view(-1, 1, 1, 1), norm.bias - norm.running_mean * factor


def taps(conv: nn.Conv2d, side: int) -> torch.Tensor:
    """(taps, places in, places out) of 0 and 1: which place each tap of a depthwise kernel carries where."""
    one = copy.deepcopy(conv)
    count = conv.kernel_size[0] * conv.kernel_size[1]
    one.groups = 1
    one.weight = nn.Parameter(torch.eye(count).view(count, 1, *conv.kernel_size), requires_grad=False)
    places = torch.eye(side * side).view(side * side, 1, side, side)
    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        return one(places).flatten(2).transpose(0, 1).contiguous()


class TunedStages(nn.Module):
    """The last stages and the pooling: (N, C, 2 side, 2 side) bfloat16 -> (N, 1280) float32."""

    def __init__(self, trunk: nn.Module, first: int, side: int) -> None:
        super().__init__()
        self.blocks = trunk.blocks[first:]
        self.conv_head, self.norm_head = trunk.conv_head, trunk.bn2
        self.taps: list[torch.Tensor] = []
        for block in (block for stage in self.blocks for block in stage):
            self.taps.append(taps(block.conv_dw, side))
            side = round(self.taps[-1].shape[2] ** 0.5)

    def forward(self, low: torch.Tensor) -> torch.Tensor:
        """Differentiable in all weights and in `low`."""
        x = low.flatten(2).transpose(1, 2)  # (N, places, channels)
        blocks = [block for stage in self.blocks for block in stage]
        with torch.autocast("cpu", enabled=False):
            for block, carried in zip(blocks, self.taps, strict=True):
                y = functional.relu6(pointwise(x, *fold(block.conv_pw, block.bn1)))
                y = functional.relu6(depthwise(y, *fold(block.conv_dw, block.bn2), carried))
                y = pointwise(y, *fold(block.conv_pwl, block.bn3))
                x = x + y if block.has_skip else y
            x = functional.relu6(pointwise(x, *fold(self.conv_head, self.norm_head)))
            return x.float().mean(1)


def pointwise(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """(N, P, I) bfloat16 -> (N, P, O)."""
    return functional.linear(x, weight.flatten(1).bfloat16(), bias.bfloat16())


def depthwise(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, carried: torch.Tensor) -> torch.Tensor:
    """(N, P, C) bfloat16 -> (N, Q, C), by one P x Q matrix a channel."""
    matrices = (weight.flatten(1) @ carried.flatten(1)).view(-1, *carried.shape[1:]).bfloat16()
    y = torch.baddbmm(bias.bfloat16().view(-1, 1, 1), x.permute(2, 0, 1).contiguous(), matrices)
    return y.permute(1, 2, 0).contiguous()


def frozen_stages(trunk: nn.Module, first: int) -> nn.Module:
    """The stages below, for inference only: batch norms folded, bfloat16, channels last."""
    trunk = copy.deepcopy(trunk).eval()
    stem = [fuse_conv_bn_eval(trunk.conv_stem, plain(trunk.bn1)), nn.ReLU6(inplace=True)]
    for stage in trunk.blocks[:first]:
        for block in stage:
            for conv, norm in (("conv_dw", "bn1"), ("conv_pw", "bn2")) if not hasattr(block, "conv_pwl") else (
                ("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3"),
            ):  # fmt: skip
                own = getattr(block, norm)
                setattr(block, conv, fuse_conv_bn_eval(getattr(block, conv), plain(own)))
                setattr(block, norm, nn.ReLU6(inplace=True) if acts(own) else nn.Identity())
    below = nn.Sequential(*stem, *trunk.blocks[:first])
    return below.bfloat16().to(memory_format=torch.channels_last).requires_grad_(False)


def acts(norm: nn.Module) -> bool:
    """Whether timm's norm has an activation of its own after it."""
    return not isinstance(norm.act, nn.Identity)


def plain(norm: nn.Module) -> nn.BatchNorm2d:
    """timm's norm-and-activation without the activation."""
    copied = nn.BatchNorm2d(norm.num_features, eps=norm.eps)
    copied.load_state_dict(norm.state_dict())
    return copied.eval()
