"""Answers a question in one snapshot: encode, filter, rank, join into moments, give a confidence."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterable, Iterator, Sequence
from datetime import tzinfo
from itertools import islice, takewhile

import msgspec
import numpy as np

from framescout.cached import Cache
from framescout.catalog import Catalog, Snapshot, Space
from framescout.catalog.records import Model
from framescout.embedding.sentences import SentenceEncoder
from framescout.errors import NotAvailableError, UsageError
from framescout.vectors import VectorIndex, common, store_in, tidy, within
from query.answer import Answer
from query.collapse import collapse
from query.confidence import MATCH, line_of_sentence, log_odds, median
from query.encode import Encoded, Sentences
from query.evidence import Direction, Evidence, Keyframes, is_alone, joint_log_odds_of_questions
from query.feedback import learn
from query.filters import FileFilter, find_places, wanted_ranges
from query.moments import Contrast, RankedMoment, look_up
from query.moving import Moving, by_motion, cut_to_motion
from query.pages import Pages, ahead
from query.pictures import encode_pictures
from query.ranking import Chains, Nearest, Ranking, Scanned
from query.request import PageToken, Query, Term, read_motion
from query.sample import Sample, Samples

_PLACES_A_MOMENT = 3


class Engine:
    """Answers questions about one catalog. Kept, it answers the next one sooner; threads may share it."""

    def __init__(self, catalog: Catalog, *, model: str | None = None, zone: tzinfo | None = None) -> None:
        """`model`: by default the catalog's active one. `zone`: of dates without an offset; by default the setting."""
        self.catalog = catalog
        self.model_name = model
        self.zone = zone or catalog.settings.zone
        self._sentences = Sentences(catalog)
        self._samples = Samples(self._sentences, Cache(catalog.cache_folder))
        self._pages = Pages()

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

    def answer_all(
        self, queries: Sequence[Query], *, only: np.ndarray | None = None, encoded: Encoded | None = None
    ) -> list[Answer]:
        """An answer a question, from one state of the catalog; sentences alone take one pass over the index.

        `encoded`: what `encode_ahead` returned for them; what it lacks is encoded now.

        Raises as `answer` does.
        """
        store = store_in(self.catalog.vectors_place)  # which reads the catalog, too
        with self.space() as space:
            count = None if self.catalog.stays else len(queries)
            index = VectorIndex.open(space, store, questions=count)
            encoded = self._sentences.encode(space.model, _texts(queries), encoded)
            questions = [self._read(space, query, encoded, only) for query in queries]
            return _answers(space, questions, self._ranked(space, index, questions))

    def _ranked(self, space: Space, index: VectorIndex, questions: Sequence[Question]) -> list[Sequence[RankedMoment]]:
        """The moments of each question up to its page or beyond; those of later pages are kept for the next ones."""
        ranked = {number: self._known(space, question) for number, question in enumerate(questions)}
        unknown = [number for number, moments in ranked.items() if moments is None]
        rankings = _rankings(space, index, [questions[number] for number in unknown])
        for number, ranking in zip(unknown, rankings, strict=True):
            question = questions[number]
            ranked[number] = moments = _best(space, question, ranking)
            if question.is_paged:
                self._pages.keep(question.key(space), moments, is_all=len(moments) < question.enough)
        return [moments for moments in ranked.values() if moments is not None]

    def _known(self, space: Space, question: Question) -> Sequence[RankedMoment] | None:
        """What was ranked for a page before, if it reaches this one and its keyframes are still there."""
        if not question.is_paged:
            return None
        key = question.key(space)
        known = self._pages.find(key, question.end + 1)
        if known is None:
            return None
        if not _are_there(space, known.moments[question.skipped : question.end]):
            self._pages.forget(key)
            return None
        return known.moments

    def encode_ahead(self, queries: Sequence[Query]) -> Encoded:
        """Encode the sentences of questions that will be asked soon, so that answering them takes less time.

        Raises as `answer` does.
        """
        with self.space() as space:
            model = space.model
        return self._sentences.encode(model, _texts(queries))

    def read(self, space: Space, query: Query) -> list[Evidence]:
        """What a moment must show, and what it must not."""
        encoded = self._sentences.encode(space.model, _texts([query]))
        sample = self.sample(space, PageToken.read(query.page).below)
        return self._parts(space, query, encoded, sample, _keyframes_at(space, query))

    def sample(self, space: Space, below: int | None = None) -> Sample:
        """What the archive is judged by; as `Samples.of`."""
        return self._samples.of(space, below)

    def text_tower(self, model: Model) -> SentenceEncoder:
        """What embeds sentences for this model, loaded once."""
        return self._sentences.tower(model)

    def _read(self, space: Space, query: Query, encoded: Encoded, only: np.ndarray | None) -> Question:
        token = PageToken.read(query.page)
        sample = self.sample(space, token.below)
        ranges = wanted_ranges(space, query, self.zone, token.below)
        if only is not None:
            ranges = tidy(only) if ranges is None else common(tidy(only), ranges)
        places = _keyframes_at(space, query)
        return Question(
            query,
            token,
            self._parts(space, query, encoded, sample, places),
            [[_sentence(encoded, sample, text)] for text in query.then],
            ranges,
            places,
            sample,
            FileFilter(space, query, self.zone),
        )

    def _parts(
        self,
        space: Space,
        query: Query,
        encoded: Encoded,
        sample: Sample,
        places: Sequence[int],
    ) -> list[Evidence]:
        parts = [_sentence(encoded, sample, text) for text in query.wanted_texts]
        rows = [*space.embeddings_of(places).astype(np.float32)]
        if query.images:
            rows += [*encode_pictures(space.model, query.images, self.catalog.cache_folder)]
        parts += [Direction.of(row, sample.of_pictures) for row in rows]
        if query.more_like or (query.less_like and parts):
            right, wrong = (_examples(space, ids) for ids in (query.more_like, query.less_like))
            parts[:1] = [learn(parts[0] if parts else None, right, wrong, sample.of_pictures)]
        alone = [Moving.of(space, read_motion(query.motion))] if query.motion and not parts else []
        return [*alone, *parts, *(_sentence(encoded, sample, text, is_wanted=False) for text in query.without)]


class Question(msgspec.Struct, frozen=True):
    """A query, read: what must be seen as evidence, where as ranges of keyframe ids."""

    query: Query
    token: PageToken
    parts: Sequence[Evidence]
    """What must hold at the moment itself."""
    steps: Sequence[Sequence[Evidence]]
    """What must follow."""
    ranges: np.ndarray | None
    places: list[int]
    """Keyframes that it should be like: these themselves are no answer."""
    sample: Sample
    files: FileFilter
    """What is asked of files: it says which file of a video is shown."""

    @property
    def is_indexed(self) -> bool:
        """Whether the vector index knows its candidates."""
        is_one = not self.steps and is_alone(self.parts) and self.parts[0].index_vector is not None
        return is_one and not self.query.is_by_motion  # every match is looked at, not the best ones alone

    @property
    def is_by_motion(self) -> bool:
        """Whether motion alone says what is wanted."""
        return any(isinstance(part, Moving) for part in self.parts)

    @property
    def skipped(self) -> int:
        """Moments of the pages before."""
        return (self.token.number - 1) * self.query.limit

    @property
    def end(self) -> int:
        """Moments of the pages before and of this one."""
        return self.token.number * self.query.limit

    @property
    def enough(self) -> int:
        """Moments that fill the page, and one that says whether there is another; more where pages follow."""
        return (ahead(self.end) if self.is_paged else self.end) + 1

    @property
    def is_paged(self) -> bool:
        """Whether it is a page of a state of the archive, which others may follow."""
        return self.token.below is not None

    def key(self, space: Space) -> Hashable:
        """What its pages have in common, and no other question."""
        ranges = None if self.ranges is None else self.ranges.tobytes()
        asked = msgspec.structs.replace(self.query, page=None, limit=1)
        return space.model.fingerprint, asked, self.token.below, ranges, *self.places

    def first(self, moments: Iterable[RankedMoment]) -> list[RankedMoment]:
        """The first ones, best first, that are sure enough, each once."""
        sure = takewhile(lambda each: each.confidence >= self.query.min_confidence, moments)
        left_out = (*self.places, *self.query.less_like)
        others = (each for each in sure if not any(map(each.holds, left_out)))
        if not self.query.collapse or self.is_by_motion or self.query.is_by_motion:  # a fixed camera looks alike
            return list(islice(others, self.enough))
        return collapse(others, self.enough, self.sample.unlike)


def _are_there(space: Space, moments: Sequence[RankedMoment]) -> bool:
    """Whether their keyframes live; those of a video that was dropped or indexed anew don't."""
    ids = np.array([(each.first, each.last) for each in moments], np.int64)
    return bool(within(ids.ravel(), space.keyframe_ranges()).all())


def _texts(queries: Sequence[Query]) -> list[str]:
    """Every sentence in them, without its weight."""
    return [Term.read(written).text for query in queries for written in query.texts]


def _sentence(encoded: Encoded, sample: Sample, written: str, *, is_wanted: bool = True) -> Direction:
    term = Term.read(written)
    vector = encoded.vectors[term.text]
    at_zero, slope = line_of_sentence(vector, term.text, sample.scores)
    return Direction(vector, at_zero, slope, term.weight, is_wanted)


def _rankings(space: Space, index: VectorIndex, questions: Sequence[Question]) -> list[Ranking]:
    """One a question; those that the index knows, and that have the same filter, share a pass over it."""
    contrasts = _contrasts(questions)
    rankings: dict[int, Ranking] = {}
    shared: dict[bytes | None, list[int]] = {}
    for number, each in enumerate(questions):
        if each.is_indexed:
            shared.setdefault(None if each.ranges is None else each.ranges.tobytes(), []).append(number)
        elif each.steps:
            rankings[number] = Chains(space, [each.parts, *each.steps], each.query, each.ranges)
        else:
            rankings[number] = Scanned(space, each.parts, each.ranges, contrasts[number])
    for numbers in shared.values():
        parts, ranges = [questions[number].parts[0] for number in numbers], questions[numbers[0]].ranges
        wanted = max(questions[number].enough for number in numbers) * _PLACES_A_MOMENT
        own = [contrasts[number] for number in numbers]
        nearest = Nearest.of_many(space, index, parts, ranges, own, wanted)
        rankings |= dict(zip(numbers, nearest, strict=True))
    return [rankings[number] for number in range(len(questions))]


def _contrasts(questions: Sequence[Question]) -> list[Contrast]:
    """What each question's moments must stand out from; questions that can share a pass over the sample do."""
    shared: dict[int, list[int]] = {}
    for number, each in enumerate(questions):
        shared.setdefault(id(each.sample) if is_alone(each.parts) else -number, []).append(number)
    scores = [np.empty(0)] * len(questions)
    for numbers in shared.values():
        keyframes = Keyframes.of_rows(questions[numbers[0]].sample.some)
        own = joint_log_odds_of_questions([questions[number].parts for number in numbers], keyframes)
        for number, each_own in zip(numbers, own, strict=True):
            scores[number] = each_own
    # In a small archive most keyframes may fit; what strangers reach does not.
    usual = [min(median(each) if len(each) else 0.0, log_odds(0.0)) for each in scores]
    return [Contrast(*each) for each in zip(usual, (each.sample.unlike for each in questions), strict=True)]


def _best(space: Space, question: Question, ranking: Ranking) -> list[RankedMoment]:
    """The best moments up to the page that was asked for, and one more if there is one.

    More places are looked at only where they joined into too few moments; all of them for an order by motion.
    """
    if question.query.is_by_motion:
        every = ranking.moments(space.keyframe_count())
        return question.first(by_motion(every, space.motion(), question.query.min_confidence or MATCH))
    best = question.first(ranking.moments(question.enough * _PLACES_A_MOMENT))
    return sorted(best, key=lambda moment: -moment.score)  # 8 bits may hide one until more places are asked for


def _answers(space: Space, questions: Sequence[Question], moments: Sequence[Sequence[RankedMoment]]) -> list[Answer]:
    """What each question's page shows, looked up all at once."""
    pages = [each[asked.skipped : asked.end] for asked, each in zip(questions, moments, strict=True)]
    file_of = [asked.files.file_of for asked, page in zip(questions, pages, strict=True) for _ in page]
    shown = iter(look_up(space, [each for page in pages for each in page], file_of))
    next_id = space.snapshot.next_keyframe_id()
    answers = []
    for asked, each, page in zip(questions, moments, pages, strict=True):
        own = tuple(islice(shown, len(page)))
        if asked.is_by_motion:
            own = tuple(cut_to_motion(space, moment) for moment in own)
        matches = sum(moment.confidence >= MATCH for moment in each[: asked.end])
        answers.append(
            Answer(
                query=asked.query.to_json(),
                model=space.model.name,
                keyframes_searched=_count(space, asked.ranges),
                matched=matches > 0,
                moments=own,
                next_page=asked.token.next(next_id) if len(each) > asked.end else None,
                matches=matches,
            )
        )
    return answers


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
