"""Collapses moments that look the same into the best of them, which counts the others."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

import numpy as np
from msgspec.structs import replace

from query.moments import RankedMoment

_NEARLY_THE_SAME = 0.97
"""Of the way from unrelated keyframes to the same picture."""
_FROM = 2048  # looks from which on they are shortened
_DIRECTIONS = 48
_ROUNDING = 1e-3  # by which the length of a row, of half precision, may differ from one
_FEW, _MANY = 8, 128  # moments that are compared at once: a product of matrices takes far less than many of vectors


def collapse(moments: Iterable[RankedMoment], enough: int, unlike: float) -> list[RankedMoment]:
    """The first `enough` moments that look different from every better one.

    Args:
        moments: best first; read until there are enough, and a few more.
        enough: how many at most.
        unlike: the cosine of unrelated keyframes.
    """
    border = unlike + _NEARLY_THE_SAME * (1.0 - unlike)
    looks = _Looks()
    kept: list[RankedMoment] = []
    similar: list[int] = []
    unread = iter(moments)
    while together := [*islice(unread, min(_MANY, max(_FEW, enough - len(kept))))]:
        vectors = np.stack([each.vector for each in together]).astype(np.float32)
        same_as = looks.first_like(vectors, border)
        among = vectors @ vectors.T >= border
        fresh: list[int] = []  # of them, those that are kept
        for number, (each, known) in enumerate(zip(together, same_as.tolist(), strict=True)):
            alike = [*np.flatnonzero(among[number, fresh])] if known < 0 else []
            if known >= 0:
                similar[known] += 1
            elif alike:
                similar[len(kept) - len(fresh) + alike[0]] += 1
            elif len(kept) == enough:
                return _counted(kept, similar)
            else:
                fresh.append(number)
                kept.append(each)
                similar.append(0)
        looks.add(vectors[fresh])
    return _counted(kept, similar)


def _counted(kept: list[RankedMoment], similar: list[int]) -> list[RankedMoment]:
    return [replace(each, similar=count) if count else each for each, count in zip(kept, similar, strict=True)]


class _Looks:
    """How the moments look that are kept: unit rows, in a matrix with room for more.

    Among many rows most are ruled out by a few numbers of each: its share in a few common directions and the length of
    the rest. By Cauchy and Schwarz the product of two such shortened rows is never below the cosine of the rows.
    """

    def __init__(self) -> None:
        self._rows = np.empty((0, 0), np.float32)
        self._short = np.empty((0, 0), np.float32)
        self._common: np.ndarray | None = None
        self._count = 0

    def first_like(self, vectors: np.ndarray, border: float) -> np.ndarray:
        """(C,) of each of (C, D) vectors the first row whose cosine reaches `border`; -1 where none does."""
        if not self._count:
            return np.full(len(vectors), -1)
        if self._common is None:
            is_like = vectors @ self._rows[: self._count].T >= border
        else:
            is_like = self._shortened(vectors) @ self._short[: self._count].T >= border - _ROUNDING
            for number in np.flatnonzero(is_like.any(axis=1)).tolist():
                places = np.flatnonzero(is_like[number])
                is_like[number, places] = self._rows[places] @ vectors[number] >= border
        return np.where(is_like.any(axis=1), is_like.argmax(axis=1), -1)

    def add(self, vectors: np.ndarray) -> None:
        """Take in (C, D) more rows."""
        self._rows = _with_room(self._rows, self._count, vectors)
        if self._common is None and self._count + len(vectors) >= _FROM:
            self._common = _common_directions(self._rows[: self._count])
            self._short = self._shortened(self._rows[: self._count])
        if self._common is not None:
            self._short = _with_room(self._short, self._count, self._shortened(vectors))
        self._count += len(vectors)

    def _shortened(self, vectors: np.ndarray) -> np.ndarray:
        """(C, D) unit rows as (C, _DIRECTIONS + 1)."""
        shares = vectors @ self._common
        rest = np.sqrt(np.maximum(0.0, 1.0 - (shares * shares).sum(axis=1, keepdims=True)))
        return np.hstack([shares, rest]).astype(np.float32)


def _common_directions(rows: np.ndarray) -> np.ndarray:
    """(D, _DIRECTIONS) orthonormal columns in which (N, D) rows have the largest shares.

    The largest eigenvectors of the product with itself: the right singular vectors, found in far less time.
    """
    return np.linalg.eigh(rows.T @ rows)[1][:, -_DIRECTIONS:]


def _with_room(rows: np.ndarray, count: int, more: np.ndarray) -> np.ndarray:
    """The first `count` rows and (C, D) more of them, in a matrix that may have room for others."""
    end = count + len(more)
    if end > len(rows):
        larger = np.empty((2 * end + _MANY, more.shape[1]), np.float32)
        if count:
            larger[:count] = rows[:count]
        rows = larger
    rows[count:end] = more
    return rows
