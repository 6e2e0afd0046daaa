"""The road of a question: encode, filter, rank, join into moments, say how sure; in one consistent snapshot."""

from __future__ import annotations

import contextlib
import math
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import islice, takewhile

import numpy as np

from framescout import settings
from framescout.catalog import Catalog, Snapshot, Space
from framescout.catalog.records import Model
from framescout.embedding import load_text_tower
from framescout.errors import NotAvailableError, UsageError
from framescout.vectors import VectorIndex, common, tidy
from query.answer import Answer
from query.collapse import collapse
from query.confidence import MATCH, log_odds, median
from query.encode import TextTower, encode
from query.feedback import learn
from query.filters import find_places, wanted_ranges
from query.moments import Found, join_chains, join_curves, look_up
from query.pictures import encode_pictures
from query.rank import Nearest, Part, Scanned, evidence_of_each, is_one_direction
from query.request import PageToken, Query, Term
from query.sample import Sample, strangers

_PLACES_A_MOMENT = 3
_SENTENCES_KEPT = 1024


class Engine:
    """Answers questions about one catalog. Kept, it answers the next one sooner; threads may share it."""

    def __init__(self, catalog: Catalog, *, model: str | None = None, zone: tzinfo | None = None) -> None:
        """`model`: by default the catalog's active one. `zone`: of dates without an offset; by default the setting."""
        self.catalog = catalog
        self.model_name = model
        self.zone = zone or settings.load().zone
        self._tower: tuple[str, TextTower] | None = None
        self._sample: tuple[tuple[int, int | None], int, Sample] | None = None
        self._preparing = threading.RLock()  # threads wait for what one of them makes, rather than make it too
        self._vectors: OrderedDict[tuple[str, str], np.ndarray] = OrderedDict()

    @contextlib.contextmanager
    def space(self) -> Iterator[Space]:
        """The keyframes that are searched: those of the engine's model, in the catalog's state of now.

        Raises:
            NotAvailableError: nothing is indexed yet.
            UsageError: the catalog has no embeddings of the model that is named.
        """
        with self.catalog.snapshot() as snapshot:
            yield self.space_in(snapshot)

    def space_in(self, snapshot: Snapshot) -> Space:
        """As `space`, in a state that is read already."""
        return snapshot.space(_find_model(snapshot, self.model_name))

    def answer(self, query: Query, *, only: np.ndarray | None = None) -> Answer:
        """The moments that answer `query`, best first.

        `only`: (M, 2) ranges of keyframe ids to look at besides the query's own filters.

        Raises:
            NotAvailableError: nothing is indexed yet, or not with this model.
            ModelNotAvailableError: the model's towers can't be had.
            UsageError: the question names something that the catalog doesn't have.
        """
        return self.answer_all([query], only=only)[0]

    def answer_all(self, queries: Sequence[Query], *, only: np.ndarray | None = None) -> list[Answer]:
        """An answer a question, from one state of the catalog; sentences alone take one pass over the index.

        Raises as `answer` does.
        """
        with self.space() as space:
            questions = None if self.catalog.stays else len(queries)
            index = VectorIndex.open(space, self.catalog.vectors_folder, questions=questions)
            self._encode(space.model, [text for query in queries for text in query.texts])
            asked = [self._read(space, query, only) for query in queries]
            rankings = self._rankings(space, index, asked)
            found = [self._find(space, *each) for each in zip(asked, rankings, _usual(asked), strict=True)]
            return self._answers(space, asked, found)

    def encode_ahead(self, queries: Sequence[Query]) -> None:
        """Encode the sentences of questions that will be asked soon, so that answering them takes less time.

        Raises as `answer` does.
        """
        with self.space() as space:
            model = space.model
        self._encode(model, [text for query in queries for text in query.texts])

    def read(self, space: Space, query: Query) -> list[Part]:
        """What a moment must show, and what it must not, as directions in the model's space."""
        sample = self.sample(space, PageToken.read(query.page).below)
        return self._parts(space, query, sample, _keyframes_at(space, query))

    def _parts(self, space: Space, query: Query, sample: Sample, places: Sequence[int]) -> list[Part]:
        parts = [self._sentence(space.model, sample, text) for text in query.wanted_texts]
        rows = [*space.embeddings_of(places).astype(np.float32)]
        if query.images:
            rows += [*encode_pictures(space.model, query.images, self.catalog.cache_folder)]
        parts += [Part.of(row, sample.of_pictures) for row in rows]
        if query.more_like or query.less_like:
            right, wrong = (_examples(space, ids) for ids in (query.more_like, query.less_like))
            parts[:1] = [learn(parts[0] if parts else None, right, wrong, sample.of_pictures)]
        return parts + [self._sentence(space.model, sample, text, is_wanted=False) for text in query.without]

    def sample(self, space: Space, below: int | None = None) -> Sample:
        """What the archive is judged by; read again when it has grown or shrunk by a tenth."""
        model, count = space.model, space.keyframe_count()
        with self._preparing:
            if self._sample is None or self._sample[0] != (model.id, below) or abs(count / self._sample[1] - 1) > 0.1:
                strange = strangers(self.text_tower(model), model.fingerprint, self.catalog.cache_folder)
                if below is None:
                    sample = Sample.kept(space, strange, self.catalog.cache_folder)
                else:
                    sample = Sample.read(space, strange, below)
                self._sample = (model.id, below), max(1, count), sample
            return self._sample[2]

    def text_tower(self, model: Model) -> TextTower:
        with self._preparing:
            if self._tower is None or self._tower[0] != model.fingerprint:
                cache, stays = self.catalog.cache_folder, self.catalog.stays
                self._tower = model.fingerprint, load_text_tower(model.name, model.fingerprint, cache, stays=stays)
            return self._tower[1]

    def _encode(self, model: Model, texts: Sequence[str]) -> list[np.ndarray]:
        """(D,) float32 unit vectors of written sentences; those that were not asked lately are encoded together."""
        keys = [(model.fingerprint, Term.read(written).text) for written in texts]
        with self._preparing:
            known = {key: self._vectors[key] for key in keys if key in self._vectors}
        missing = [key for key in dict.fromkeys(keys) if key not in known]
        if missing:
            rows = encode(self.text_tower(model), [text for _, text in missing])
            known.update(zip(missing, rows, strict=True))
            with self._preparing:
                self._vectors.update(zip(missing, rows, strict=True))
                while len(self._vectors) > _SENTENCES_KEPT:
                    self._vectors.popitem(last=False)
        return [known[key] for key in keys]

    def _sentence(self, model: Model, sample: Sample, written: str, *, is_wanted: bool = True) -> Part:
        (vector,) = self._encode(model, [written])
        return Part.of(vector, sample.of_sentences, Term.read(written).weight, is_wanted=is_wanted)

    def _read(self, space: Space, query: Query, only: np.ndarray | None) -> _Asked:
        token = PageToken.read(query.page)
        sample = self.sample(space, token.below)
        ranges = wanted_ranges(space, query, self.zone, token.below)
        if only is not None:
            ranges = tidy(only) if ranges is None else common(tidy(only), ranges)
        places = _keyframes_at(space, query)
        return _Asked(
            query,
            token,
            self._parts(space, query, sample, places),
            [[self._sentence(space.model, sample, text)] for text in query.then],
            ranges,
            places,
            sample,
        )

    def _rankings(self, space: Space, index: VectorIndex, asked: list[_Asked]) -> list[Nearest | Scanned | None]:
        """One a question; the questions of one direction and one filter share a pass over the index."""
        rankings: list[Nearest | Scanned | None] = [None] * len(asked)
        shared: dict[bytes | None, list[int]] = {}
        for number, each in enumerate(asked):
            if is_one_direction(each.parts) and not each.steps:
                shared.setdefault(None if each.ranges is None else each.ranges.tobytes(), []).append(number)
            elif not each.steps:
                rankings[number] = Scanned(space, each.parts, each.ranges)
        for numbers in shared.values():
            parts, ranges = [asked[number].parts[0] for number in numbers], asked[numbers[0]].ranges
            wanted = max(asked[number].enough for number in numbers) * _PLACES_A_MOMENT
            found = Nearest.of_many(space, index, parts, ranges, wanted)
            for number, nearest in zip(numbers, found, strict=True):
                rankings[number] = nearest
        return rankings

    def _find(self, space: Space, asked: _Asked, ranking: Nearest | Scanned | None, usual: float) -> list[Found]:
        """The best moments up to the page that was asked for, and one more if there is one."""
        if ranking is None:
            steps = [asked.parts, *asked.steps]
            return asked.first(join_chains(space, steps, asked.query, asked.ranges))
        return self._best(asked, ranking, usual)

    def _answers(self, space: Space, asked: Sequence[_Asked], found: Sequence[list[Found]]) -> list[Answer]:
        pages = [each[asking.skipped : asking.enough - 1] for asking, each in zip(asked, found, strict=True)]
        moments = iter(look_up(space, [each for page in pages for each in page]))
        next_id = space.snapshot.next_keyframe_id()
        answers = []
        for asking, each, page in zip(asked, found, pages, strict=True):
            shown = tuple(islice(moments, len(page)))
            answers.append(
                Answer(
                    query=asking.query.to_json(),
                    model=space.model.name,
                    keyframes_searched=_count(space, asking.ranges),
                    matched=any(moment.confidence >= MATCH for moment in shown),
                    moments=shown,
                    next_page=asking.token.next(next_id) if len(each) == asking.enough else None,
                )
            )
        return answers

    def _best(self, asked: _Asked, ranking: Nearest | Scanned, usual: float) -> list[Found]:
        """More places are looked at only where they joined into too few moments."""
        wanted = asked.enough * _PLACES_A_MOMENT
        while True:
            curves, floor, is_all = ranking.curves(wanted)
            found = asked.first(join_curves(curves, floor, usual, asked.parts, asked.sample.unlike))
            if is_all or len(found) >= asked.enough or floor < asked.least:
                return found
            wanted *= 2


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, read."""

    query: Query
    token: PageToken
    parts: list[Part]
    steps: list[list[Part]]
    ranges: np.ndarray | None
    places: list[int]
    """Keyframes that it should be like: these themselves are no answer."""
    sample: Sample

    @property
    def skipped(self) -> int:
        """Moments of the pages before."""
        return (self.token.number - 1) * self.query.limit

    @property
    def enough(self) -> int:
        """Moments that fill the page, and one that says whether there is another page."""
        return self.token.number * self.query.limit + 1

    @property
    def least(self) -> float:
        """Log-odds of the least confidence."""
        p = self.query.min_confidence
        return -math.inf if p <= 0 else math.inf if p >= 1 else math.log(p / (1 - p))

    def first(self, found: Iterable[Found]) -> list[Found]:
        """The first ones, best first, that are sure enough, each once."""
        sure = takewhile(lambda each: each.confidence >= self.query.min_confidence, found)
        others = (each for each in sure if not any(map(each.holds, self.places)))
        if not self.query.collapse:
            return list(islice(others, self.enough))
        return collapse(others, self.enough, self.sample.unlike)


def _usual(asked: Sequence[_Asked]) -> list[float]:
    """Of each question the log-odds that keyframes reach which show something else; those that can share a pass do."""
    shared: dict[int, list[int]] = {}
    for number, each in enumerate(asked):
        shared.setdefault(id(each.sample) if is_one_direction(each.parts) else -number, []).append(number)
    scores = [np.empty(0)] * len(asked)
    for numbers in shared.values():
        found = evidence_of_each([asked[number].parts for number in numbers], asked[numbers[0]].sample.some)
        for number, own in zip(numbers, found, strict=True):
            scores[number] = own
    # In a small archive most keyframes may fit; what strangers reach does not.
    return [min(median(each) if len(each) else 0.0, log_odds(0.0)) for each in scores]


def _find_model(snapshot: Snapshot, name: str | None) -> Model:
    """The model that is named, else the catalog's active one.

    Raises:
        NotAvailableError: nothing is indexed yet.
        UsageError: the catalog has no embeddings of the model that is named.
    """
    if name is None:
        active = snapshot.active_model()
        if active is None:
            raise NotAvailableError("nothing is indexed yet; begin with: framescout index FOLDER")
        return active
    models = snapshot.models()
    named = [model for model in models if model.name == name]
    if not named:
        known = ", ".join(sorted({model.name for model in models})) or "none"
        raise UsageError(f"the catalog has no embeddings of the model {name!r}; it has: {known}")
    return named[-1]


def _keyframes_at(space: Space, query: Query) -> list[int]:
    """The keyframe of each place that the question names."""
    keyframes = []
    for video_id, seconds in find_places(space.snapshot, query):
        keyframe_id = space.keyframe_at(video_id, seconds)
        if keyframe_id is None:
            raise UsageError(f"video {video_id} is not indexed with the model {space.model.name}; run framescout index")
        keyframes.append(keyframe_id)
    return keyframes


def _examples(space: Space, ids: Sequence[int]) -> np.ndarray:
    rows = space.embeddings_of(ids)
    if len(rows) < len(ids):
        raise UsageError(f"one of the keyframes {', '.join(map(str, ids))} is not in the catalog (any more)")
    return rows


def _count(space: Space, ranges: np.ndarray | None) -> int:
    if ranges is None:
        return space.keyframe_count()
    searched = common(ranges, space.keyframe_ranges())
    return int((searched[:, 1] - searched[:, 0]).sum())
