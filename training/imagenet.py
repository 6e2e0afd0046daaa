"""What the ImageNet classifier knows, as pairs to learn from: pseudo features of a class, and names for it.

A pseudo feature is a real photograph's pooled feature, moved by gradient ascent until the frozen classifier sees the
class in it: the word "cat" then has a place in the space although no training photograph shows one.
"""

from __future__ import annotations

import random
from pathlib import Path

import torch
from sentences import TEMPLATES
from torch import nn
from torch.nn import functional
from wordnet import imagenet_offsets, kinds_of, read_nouns


def pseudo_features(classifier: nn.Linear, photos: torch.Tensor, each: int = 8) -> torch.Tensor:
    """(1000, each, 1280) features that the classifier takes for each class; `photos` (N, 1280) are where they start.

    They stay within the range that each feature has over the photographs, and become as sure as the classifier is of
    a real picture (a probability of 0.5 to 0.95), not surer.
    """
    ceiling = photos.quantile(0.998, dim=0)
    found = torch.empty(1000, each, photos.shape[1])
    for number in range(each):
        z = photos[torch.randint(len(photos), (1000,))] * torch.rand(1000, 1).mul(0.5).add(0.3)
        wanted = torch.rand(1000).mul(0.45).add(0.5)
        labels = torch.arange(1000)
        for _ in range(30):
            z.requires_grad_(True)
            loss = functional.cross_entropy(classifier(z), labels, reduction="none")
            (gradient,) = torch.autograd.grad(loss.sum(), z)
            unsure = (loss.detach().neg().exp() < wanted).unsqueeze(1)
            step = gradient / gradient.norm(dim=1, keepdim=True).clamp_min(1e-9)
            z = torch.where(unsure, z.detach() - 0.7 * step, z.detach())
            z = torch.minimum(z.clamp_min(0), ceiling)
        found[:, number] = z.detach()
    return found


class ClassNames:
    """Names for the classes, their own and of what they are a kind of."""

    def __init__(self, wordnet: Path) -> None:
        self.nouns = read_nouns(wordnet)
        self.kinds = [kinds_of(offset, self.nouns) for offset in imagenet_offsets()]
        self._common = [self._worth_saying(kinds) for kinds in self.kinds]

    def _worth_saying(self, kinds: list[int]) -> list[int]:
        """The class and its kinds, without "entity" and "whole": at most 60 classes share a kind that is named."""
        if not hasattr(self, "_shared"):
            self._shared: dict[int, int] = {}
            for each in self.kinds:
                for kind in each:
                    self._shared[kind] = self._shared.get(kind, 0) + 1
        return [kind for kind in kinds if self._shared[kind] <= 125]

    def prompt(self, index: int, pick: random.Random) -> tuple[str, int]:
        """A sentence that names class `index`, and the noun that it names."""
        kinds = self._common[index]
        kind = kinds[0] if pick.random() < 0.5 else pick.choice(kinds)
        names = self.nouns[kind].names
        name = names[0] if pick.random() < 0.6 else pick.choice(names)
        return pick.choice(TEMPLATES).format(name), kind

    def answers(self, indices: list[int], kinds: list[int]) -> torch.Tensor:
        """(P, C) bool: whether the class in column c is of the kind that prompt p names."""
        return torch.tensor([[kind in self.kinds[index] for index in indices] for kind in kinds])
