"""Sentences as unit vectors of a model's space, each in the ways that the model is best asked in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from framescout.embedding.reference import ReferenceScores


class SentenceEncoder(Protocol):
    """What embeds sentences."""

    phrasings: tuple[str, ...]
    """Each with a place for the sentence, `{}`; their vectors are averaged."""

    @property
    def reference(self) -> ReferenceScores | None:
        """What its sentences' scores are compared with, where its model has reference vectors."""

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        """(N, D) float32, rows of unit length."""


def encode(tower: SentenceEncoder, texts: list[str]) -> np.ndarray:
    """(N, D) float32 unit rows: each text's mean over the model's phrasings."""
    written = [phrasing.replace("{}", text) for text in texts for phrasing in tower.phrasings]
    rows = tower.encode_texts(written).reshape(len(texts), len(tower.phrasings), -1).mean(axis=1)
    unit: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return unit


def encode_mean(tower: SentenceEncoder, prompts: Sequence[str]) -> np.ndarray:
    """(D,) float32 of unit length: the mean of several sentences that say the same."""
    row = encode(tower, list(prompts)).mean(axis=0)
    unit: np.ndarray = row / np.linalg.norm(row)
    return unit
