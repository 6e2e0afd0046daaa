"""Measures how many of the exact neighbours an index finds, and how many lists it must walk for enough of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from framescout.vectors.exact import search_blocks
from framescout.vectors.lists import search_lists

if TYPE_CHECKING:
    from framescout.catalog import Space
    from framescout.vectors.search import VectorIndex

AT = 100
"""How many of the best a search must find a share of: about what a page of moments is joined from."""
TARGET = 0.985
"""Share of the exact nearest that the questions an index is tuned with must find, each kind of them on average."""
_STEPS_TO_TWICE, _HARDLY_MORE = 4, 0.001  # steps of a fifth; a share that is not worth twice the lists
_MOST = 0.9  # a share below which there is more to find, however slowly it grows
_GAP = 0.35  # cosine of a sentence and the pictures that show it, as usual with CLIP models


def recall(found: Iterable[np.ndarray], exact: np.ndarray) -> float:
    """Share of the exact ids (Q, K) that are among the found ones, Q of any length; -1 stands for nothing."""
    hits = sum(len(np.intersect1d(f, e[e >= 0])) for f, e in zip(found, exact, strict=True))
    return hits / max(1, int((exact >= 0).sum()))


def recall_vs_exact(space: Space, index: VectorIndex, queries: np.ndarray, k: int = AT) -> float:
    """recall@k of an opened index against a search through every embedding, for (Q, D) float32 queries."""
    exact, _ = search_blocks(queries, space.blocks(), k)
    return recall(index.search(queries, k)[0], exact)


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


def choose_nprobe(index: Any, kinds: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[int, float]:
    """The fewest lists, in steps of a fifth, with which every kind of question reaches TARGET; the least recall then.

    Where twice the lists find hardly more, what lacks is what 8 bits can't tell apart: no more lists are walked then.

    Args:
        index: an index as lists.py makes it.
        kinds: of each kind the questions, (Q, D) float32, and the ids that they should find, (Q, AT) int64.
    """
    nprobe, shares = 1, [0.0] * _STEPS_TO_TWICE
    while True:
        ids_of_kinds = [search_lists(index, queries, exact.shape[1], nprobe)[0] for queries, exact in kinds]
        shares.append(min(recall(ids, exact) for ids, (_, exact) in zip(ids_of_kinds, kinds, strict=True)))
        is_all = shares[-1] > _MOST and shares[-1] - shares[-1 - _STEPS_TO_TWICE] < _HARDLY_MORE
        if shares[-1] >= TARGET or is_all or nprobe >= index.nlist:
            return nprobe, shares[-1]
        nprobe = min(max(nprobe + 1, nprobe * 6 // 5), index.nlist)
