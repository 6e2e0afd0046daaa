"""A score in, how likely it is a match out.

Cosines mean nothing by themselves: they differ from model to model and from archive to archive. So a score is held
against what sentences that have nothing to do with the archive reach in it at best: their median and their spread
(median absolute deviation, which the few of them that do fit hardly move). A logistic curve, fitted by
benchmarks/confidence.py, turns the distance into a probability.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from query.encode import TEMPLATES, TextTower, encode

MATCH = 0.5
"""A moment counts as a match from here on."""

STRANGERS = (
    "a kangaroo hopping", "a flamingo in shallow water", "an octopus on a reef", "a hedgehog in leaves",
    "a windmill", "an oil platform", "a glacier", "a cactus", "a coral reef", "a full moon", "a sundial",
    "a cable car", "a gondola in a canal", "a bobsleigh run", "a pole vault", "a polo match", "a javelin throw",
    "a harp", "a saxophone player", "a pottery wheel", "a loom", "a blacksmith at an anvil", "a bowl of noodles",
    "a chandelier",
)  # fmt: skip
"""Sentences that hardly any archive answers."""

_AT_THE_MEDIAN, _PER_SPREAD = -3.2, 2.6
_LEAST_SPREAD = 0.02  # cosine


@dataclass(frozen=True, slots=True)
class Background:
    """What strangers reach in an archive at best."""

    center: float
    spread: float

    @classmethod
    def of(cls, best: np.ndarray) -> Background:
        """Of each stranger's best score, (N,); none where nothing is indexed."""
        if len(best) == 0:
            return cls(0.0, _LEAST_SPREAD)
        center = float(np.median(best))
        deviation = 1.4826 * float(np.median(np.abs(best - center)))  # of a normal distribution: its sigma
        return cls(center, max(deviation, _LEAST_SPREAD))

    def distance(self, score: float) -> float:
        """How many spreads the score lies above what strangers reach."""
        return (score - self.center) / self.spread

    def confidence(self, score: float) -> float:
        """How likely a keyframe with this score is a match, in [0, 1]."""
        return float(1.0 / (1.0 + np.exp(-(_AT_THE_MEDIAN + _PER_SPREAD * self.distance(score)))))


def strangers(tower: TextTower, fingerprint: str, cache: Path) -> np.ndarray:
    """(N, D) float32 unit rows of STRANGERS; kept in `cache`, since encoding them takes most of a second."""
    words = hashlib.blake2b("\0".join((fingerprint, *TEMPLATES, *STRANGERS)).encode(), digest_size=8).hexdigest()
    path = cache / f"strangers-{words}.npy"
    try:
        known: np.ndarray = np.load(path, allow_pickle=False)
        if known.shape[0] == len(STRANGERS):
            return known
    except (OSError, ValueError):  # not there yet, or damaged: made again
        pass
    rows = encode(tower, list(STRANGERS))
    with tempfile.NamedTemporaryFile(dir=cache, suffix=".part", delete=False) as unfinished:
        np.save(unfinished, rows)
    os.replace(unfinished.name, path)  # noqa: PTH105
    return rows
