"""Measures how many of the exact neighbours an index finds, and how many lists it must walk for enough of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from framescout.vectors.exact import search_blocks

if TYPE_CHECKING:
    from framescout.catalog import Space

AT = 100
"""How many of the best a search must find a share of: about what a page of moments is joined from."""
TARGET = 0.985
"""Share of the exact nearest that the questions an index is tuned with must find, each kind of them on average."""
_NEARLY_ALL = 0.997  # of what all lists find
Find = Callable[[int], np.ndarray]
"""Ids (Q, AT) int64 that questions find in so many of the nearest lists."""
_GAP = 0.35  # cosine of a sentence and the pictures that show it, as usual with CLIP models


def recall(found: Iterable[np.ndarray], exact: np.ndarray) -> float:
    """Share of the exact ids (Q, K) that are among the found ones, Q of any length; -1 stands for nothing.

    1 where there is nothing to find.
    """
    wanted = int((exact >= 0).sum())
    hits = sum(len(np.intersect1d(f, e[e >= 0])) for f, e in zip(found, exact, strict=True))
    return hits / wanted if wanted else 1.0


def trial_queries(rows: np.ndarray, sentences: np.ndarray | None = None, seed: int = 1) -> list[np.ndarray]:
    """Questions like those to come: each kind of them (Q, D) float32.

    Pictures lie apart from sentences (Liang et al. 2022, arXiv:2203.02053), and an index tuned to find pictures from
    pictures misses what sentences ask for. Where no sentences are at hand, every second picture is turned away, in a
    random direction, until the cosine is that of a sentence; real ones may then find less: 0.916 was seen.

    Args:
        rows: (Q, D) float32, some of the archive's own vectors.
        sentences: (S, D) float32, real sentences; None where the text tower isn't at hand.
    """
    if sentences is not None:
        return [rows, sentences]
    noise = np.random.default_rng(seed).normal(size=rows.shape).astype(np.float32)
    noise -= (noise * rows).sum(axis=1, keepdims=True) * rows
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    away = _GAP * rows + np.sqrt(1 - _GAP**2, dtype=np.float32) * noise
    return [rows[::2], away[1::2]]


def exact_answers(space: Space, kinds: Sequence[np.ndarray]) -> list[np.ndarray]:
    """What the questions of each kind should find, (Q, AT) int64 each: ids, by one pass over every embedding."""
    exact, _ = search_blocks(np.concatenate(kinds), space.blocks(), AT)
    return np.split(exact, np.cumsum([len(kind) for kind in kinds[:-1]]))


def choose_nprobe(kinds: Sequence[tuple[Find, np.ndarray]], lists: int) -> tuple[int, float]:
    """The fewest lists, in steps of a fifth, with which every kind of question reaches TARGET; the least recall then.

    Where all lists find less, what lacks is what 8 bits can't tell apart: then nearly as much as all find is enough.

    Args:
        kinds: of each kind what finds ids for its questions in the nearest lists, and the ids that it should find,
            (Q, AT) int64.
        lists: how many there are.
    """

    def shares(nprobe: int) -> list[float]:
        return [recall(find(nprobe), exact) for find, exact in kinds]

    enough = [min(TARGET, _NEARLY_ALL * share) for share in shares(lists)]
    nprobe = 1
    while True:
        found = shares(nprobe)
        if nprobe >= lists or all(share >= least for share, least in zip(found, enough, strict=True)):
            return nprobe, min(found)
        nprobe = min(max(nprobe + 1, nprobe * 6 // 5), lists)
