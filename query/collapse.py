"""Collapses moments that look the same into the best of them, which counts the others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from query.moments import RankedMoment

_NEARLY_THE_SAME = 0.97
"""Of the way from unrelated keyframes to the same picture."""


def collapse(moments: Iterable[RankedMoment], enough: int, unlike: float) -> list[RankedMoment]:
    """The first `enough` moments that look different from every better one.

    Args:
        moments: best first; read until there are enough.
        enough: how many at most.
        unlike: the cosine of unrelated keyframes.
    """
    border = unlike + _NEARLY_THE_SAME * (1.0 - unlike)
    kept: list[RankedMoment] = []
    similar: list[int] = []
    vectors = np.empty((0, 0), np.float32)
    for each in moments:
        vector = each.vector.astype(np.float32, copy=False)
        if len(vectors) == len(kept):  # room for as many again
            vectors = np.resize(vectors, (2 * len(kept) + 32, len(vector)))
        likeness = vectors[: len(kept)] @ vector
        if kept and likeness.max() >= border:
            similar[int((likeness >= border).argmax())] += 1
        elif len(kept) == enough:
            break
        else:
            vectors[len(kept)] = vector
            kept.append(each)
            similar.append(0)
    return [replace(each, similar=count) if count else each for each, count in zip(kept, similar, strict=True)]
