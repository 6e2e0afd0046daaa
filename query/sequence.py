"""Finds the best chains of keyframes for steps that must follow each other: first A, then B, then C.

A chain takes one keyframe a step from one video; each comes after the one before it, and at most so many seconds later.
Its probability is the product of its steps'. Dynamic programming over the keyframes finds the best chain of a stretch
of video; then the next best is looked for before and behind it, so that chains never overlap.
"""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import msgspec
import numpy as np


class Chain(msgspec.Struct, frozen=True):
    """One keyframe a step, as positions in a video, rising."""

    keyframes: tuple[int, ...]
    log_probability: float


class SequenceScores(msgspec.Struct, frozen=True):
    """The times of a video's keyframes, and how probably each shows each step."""

    times: np.ndarray
    """(N,) float64 seconds, strictly rising."""
    steps: np.ndarray
    """(K, N) float64, log of the probability that a keyframe shows step k; -inf where it must not be used."""


def best_chain(track: SequenceScores, within: Sequence[float]) -> Chain | None:
    """The most probable chain; None where there is none. Of equal ones the earliest.

    `within`: K - 1 spans of seconds; step k + 1 comes later than step k, by at most `within[k]`.
    """
    total = track.steps[0]
    ways = []
    for step, seconds in zip(track.steps[1:], within, strict=True):
        best, way = _best_before(track.times, total, seconds)
        ways.append(way)
        total = step + best
    last = int(np.argmax(total))
    if np.isneginf(total[last]):
        return None
    keyframes = [last]
    for way in reversed(ways):
        keyframes.append(int(way[keyframes[-1]]))
    return Chain(tuple(reversed(keyframes)), float(total[last]))


def _best_before(times: np.ndarray, total: np.ndarray, seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """Of each keyframe: the best `total` among those before it, at most `seconds` back, and where; -inf, -1."""
    best, way = np.full(len(times), -np.inf), np.full(len(times), -1)
    window: deque[int] = deque()  # positions with falling totals: the first one is the best that is still near
    for position in range(1, len(times)):
        while window and total[window[-1]] < total[position - 1]:
            window.pop()
        window.append(position - 1)
        while window and times[position] - times[window[0]] > seconds:
            window.popleft()
        if window:
            best[position], way[position] = total[window[0]], window[0]
    return best, way


def best_chains(
    steps: Sequence[np.ndarray], times_of: Callable[[int], np.ndarray], within: Sequence[float]
) -> Iterator[tuple[int, Chain]]:
    """(number of the video, chain), the most probable first; chains of one video never overlap.

    A stretch is looked at only when nothing better can be elsewhere: its bound is each step's best by itself.

    Args:
        steps: of each video what `SequenceScores.steps` holds.
        times_of: what `SequenceScores.times` holds, of the video with this number.
        within: as in `best_chain`.
    """
    heap: list[tuple[float, int, int, int, Chain | None]] = []

    def offer(number: int, start: int, end: int) -> None:
        if end - start >= len(steps[number]):
            bound = float(steps[number][:, start:end].max(axis=1).sum())
            if not np.isneginf(bound):
                heapq.heappush(heap, (-bound, number, start, end, None))

    for number, each in enumerate(steps):
        offer(number, 0, each.shape[1])
    while heap:
        _, number, start, end, chain = heapq.heappop(heap)
        if chain is None:
            best = best_chain(SequenceScores(times_of(number)[start:end], steps[number][:, start:end]), within)
            if best:
                chain = Chain(tuple(start + place for place in best.keyframes), best.log_probability)
                heapq.heappush(heap, (-chain.log_probability, number, start, end, chain))
        else:
            yield number, chain
            offer(number, start, chain.keyframes[0])
            offer(number, chain.keyframes[-1] + 1, end)
