"""Keeps the moments of questions that somebody pages through, so that a page costs what its own moments cost.

Ranking starts anew with each question. Without this, a page far down would cost as much as all pages before it, and to
scroll through a long answer would take time that grows with the square of its length.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence

import msgspec
import numpy as np
from msgspec.structs import replace

from query.moments import RankedMoment

_MOST = 400_000  # moments of all questions together, of some 300 bytes each
_AHEAD = 4  # times as many moments are ranked as a page ends with, so that few pages rank at all
_MOST_AHEAD = 25_000  # moments: far down it takes long to rank, and few read on so far
_NO_VECTOR = np.empty(0, np.float16)


class RankedPages(msgspec.Struct, frozen=True):
    """The moments of one question, best first, without their vectors."""

    moments: Sequence[RankedMoment]
    is_all: bool
    """Whether there are no more."""

    def reach(self, count: int) -> bool:
        """Whether the first `count` moments are here, as far as there are so many."""
        return self.is_all or len(self.moments) >= count


class Pages:
    """The moments of the questions that were paged through last; threads may share it."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._kept: OrderedDict[Hashable, RankedPages] = OrderedDict()  # the one that was used last stands last
        self._lock = threading.Lock()

    def find(self, question: Hashable, count: int) -> RankedPages | None:
        """What is kept of a question, if it reaches `count` moments."""
        with self._lock:
            known = self._kept.get(question)
            if known is None or not known.reach(count):
                return None
            self._kept.move_to_end(question)
            return known

    def keep(self, question: Hashable, moments: Sequence[RankedMoment], *, is_all: bool) -> None:
        """Keep a question's moments, and forget others where they are too many."""
        light = [replace(each, vector=_NO_VECTOR) for each in moments]  # a vector would keep its whole video in memory
        with self._lock:
            self._kept[question] = RankedPages(light, is_all)
            self._kept.move_to_end(question)
            while len(self._kept) > 1 and sum(len(each.moments) for each in self._kept.values()) > self._most:
                self._kept.popitem(last=False)

    def forget(self, question: Hashable) -> None:
        """Forget a question whose moments are not in the catalog any more."""
        with self._lock:
            self._kept.pop(question, None)


def ahead(count: int) -> int:
    """How many moments to rank where a page ends with the one of this number."""
    return min(_AHEAD * count, count + _MOST_AHEAD)
