"""Sentences in, unit vectors of the model's space out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class TextTower(Protocol):
    """What embeds sentences."""

    phrasings: tuple[str, ...]
    """Each with a place for the sentence, `{}`; their vectors are averaged."""

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        """(N, D) float32, rows of unit length."""


def encode(tower: TextTower, texts: list[str]) -> np.ndarray:
    """(N, D) float32 unit rows: each text's mean over the model's phrasings."""
    written = [phrasing.replace("{}", text) for text in texts for phrasing in tower.phrasings]
    rows = tower.encode_texts(written).reshape(len(texts), len(tower.phrasings), -1).mean(axis=1)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def encode_mean(tower: TextTower, prompts: Sequence[str]) -> np.ndarray:
    """(D,) float32 of unit length: the mean of several sentences that say the same."""
    row = encode(tower, list(prompts)).mean(axis=0)
    unit: np.ndarray = row / np.linalg.norm(row)
    return unit
