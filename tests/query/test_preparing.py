"""What an engine makes once and hands on: vectors of sentences, samples of an archive."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framescout.embedding.background import EVERYDAY, STRANGERS
from query import encode, sample
from query.engine import Engine
from query.request import Query
from query.sample import Sample
from tests.framescout.vectors.make import DIMENSIONS, Archive, unit


class CountingTower:
    """A text tower whose vectors follow from the letters; it notes what it was asked."""

    phrasings = ("{}",)
    reference = None

    def __init__(self) -> None:
        self.texts: list[str] = []

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        self.texts += texts
        seeds = [int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest()) for text in texts]
        return unit(np.stack([np.random.default_rng(seed).normal(size=DIMENSIONS) for seed in seeds])).astype("f4")

    @property
    def asked(self) -> list[str]:
        """Without the sentences that the archive is judged by."""
        return [text for text in self.texts if text not in {*STRANGERS, *EVERYDAY}]


@pytest.fixture
def tower(monkeypatch: pytest.MonkeyPatch) -> CountingTower:
    made = CountingTower()
    monkeypatch.setattr(encode, "load_text_tower", lambda *_, **__: made)
    return made


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive.make(tmp_path / "catalog")
    made.add([20] * 10)
    with made.catalog.writer() as writer:
        writer.activate(made.model)
    return made


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Below which id each sample was read that was made."""
    made: list[int | None] = []
    read = Sample.read.__func__  # type: ignore[attr-defined]

    def noting(cls: type[Sample], *given: Any) -> Sample:
        made.append(given[3] if len(given) > 3 else None)
        sample: Sample = read(cls, *given)
        return sample

    monkeypatch.setattr(sample.Sample, "read", classmethod(noting))
    return made


def test_as_many_sentences_as_are_asked_are_encoded_and_no_more(archive: Archive, tower: CountingTower) -> None:
    texts = [f"sentence {number}" for number in range(1500)]
    engine = Engine(archive.catalog)
    answers = engine.answer_all([Query(text, limit=1, without=("snow",) * (i % 2)) for i, text in enumerate(texts)])
    assert len(answers) == 1500
    assert len(tower.asked) == len(set(tower.asked)) == 1501


def test_what_was_encoded_ahead_is_not_encoded_again(archive: Archive, tower: CountingTower) -> None:
    engine = Engine(archive.catalog)
    queries = [Query(f"sentence {number}", limit=1) for number in range(1500)]
    ahead = engine.encode_ahead(queries)
    engine.answer_all(queries, encoded=ahead)
    assert len(tower.asked) == 1500
    engine.answer(queries[-1])
    assert len(tower.asked) == 1500


def test_pages_that_alternate_make_no_sample_anew(
    archive: Archive, tower: CountingTower, readings: list[int | None]
) -> None:
    engine = Engine(archive.catalog)
    for _ in range(3):
        for page in (None, "2@51", "2@101", "1@151", "2"):
            engine.answer(Query("a dog", page=page))
    assert readings == [None, 51, 101, 151]


def test_a_later_page_is_as_sure_as_the_first_however_much_came_since(
    archive: Archive, tower: CountingTower, readings: list[int | None]
) -> None:
    engine = Engine(archive.catalog)
    engine.answer(Query("another question"))
    archive.add([10])  # a twentieth: the sample still stands
    whole = engine.answer(Query("a dog", limit=40, collapse=False))
    first = engine.answer(Query("a dog", limit=4, collapse=False))
    archive.add([200])
    newer = engine.answer(Query("a dog", limit=4, collapse=False))
    moments, page = list(first.moments), first.next_page
    while page:
        answer = engine.answer(Query("a dog", limit=4, collapse=False, page=page))
        moments += answer.moments
        page = answer.next_page
    sure = {moment.keyframe_id: moment.confidence for moment in whole.moments}
    assert len(moments) > 8
    assert {moment.keyframe_id: moment.confidence for moment in moments if moment.keyframe_id in sure} == sure
    assert readings == [None, None]
    assert newer.moments != first.moments
