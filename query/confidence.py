"""A score in, how likely it is a match out.

Cosines mean nothing by themselves: they differ from model to model and from archive to archive. So a score is held
against what has nothing to do with the question:

- of a sentence, against what sentences that hardly any archive answers reach in this archive at best;
- of a picture, against what keyframes reach at best in nine of ten other videos.

Of these, the median and the spread count (median absolute deviation, which the few of them that do fit hardly move). A
logistic curve, fitted by benchmarks/confidence.py, turns the distance into a probability. Measured for sentences; for
pictures the same curve is taken.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from framescout.cached import keep, read_kept
from framescout.catalog import Snapshot
from framescout.catalog.records import Model
from query.encode import TextTower, encode

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

PER_SPREAD = 2.6
"""Log-odds a spread of what strangers reach."""

_AT_THE_MEDIAN = -3.2  # log-odds
_LEAST_SPREAD = 0.02  # cosine
_LEAST_USUAL_SPREAD = 1e-3  # cosine
_SAMPLE = 20_000  # keyframes from which an archive is judged
_SOME = 2048  # keyframes whose median score is that of a usual one
_PICTURES = 64  # of them, so many are held against the others
_UNRELATED = 90  # percent of other videos


@dataclass(frozen=True, slots=True)
class Background:
    """What has nothing to do with a question reaches at best, in cosine."""

    center: float
    spread: float

    @classmethod
    def of(cls, best: np.ndarray) -> Background:
        """Of each stranger's best score, (N,); none where nothing is indexed."""
        if len(best) == 0:
            return cls(0.0, _LEAST_SPREAD)
        center = median(best)
        deviation = 1.4826 * median(np.abs(best - center))  # of a normal distribution: its sigma
        return cls(center, max(deviation, _LEAST_SPREAD))

    def distance(self, score: float) -> float:
        """How many spreads the score lies above the centre."""
        return (score - self.center) / self.spread

    def confidence(self, score: float) -> float:
        """How likely a keyframe with this score is a match, in [0, 1]."""
        return float(1.0 / (1.0 + np.exp(-log_odds(self.distance(score)))))


def median(values: np.ndarray) -> float:
    """Of (N,) numbers, N > 0: as np.median, which imports numpy.ma and so takes 0.01 s the first time."""
    ordered = np.sort(values)
    return float((ordered[(len(values) - 1) // 2] + ordered[len(values) // 2]) / 2)


def log_odds(distance: float) -> float:
    """Of a match, for a score that lies so many spreads above the background's centre."""
    return _AT_THE_MEDIAN + PER_SPREAD * distance


@dataclass(frozen=True)
class Sample:
    """Keyframes of whole videos, spread evenly over an archive, and what strangers make of them."""

    rows: np.ndarray
    """(N, D) float32, of unit length."""
    starts: np.ndarray
    """(V,) rows at which a video begins."""
    strange: np.ndarray
    """(S, D) float32, STRANGERS."""

    @classmethod
    def of(cls, snapshot: Snapshot, model: Model, strange: np.ndarray, below: int | None = None) -> Sample:
        """Read it; of keyframes with an id under `below`, where it is given."""
        videos = snapshot.video_ranges(model.id)
        if below is not None:
            videos = videos[videos[:, 2] <= below]
        step = max(1, int(np.ceil((videos[:, 2] - videos[:, 1]).sum() / _SAMPLE)))
        blocks = [block.embeddings for block in snapshot.blocks(model.id, video_ids=videos[::step, 0].tolist())]
        starts = np.cumsum([0, *map(len, blocks)], dtype=np.int64)[:-1]
        rows = np.concatenate(blocks) if blocks else np.empty((0, model.dimensions))
        return cls(rows.astype(np.float32), starts, strange)

    @cached_property
    def of_sentences(self) -> Background:
        """What sentences that the archive doesn't answer reach in it."""
        best = (self.rows @ self.strange.T).max(axis=0) if len(self.rows) else np.empty(0)
        return Background.of(best)

    @cached_property
    def of_pictures(self) -> Background:
        """What keyframes reach in nine of ten other videos at most; where there is one video, of other keyframes."""
        if len(self.rows) < 2:
            return Background.of(np.empty(0))
        chosen = np.unique(np.linspace(0, len(self.rows) - 1, _PICTURES).astype(int))
        scores = self.rows[chosen] @ self.rows.T
        scores[np.arange(len(chosen)), chosen] = np.nan
        if len(self.starts) > 1:
            own = np.searchsorted(self.starts, chosen, side="right") - 1
            scores = np.fmax.reduceat(scores, self.starts, axis=1)
            scores[np.arange(len(chosen)), own] = np.nan
        return Background.of(np.nanpercentile(scores, _UNRELATED, axis=1))

    @cached_property
    def some(self) -> np.ndarray:
        """(at most _SOME, D) float32: rows spread evenly over all of them."""
        return np.ascontiguousarray(self.rows[:: max(1, -(-len(self.rows) // _SOME))])

    @cached_property
    def sharpness(self) -> float:
        """Logits a unit of cosine, where sentences are held against each other by a softmax.

        Cosines lie as far apart as the strangers' do over the archive; so one temperature serves for every model.
        """
        spread = float((self.rows @ self.strange.T).std()) if len(self.rows) else 0.0
        return PER_SPREAD / max(spread, _LEAST_USUAL_SPREAD)

    @cached_property
    def unlike(self) -> float:
        """Cosine of two keyframes that have nothing to do with each other."""
        if len(self.rows) < 2:
            return 0.0
        some = self.rows[sorted(set(np.linspace(0, len(self.rows) - 1, _PICTURES).astype(int).tolist()))]
        return median((some @ some.T)[np.triu_indices(len(some), 1)])


def softmax(logits: np.ndarray) -> np.ndarray:
    """(N, K) -> (N, K), rows sum to 1; of each row one at least is finite."""
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    result: np.ndarray = shares / shares.sum(axis=1, keepdims=True)
    return result


def strangers(tower: TextTower, fingerprint: str, cache: Path) -> np.ndarray:
    """(N, D) float32 unit rows of STRANGERS; kept in `cache`, since encoding them takes most of a second."""
    words = hashlib.blake2b("\0".join((fingerprint, *tower.phrasings, *STRANGERS)).encode(), digest_size=8).hexdigest()
    path = cache / f"strangers-{words}"
    known = read_kept(path)
    if known is not None:
        return np.frombuffer(known, "<f4").reshape(len(STRANGERS), -1)
    rows = encode(tower, list(STRANGERS))
    with contextlib.suppress(OSError):  # a full disk costs time, not the answer
        keep(path, rows.astype("<f4").tobytes())
    return rows
