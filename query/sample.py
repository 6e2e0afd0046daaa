"""A sample of an archive that scores are compared with: keyframes of whole videos, spread evenly over it.

Videos stand in it in the order of their content hashes. So an archive is judged alike in whatever order it was indexed.
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
from typing import Self

import msgspec
import numpy as np
from msgspec.structs import replace

from framescout.cached import Cache, Entry
from framescout.catalog import Space
from framescout.catalog.records import Model
from framescout.embedding import ReferenceScores, background
from query.confidence import PER_SPREAD, ArchiveScores, Background, median
from query.encode import Sentences

Judge = ReferenceScores | np.ndarray
"""A model's reference scores; where it has none, (E, D) float32 unit rows of EVERYDAY."""

_ROWS = 20_000  # keyframes from which an archive is judged
_SOME = 2048  # keyframes whose median score is that of a usual one
_PICTURES = 64  # of them, so many are held against the others
_UNRELATED = 0.9  # of the other videos
_LEAST_SPREAD = 1e-3  # cosine
_FIGURES = 6  # of a cached sample
_GROWTH = 0.1  # by which an archive may have grown or shrunk since a sample of it was made
_MOST_SAMPLES = 8  # in memory, of some 3 MB each


class Sample(msgspec.Struct, frozen=True):
    """Keyframes spread evenly over an archive, and the scores of unrelated sentences and pictures in them."""

    some: np.ndarray
    """(at most 2048, D) float32 unit rows, spread evenly over the archive."""
    strange: np.ndarray
    """(S, D) float32, STRANGERS."""
    scores: ReferenceScores | ArchiveScores
    """What the scores of sentences are compared with."""
    of_pictures: Background
    """What keyframes reach in nine of ten other videos at most; where there is one video, of other keyframes."""
    unlike: float
    """Cosine of two keyframes that have nothing to do with each other."""
    sharpness: float
    """Logits a unit of cosine, where sentences are held against each other by a softmax.

    Cosines lie as far apart as the strangers' do over the archive; so one temperature serves for every model.
    """

    @classmethod
    def of(cls, rows: np.ndarray, starts: np.ndarray, strange: np.ndarray, judge: Judge) -> Self:
        """Judge (N, D) float32 unit rows, of videos that begin at the rows `starts` (V,).

        Args:
            strange: (S, D) float32 unit rows of STRANGERS.
            judge: of the scores of sentences.
        """
        scores = rows @ strange.T
        chosen = sorted(set(np.linspace(0, len(rows) - 1, _PICTURES).astype(int).tolist())) if len(rows) > 1 else []
        between = rows[chosen] @ rows[chosen].T
        return cls(
            some=np.ascontiguousarray(rows[:: max(1, -(-len(rows) // _SOME))]),
            strange=strange,
            scores=ArchiveScores.of(rows, judge) if isinstance(judge, np.ndarray) else judge,
            of_pictures=Background.of(_usual_of_others(rows, starts, np.array(chosen, int))),
            unlike=median(between[np.triu_indices(len(chosen), 1)]) if chosen else 0.0,
            sharpness=PER_SPREAD / max(float(scores.std()) if len(rows) else 0.0, _LEAST_SPREAD),
        )

    @classmethod
    def read(cls, space: Space, strange: np.ndarray, judge: Judge, below: int | None = None) -> Self:
        """Of the catalog's keyframes; of those with an id under `below`, where it is given."""
        videos = space.video_ranges()
        if below is not None:
            videos = videos[videos[:, 2] <= below]
        step = max(1, -(-int((videos[:, 2] - videos[:, 1]).sum()) // _ROWS))
        chosen = _by_content(space, videos)[::step]
        read = {block.video_id: block.embeddings for block in space.blocks_of(chosen[np.argsort(chosen[:, 1])])}
        blocks = [read[video_id] for video_id in chosen[:, 0].tolist()]
        starts = np.cumsum([0, *map(len, blocks)], dtype=np.int64)[:-1]
        rows = np.concatenate(blocks) if blocks else np.empty((0, space.model.dimensions))
        return cls.of(rows.astype(np.float32), starts, strange, judge)

    @classmethod
    def cached(cls, space: Space, strange: np.ndarray, judge: Judge, cache: Cache, *, few: int = _ROWS) -> Self:
        """As `read`, of the whole archive; the sample of a large one is written to `cache` and read while it fits.

        So a search that runs alone need not read some 20,000 embeddings, which lie all over the catalog.
        """
        if space.keyframe_count() <= few:
            return cls.read(space, strange, judge)
        key = _state(space, strange, judge)
        known = cache.read(Entry.SAMPLE, key)
        if known is not None:
            return cls._from_bytes(known, strange, judge)
        sample = cls.read(space, strange, judge)
        with contextlib.suppress(OSError):  # a full disk costs time, not the answer
            cache.drop(Entry.SAMPLE)
            cache.write(Entry.SAMPLE, key, sample._to_bytes())
        return sample

    def _to_bytes(self) -> bytes:
        sentences, pictures = self.scores, self.of_pictures
        figures = [sentences.center, sentences.spread, pictures.center, pictures.spread, self.unlike, self.sharpness]
        return np.array(figures, "<f8").tobytes() + self.some.astype("<f2").tobytes()  # which the catalog's are

    @classmethod
    def _from_bytes(cls, data: bytes, strange: np.ndarray, judge: Judge) -> Self:
        figures = np.frombuffer(data, "<f8", _FIGURES).tolist()
        some = np.frombuffer(data, "<f2", offset=8 * _FIGURES).reshape(-1, strange.shape[1]).astype(np.float32)
        scores = ArchiveScores(judge.mean(axis=0), *figures[:2]) if isinstance(judge, np.ndarray) else judge
        return cls(some, strange, scores, Background(*figures[2:4]), *figures[4:])


class _State(msgspec.Struct, frozen=True):
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
                strange, judge = self._judges(space.model)
                if is_past:
                    known = wanted, Sample.read(space, strange, judge, below)
                else:
                    known = wanted, Sample.cached(space, strange, judge, self._cache)
            self._made = [*(each for each in self._made if each[0].below != known[0].below), known][-_MOST_SAMPLES:]
            return known[1]

    def _judges(self, model: Model) -> tuple[np.ndarray, Judge]:
        """Vectors of STRANGERS, and what judges sentences."""
        tower = self._sentences.tower(model)
        strange = background.strangers(tower, model.fingerprint, self._cache)
        return strange, tower.reference or background.everyday(tower, model.fingerprint, self._cache)

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


def _by_content(space: Space, videos: np.ndarray) -> np.ndarray:
    """(M, 3) rows of `Space.video_ranges` in the order of what the videos hold."""
    ids = videos[:, 0].tolist()
    hashes = space.snapshot.content_hashes(ids)
    ordered: np.ndarray = videos[sorted(range(len(ids)), key=lambda place: hashes[ids[place]])]
    return ordered


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


def _state(space: Space, strange: np.ndarray, judge: Judge) -> str:
    """A name for the state that an archive is in: which keyframes there are, and how the last of them look."""
    videos = space.video_ranges()
    said = hashlib.blake2b(space.model.fingerprint.encode(), digest_size=8)
    said.update(b"by content")  # those of older versions stood in the order of their ids
    said.update(repr((_ROWS, _SOME, _PICTURES, _UNRELATED, _LEAST_SPREAD, PER_SPREAD)).encode())
    said.update(strange.tobytes())
    said.update(judge.tobytes() if isinstance(judge, np.ndarray) else b"")
    said.update(videos.tobytes())
    for block in space.blocks_of(videos[-1:]):
        said.update(block.embeddings.tobytes())
    return said.hexdigest()
