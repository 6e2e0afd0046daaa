"""How well scores tell right from wrong: the area under the ROC curve, and its interval."""

from __future__ import annotations

import numpy as np


def auroc(right: np.ndarray, wrong: np.ndarray) -> float:
    """How often a right one lies above a wrong one; a draw counts half. (N,) and (M,) scores, N and M > 0."""
    return float((right[:, None] > wrong).mean() + 0.5 * (right[:, None] == wrong).mean())


def auroc_interval(
    right: np.ndarray, wrong: np.ndarray, random: np.random.Generator, draws: int
) -> tuple[float, float]:
    """The 95 % interval of `auroc`, by drawing right and wrong ones again, each for itself (bootstrap, Efron 1979)."""
    again = [auroc(random.choice(right, len(right)), random.choice(wrong, len(wrong))) for _ in range(draws)]
    low, high = np.quantile(again, (0.025, 0.975)).tolist()
    return low, high
