"""Sentences in, unit vectors of the model's space out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

TEMPLATES = ("{}", "a photo of {}", "a video frame of {}", "security camera footage of {}")
"""Phrasings that are averaged: one sentence's wording matters less (Radford et al. 2021, arXiv:2103.00020, 3.1.4)."""


class TextTower(Protocol):
    """What embeds sentences."""

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        """(N, D) float32, rows of unit length."""


def encode(tower: TextTower, texts: list[str]) -> np.ndarray:
    """(N, D) float32 unit rows: each text's mean over the templates."""
    phrasings = [template.format(text) for text in texts for template in TEMPLATES]
    rows = tower.encode_texts(phrasings).reshape(len(texts), len(TEMPLATES), -1).mean(axis=1)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def encode_mean(tower: TextTower, prompts: Sequence[str]) -> np.ndarray:
    """(D,) float32 of unit length: the mean of several sentences that say the same."""
    row = encode(tower, list(prompts)).mean(axis=0)
    unit: np.ndarray = row / np.linalg.norm(row)
    return unit
