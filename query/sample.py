"""A sample of an archive that scores are compared with: keyframes of whole videos, spread evenly over it."""

from __future__ import annotations

import contextlib
import hashlib
import threading
from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from framescout.cached import Cache, Entry
from framescout.catalog import Space
from query.confidence import PER_SPREAD, Background, median
from query.encode import SentenceEncoder, Sentences, encode

STRANGERS = (
    "a kangaroo hopping", "a flamingo in shallow water", "an octopus on a reef", "a hedgehog in leaves",
    "a windmill", "an oil platform", "a glacier", "a cactus", "a coral reef", "a full moon", "a sundial",
    "a cable car", "a gondola in a canal", "a bobsleigh run", "a pole vault", "a polo match", "a javelin throw",
    "a harp", "a saxophone player", "a pottery wheel", "a loom", "a blacksmith at an anvil", "a bowl of noodles",
    "a chandelier",
)  # fmt: skip
"""Sentences that hardly any archive answers."""

_ROWS = 20_000  # keyframes from which an archive is judged
_SOME = 2048  # keyframes whose median score is that of a usual one
_PICTURES = 64  # of them, so many are held against the others
_UNRELATED = 0.9  # of the other videos
_LEAST_SPREAD = 1e-3  # cosine
_FIGURES = 6  # of a cached sample
_GROWTH = 0.1  # by which an archive may have grown or shrunk since a sample of it was made
_MOST_SAMPLES = 8  # in memory, of some 3 MB each


@dataclass(frozen=True)
class Sample:
    """Keyframes spread evenly over an archive, and the scores of unrelated sentences and pictures in them."""

    some: np.ndarray
    """(at most 2048, D) float32 unit rows, spread evenly over the archive."""
    strange: np.ndarray
    """(S, D) float32, STRANGERS."""
    of_sentences: Background
    """What sentences that the archive doesn't answer reach in it."""
    of_pictures: Background
    """What keyframes reach in nine of ten other videos at most; where there is one video, of other keyframes."""
    unlike: float
    """Cosine of two keyframes that have nothing to do with each other."""
    sharpness: float
    """Logits a unit of cosine, where sentences are held against each other by a softmax.

    Cosines lie as far apart as the strangers' do over the archive; so one temperature serves for every model.
    """

    @classmethod
    def of(cls, rows: np.ndarray, starts: np.ndarray, strange: np.ndarray) -> Self:
        """Judge (N, D) float32 unit rows, of videos that begin at the rows `starts` (V,), by strangers (S, D)."""
        scores = rows @ strange.T
        chosen = sorted(set(np.linspace(0, len(rows) - 1, _PICTURES).astype(int).tolist())) if len(rows) > 1 else []
        between = rows[chosen] @ rows[chosen].T
        return cls(
            some=np.ascontiguousarray(rows[:: max(1, -(-len(rows) // _SOME))]),
            strange=strange,
            of_sentences=Background.of(scores.max(axis=0) if len(rows) else np.empty(0)),
            of_pictures=Background.of(_usual_of_others(rows, starts, np.array(chosen, int))),
            unlike=median(between[np.triu_indices(len(chosen), 1)]) if chosen else 0.0,
            sharpness=PER_SPREAD / max(float(scores.std()) if len(rows) else 0.0, _LEAST_SPREAD),
        )

    @classmethod
    def read(cls, space: Space, strange: np.ndarray, below: int | None = None) -> Self:
        """Of the catalog's keyframes; of those with an id under `below`, where it is given."""
        videos = space.video_ranges()
        if below is not None:
            videos = videos[videos[:, 2] <= below]
        step = max(1, -(-int((videos[:, 2] - videos[:, 1]).sum()) // _ROWS))
        blocks = [block.embeddings for block in space.blocks_of(videos[::step])]
        starts = np.cumsum([0, *map(len, blocks)], dtype=np.int64)[:-1]
        rows = np.concatenate(blocks) if blocks else np.empty((0, space.model.dimensions))
        return cls.of(rows.astype(np.float32), starts, strange)

    @classmethod
    def cached(cls, space: Space, strange: np.ndarray, cache: Cache, *, few: int = _ROWS) -> Self:
        """As `read`, of the whole archive; the sample of a large one is written to `cache` and read while it fits.

        So a search that runs alone need not read some 20,000 embeddings, which lie all over the catalog.
        """
        if space.keyframe_count() <= few:
            return cls.read(space, strange)
        key = _state(space, strange)
        known = cache.read(Entry.SAMPLE, key)
        if known is not None:
            return cls._from_bytes(known, strange)
        sample = cls.read(space, strange)
        with contextlib.suppress(OSError):  # a full disk costs time, not the answer
            cache.drop(Entry.SAMPLE)
            cache.write(Entry.SAMPLE, key, sample._to_bytes())
        return sample

    def _to_bytes(self) -> bytes:
        pictures, sentences = self.of_pictures, self.of_sentences
        figures = [sentences.center, sentences.spread, pictures.center, pictures.spread, self.unlike, self.sharpness]
        return np.array(figures, "<f8").tobytes() + self.some.astype("<f2").tobytes()  # which the catalog's are

    @classmethod
    def _from_bytes(cls, data: bytes, strange: np.ndarray) -> Self:
        figures = np.frombuffer(data, "<f8", _FIGURES).tolist()
        some = np.frombuffer(data, "<f2", offset=8 * _FIGURES).reshape(-1, strange.shape[1]).astype(np.float32)
        return cls(some, strange, Background(*figures[:2]), Background(*figures[2:4]), *figures[4:])


@dataclass(frozen=True, slots=True)
class _State:
    """Which keyframes of which model a sample was made of."""

    fingerprint: str
    below: int
    """All their ids are smaller."""
    count: int


class Samples:
    """The samples of a catalog in its states, each made once; threads may share it.

    A page token names a state that the archive was in. It is judged by the sample that was current then, so that a
    later page is as sure of a moment as the first one was, and pages that alternate make nothing anew.
    """

    def __init__(self, sentences: Sentences, cache: Cache) -> None:
        self._sentences, self._cache = sentences, cache
        self._made: list[tuple[_State, Sample]] = []  # the one that was used last stands last
        self._making = threading.Lock()  # threads wait for what one of them makes, rather than make it too

    def of(self, space: Space, below: int | None = None) -> Sample:
        """What the archive is judged by, as it was when `below` was its next keyframe id; by default as it is.

        Read again when it has grown or shrunk by a tenth.

        Raises:
            ModelNotAvailableError: the text tower can't be had.
        """
        newest = space.snapshot.next_keyframe_id()
        is_past = below is not None and below < newest
        wanted = _State(space.model.fingerprint, below if is_past and below is not None else newest, 0)
        wanted = replace(wanted, count=_count(space, wanted.below))
        with self._making:
            known = self._find(wanted)
            if known is None:
                strange = strangers(self._sentences.tower(space.model), space.model.fingerprint, self._cache)
                if is_past:
                    known = wanted, Sample.read(space, strange, below)
                else:
                    known = wanted, Sample.cached(space, strange, self._cache)
            self._made = [*(each for each in self._made if each[0].below != known[0].below), known][-_MOST_SAMPLES:]
            return known[1]

    def _find(self, wanted: _State) -> tuple[_State, Sample] | None:
        """The newest that was made of this state or an earlier one, where that is still like it."""
        older = [
            each for each in self._made if each[0].fingerprint == wanted.fingerprint and each[0].below <= wanted.below
        ]
        newest = max(older, key=lambda each: each[0].below, default=None)
        if newest is None or abs(wanted.count / max(1, newest[0].count) - 1) > _GROWTH:
            return None
        return newest


def _count(space: Space, below: int) -> int:
    """Keyframes of the videos that have none from the id `below` on."""
    videos = space.video_ranges()
    videos = videos[videos[:, 2] <= below]
    return int((videos[:, 2] - videos[:, 1]).sum())


def _usual_of_others(rows: np.ndarray, starts: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """(C,) what each of the chosen rows (C,) reaches in nine of ten other videos at most."""
    if not len(chosen):
        return np.empty(0)
    scores = rows[chosen] @ rows.T
    scores[np.arange(len(chosen)), chosen] = -np.inf
    if len(starts) > 1:
        own = np.searchsorted(starts, chosen, side="right") - 1
        scores = np.maximum.reduceat(scores, starts, axis=1)
        scores[np.arange(len(chosen)), own] = -np.inf
    ordered = np.sort(scores, axis=1)[:, 1:]  # its own comes first
    place = _UNRELATED * (ordered.shape[1] - 1)
    low = int(place)
    high = min(low + 1, ordered.shape[1] - 1)
    usual: np.ndarray = ordered[:, low] + (place - low) * (ordered[:, high] - ordered[:, low])
    return usual


def _state(space: Space, strange: np.ndarray) -> str:
    """A name for the state that an archive is in: which keyframes there are, and how the last of them look."""
    videos = space.video_ranges()
    said = hashlib.blake2b(space.model.fingerprint.encode(), digest_size=8)
    said.update(repr((_ROWS, _SOME, _PICTURES, _UNRELATED, _LEAST_SPREAD, PER_SPREAD)).encode())
    said.update(strange.tobytes())
    said.update(videos.tobytes())
    for block in space.blocks_of(videos[-1:]):
        said.update(block.embeddings.tobytes())
    return said.hexdigest()


def strangers(tower: SentenceEncoder, fingerprint: str, cache: Cache) -> np.ndarray:
    """(N, D) float32 unit rows of STRANGERS; kept in `cache`, since encoding them takes most of a second."""
    words = hashlib.blake2b("\0".join((fingerprint, *tower.phrasings, *STRANGERS)).encode(), digest_size=8).hexdigest()
    known = cache.read(Entry.STRANGERS, words)
    if known is not None:
        return np.frombuffer(known, "<f4").reshape(len(STRANGERS), -1)
    rows = encode(tower, list(STRANGERS))
    with contextlib.suppress(OSError):  # a full disk costs time, not the answer
        cache.write(Entry.STRANGERS, words, rows.astype("<f4").tobytes())
    return rows
