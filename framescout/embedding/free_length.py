"""A text tower that computes on a sentence's own tokens, not on the padding behind it; the vectors stay the same.

open_clip pads every sentence to the context length: 77 tokens where ten are meant. What stands behind a sentence can't
change its vector where nothing looks at it: in causal towers nothing looks ahead, in towers with a class token the
padding is masked but for its first token. Whether that holds for a model is not reasoned about but measured, when its
towers are exported.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from open_clip.transformer import ResidualAttentionBlock
from torch import nn
from torch.nn import functional


class FreeLengthTextTower(nn.Module):  # type: ignore[misc]
    """(N, L) token ids, L up to the context length -> (N, D) float32 unit rows.

    Raises:
        TypeError: the model's text tower is of a kind that is not known here.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.tower = model.text if hasattr(model, "text") else model
        if not all(hasattr(self.tower, name) for name in ("positional_embedding", "attn_mask", "transformer")):
            raise TypeError(f"a text tower of the kind {type(self.tower).__name__} has a fixed length")
        if not all(type(block) is ResidualAttentionBlock for block in self.tower.transformer.resblocks):
            raise TypeError("blocks of this kind have a fixed length")
        self.has_class_token = getattr(self.tower, "cls_emb", None) is not None

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Only the first positions, and the last one where the class token stands."""
        length, positions = ids.shape[1], self.tower.positional_embedding
        own = torch.cat([positions[:length], positions[-1:]]) if self.has_class_token else positions[:length]
        mask = self.tower.attn_mask
        with instead(self.tower, positional_embedding=own, attn_mask=None if mask is None else mask[:length, :length]):
            vectors: torch.Tensor = self.model.encode_text(ids, normalize=True)
        return vectors


@contextlib.contextmanager
def instead(module: nn.Module, **attributes: Any) -> Iterator[None]:
    """What stands in an object's own dictionary is found before parameters, buffers and what its class has."""
    before = dict(module.__dict__)
    module.__dict__.update(attributes)
    try:
        yield
    finally:
        module.__dict__.clear()
        module.__dict__.update(before)


@contextlib.contextmanager
def traceable(tower: FreeLengthTextTower) -> Iterator[None]:
    """While it lasts, attention is written so that a trace keeps the length free; torch's own fixes it.

    Of a class token, which stands last, the last block works out nothing else: no one would look at it.
    """
    blocks = tower.tower.transformer.resblocks
    whole = list(blocks)
    own = [block.attn for block in whole]
    for block in whole:
        block.attn = _Attention(block.attn)
    if tower.has_class_token:
        blocks[-1] = _LastPosition(whole[-1])
    try:
        yield
    finally:
        blocks[-1] = whole[-1]
        for block, attention in zip(whole, own, strict=True):
            block.attn = attention


class _LastPosition(nn.Module):  # type: ignore[misc]
    """A ResidualAttentionBlock of which only the last position is asked for: (N, L, W) -> (N, 1, W)."""

    def __init__(self, block: ResidualAttentionBlock) -> None:
        super().__init__()
        self.block = block

    def forward(self, x: torch.Tensor, *, attn_mask: torch.Tensor | None = None, **__: Any) -> torch.Tensor:
        block = self.block
        attended, _ = block.attn(block.ln_1(x), attn_mask=attn_mask, is_last_alone=True)
        last = x[:, -1:] + block.ls_1(attended)
        seen: torch.Tensor = last + block.ls_2(block.mlp(block.ln_2(last)))
        return seen


class _Attention(nn.Module):  # type: ignore[misc]
    """nn.MultiheadAttention of one sequence with itself, batch first."""

    def __init__(self, own: nn.MultiheadAttention) -> None:
        super().__init__()
        self.own = own

    def forward(
        self, x: torch.Tensor, *_: Any, attn_mask: torch.Tensor | None, is_last_alone: bool = False, **__: Any
    ) -> tuple[torch.Tensor, None]:
        n, heads, width = x.shape[0], self.own.num_heads, self.own.embed_dim
        weight, bias = self.own.in_proj_weight, self.own.in_proj_bias
        if is_last_alone:
            q = functional.linear(x[:, -1:], weight[:width], bias[:width])
            q = q.view(n, 1, heads, width // heads).transpose(1, 2)
            mixed = functional.linear(x, weight[width:], bias[width:])
            k, v = mixed.view(n, -1, 2, heads, width // heads).permute(2, 0, 3, 1, 4)
        else:
            mixed = functional.linear(x, weight, bias)
            q, k, v = mixed.view(n, -1, 3, heads, width // heads).permute(2, 0, 3, 1, 4)
        if attn_mask is not None and attn_mask.dim() == 3:
            attn_mask = attn_mask.view(n, heads, attn_mask.shape[1], attn_mask.shape[2])
        if attn_mask is not None and is_last_alone:
            attn_mask = attn_mask[..., -1:, :]
        seen = functional.scaled_dot_product_attention(q, k, v, attn_mask)
        return self.own.out_proj(seen.transpose(1, 2).reshape(n, -1, width)), None
