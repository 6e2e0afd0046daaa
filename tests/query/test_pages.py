"""Pages of an answer: what was ranked for one serves the next ones, and they are what one long answer is."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import framescout
import indexer
from framescout.catalog import Catalog
from framescout.settings import load
from query import engine as module
from query.engine import Engine
from query.moments import RankedMoment
from query.pages import Pages, ahead
from query.request import Query


@pytest.fixture
def catalog(tmp_path: Path, towers: Path, landscapes: Path) -> Catalog:
    shutil.copytree(landscapes, tmp_path / "archive", dirs_exist_ok=True)
    shutil.copytree(towers, tmp_path / "catalog" / "cache")
    made = framescout.open(tmp_path / "catalog")
    indexer.index(made, [tmp_path / "archive"])
    return made


@pytest.fixture
def ranked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many moments were wanted, each time that a question was ranked."""
    wanted: list[int] = []
    rank = module._best

    def counting(space, question, ranking):
        wanted.append(question.enough)
        return rank(space, question, ranking)

    monkeypatch.setattr(module, "_best", counting)
    return wanted


@pytest.mark.parametrize("collapse", [True, False])
def test_pages_are_parts_of_one_answer_and_few_of_them_rank(
    catalog: Catalog, ranked: list[int], collapse: bool
) -> None:
    engine = Engine(catalog)
    whole = engine.answer(Query("a landscape", limit=100, collapse=collapse))
    ranked.clear()
    seen, answers, page = [], [], None
    while not answers or page:
        answers.append(engine.answer(Query("a landscape", limit=1, collapse=collapse, page=page)))
        seen += answers[-1].moments
        page = answers[-1].next_page
    assert [each.keyframe_id for each in seen] == [each.keyframe_id for each in whole.moments]
    assert [each.matches for each in answers] == [
        sum(moment.confidence >= 0.5 for moment in seen[: number + 1]) for number in range(len(seen))
    ]
    assert len(ranked) <= 3  # the first page, and then four times as many each time
    assert len(ranked) < len(answers)


def test_another_filter_or_another_question_has_pages_of_its_own(catalog: Catalog, ranked: list[int]) -> None:
    engine = Engine(catalog)
    page = engine.answer(Query("a landscape", limit=1)).next_page
    ranked.clear()
    second = engine.answer(Query("a landscape", limit=1, page=page))
    assert engine.answer(Query("a landscape", limit=1, page=page)) == second
    assert len(ranked) == 1
    assert engine.answer(Query("a landscape", limit=1, page=page, paths=("*holiday*",))) != second
    assert engine.answer(Query("the night", limit=1, page=page)) != second
    assert len(ranked) == 3


def test_a_video_that_was_dropped_is_on_no_page(catalog: Catalog) -> None:
    engine = Engine(catalog)
    page = engine.answer(Query("a landscape", limit=1, collapse=False)).next_page
    (gone,) = engine.answer(Query("a landscape", limit=1, collapse=False, page=page)).moments
    with catalog.writer() as writer:
        writer.drop_video(gone.video_id)
    while page:
        answer = engine.answer(Query("a landscape", limit=1, collapse=False, page=page))
        assert gone.video_id not in {each.video_id for each in answer.moments}
        page = answer.next_page


def test_a_video_that_was_indexed_anew_is_on_no_later_page_and_the_others_keep_their_times(catalog: Catalog) -> None:
    engine = Engine(catalog)
    first = engine.answer(Query("a landscape", limit=1, collapse=False))
    (anew,) = engine.answer(Query("a landscape", limit=1, collapse=False, page=first.next_page)).moments
    assert indexer.index(catalog, [anew.video], settings=load(density="thorough")).indexed
    page, seen = first.next_page, 0
    while page:
        answer = engine.answer(Query("a landscape", limit=1, collapse=False, page=page))
        for moment in answer.moments:
            with catalog.snapshot() as snapshot:
                times = snapshot.space(snapshot.active_model()).keyframe_times(moment.video_id)
            assert moment.video_id != anew.video_id
            assert moment.peak == times.times[moment.keyframe_id - times.first_keyframe_id]
            seen += 1
        page = answer.next_page
    assert seen


def test_the_questions_that_were_used_last_are_kept() -> None:
    pages, vector = Pages(most=25), np.ones(4, np.float16)
    moments = [RankedMoment(1, n, n, n, 0.0, 0.5, vector) for n in range(10)]
    for name in ("first", "second"):
        pages.keep(name, moments, is_all=False)
    assert pages.find("first", 10)
    pages.keep("third", moments, is_all=True)
    assert pages.find("second", 1) is None
    assert pages.find("first", 11) is None
    assert pages.find("third", 11)
    pages.forget("third")
    assert pages.find("third", 1) is None


def test_few_pages_rank_and_far_down_they_rank_little_more_than_themselves() -> None:
    assert [ahead(count) for count in (1, 24, 5000)] == [4, 96, 20_000]
    assert ahead(100_000) <= 130_000
    rankings, reached = 0, 24
    while reached < 100_000:
        reached, rankings = ahead(reached + 24), rankings + 1
    assert rankings <= 10
