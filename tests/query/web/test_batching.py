"""Questions that are asked at once are answered together, and each as if it had been asked alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from framescout.catalog import Catalog
from framescout.errors import UsageError
from query.answer import Answer
from query.engine import Engine
from query.request import Query
from query.web.batching import QuestionBatcher

TEXTS = ["mountains", "the sea", "trees in a meadow", "a night street", "a sunset", "snow", "a red car"]


class Counted(Engine):
    """Notes how many questions it was given at a time."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(catalog)
        self.together: list[int] = []

    def answer_all(self, queries: Sequence[Query], **options: Any) -> list[Answer]:
        self.together.append(len(queries))
        return super().answer_all(queries, **options)


def same(one: Answer, other: Answer) -> bool:
    """But for rounding."""
    found, wanted = ([(m.video, m.start, m.end, m.keyframe_id) for m in each.moments] for each in (one, other))
    sure = zip(one.moments, other.moments, strict=True)
    return found == wanted and all(abs(a.confidence - b.confidence) < 1e-3 for a, b in sure)


def test_each_is_answered_as_if_alone(served: Catalog) -> None:
    engine, alone = Counted(served), Engine(served)
    engine.answer(Query("warm"))
    questions = QuestionBatcher(engine)
    queries = [Query(text, limit=3, collapse=number % 2 == 0) for number, text in enumerate(TEXTS)]
    queries += [Query("mountains", without=("snow",)), Query("the sea", paths=("*.mp4",))]
    answers = [questions.ask(query) for query in queries]
    for query, answer in zip(queries, answers, strict=True):
        assert same(answer.result(60), alone.answer(query))
    questions.close()
    assert max(engine.together) > 1, "none waited for another"


def test_one_that_can_not_be_answered_spoils_no_other(served: Catalog) -> None:
    questions = QuestionBatcher(Engine(served))
    bad = [Query("a", cameras=("nowhere",)) for _ in range(3)]
    answers = [questions.ask(query) for query in [Query("the sea"), *bad, Query("snow")]]
    for place in (1, 2, 3):
        with pytest.raises(UsageError, match="no camera"):
            answers[place].result(60)
    assert answers[0].result(60).moments
    assert answers[4].result(60).moments
    questions.close()


def test_a_fault_of_the_engine_is_told_and_ends_nothing(served: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(served)
    questions = QuestionBatcher(engine)
    with monkeypatch.context() as broken:
        broken.setattr(engine, "answer_all", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            questions.ask(Query("the sea")).result(60)
    assert questions.ask(Query("the sea")).result(60).moments
    questions.close()
