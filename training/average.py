"""Average two trainings of one model, weight by weight (model soups, Wortsman et al. 2022, arXiv:2203.05482)."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch


def average(one: Path, other: Path, share: float, out: Path) -> None:
    """Write (1 - share) of `one` and `share` of `other`."""
    first, second = (torch.load(path, weights_only=True) for path in (one, other))
    mixed = {
        name: (1 - share) * tensor + share * second[name] if tensor.is_floating_point() else tensor
        for name, tensor in first.items()
    }
    torch.save(mixed, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Average two trainings of one model.")
    parser.add_argument("one", type=Path)
    parser.add_argument("other", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--share", type=float, default=0.3, help="of the second")
    arguments = parser.parse_args()
    average(arguments.one, arguments.other, arguments.share, arguments.out)
