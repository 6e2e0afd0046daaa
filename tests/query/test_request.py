"""A question checks itself, and survives the way to JSON and back."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime, time
from typing import Any

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from framescout.errors import UsageError
from query.cli import question, read_query
from query.request import Hours, PageToken, Place, Query, Term, read_date

sentence = st.text(max_size=30).map(lambda text: f"a {text} dog")


@given(
    st.builds(
        Query,
        text=sentence,
        also=st.lists(sentence, max_size=3).map(tuple),
        without=st.lists(sentence, max_size=2).map(tuple),
        then=st.lists(sentence, min_size=1, max_size=3).map(tuple),
        within=st.tuples(st.floats(0.1, 1000)),
        hours=st.sampled_from([None, "22:00-05:00", "00:00-24:00"]),
        after=st.sampled_from([None, "2026-02-14", "2026-02-14T22:15:00+01:00"]),
        collapse=st.booleans(),
        min_confidence=st.floats(0, 1),
    )
)
def test_a_question_survives_json(query: Query) -> None:
    assert Query.from_json(query.to_json()) == query


@pytest.mark.parametrize(
    ("written", "text", "weight"),
    [
        ("dog", "dog", 1.0),
        ("dog:2", "dog", 2.0),
        ("a dog (large):0.5", "a dog (large)", 0.5),
        ("a clock at 12:30", "a clock at 12:30", 1.0),
        ("score 3:2", "score 3:2", 1.0),
        ("Hund: groß", "Hund: groß", 1.0),
    ],
)
def test_a_number_after_a_word_and_a_colon_is_a_weight(written: str, text: str, weight: float) -> None:
    assert Term.read(written) == Term(text, weight)


def test_places_hours_dates_and_pages_are_read_as_written() -> None:
    assert Place.read("a@b/c.mp4@1:15") == Place("a@b/c.mp4", 75.0)
    assert Hours.read("22:00-05:00") == Hours(time(22), time(5))
    assert Hours.read("18:30 - 24:00") == Hours(time(18, 30), time(0))
    assert read_date("2026-02-14", UTC, "--after") == datetime(2026, 2, 14, tzinfo=UTC)
    assert PageToken.read("3@17") == PageToken(3, 17)
    assert PageToken.read(PageToken.read("2").next(99)) == PageToken(3, 99)
    assert PageToken.read("2@40").next(99) == "3@40"


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"text": "  "}, "nothing to search for"),
        ({"text": "x" * 3000}, "longer"),
        ({"text": "dog:99"}, "weight"),
        ({"text": "dog:-2"}, "weight"),
        ({"text": "dog:1e400"}, "weight"),
        ({"text": "dog:2024"}, "weight"),
        ({"text": "dog (large):-2"}, "weight"),
        ({"text": "dog:0.3333"}, "three decimals at most"),
        ({"text": "dog", "without": [" "]}, "empty"),
        ({"text": "dog", "like": ["a.mp4"]}, "VIDEO@SECONDS"),
        ({"text": "dog", "within": [5.0]}, "--within"),
        ({"text": "dog", "then": ["cat"], "within": [-1.0]}, "--within"),
        ({"text": "dog", "then": ["cat"], "within": [float("nan")]}, "--within"),
        ({"text": "dog", "then": ["a", "b", "c"], "within": [1.0, 2.0]}, "--within"),
        ({"text": "dog", "limit": 0}, "--limit"),
        ({"text": "dog", "min_confidence": 1.5}, "--min-confidence"),
        ({"text": "dog", "min_duration": float("nan")}, "--min-duration"),
        ({"text": "dog", "after": "tomorrow"}, "--after 'tomorrow'"),
        ({"text": "dog", "hours": "25:00-26:00"}, "--time '25:00-26:00'"),
        ({"text": "dog", "labels": ["street"]}, "--label 'street'"),
        ({"text": "dog", "page": "0"}, "--page"),
        ({"less_like": [3]}, "nothing to search for"),
        ({"text": "dog", "colour": "red"}, "colour"),
        ({"text": 7}, "str"),
        ({"text": "dog", "also": ["x"] * 100}, "parts"),
        ("dog", "object"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_by_name(asked: Any, names: str) -> None:
    with pytest.raises(UsageError, match=names):
        Query.from_json(asked)


@click.command()
@click.argument("text", nargs=-1)
@question
def _ask(text: tuple[str, ...], **asked: Any) -> None:
    click.echo(json.dumps(read_query(text, asked).to_json()))


_WORDS = st.text("abc -'\"$é", min_size=1, max_size=8).filter(str.strip)


@given(
    st.fixed_dictionaries(
        {"text": _WORDS},
        optional={
            "also": st.lists(_WORDS, min_size=1, max_size=2).map(tuple),
            "without": st.lists(_WORDS, max_size=2).map(tuple),
            "cameras": st.lists(_WORDS, max_size=2).map(tuple),
            "hours": st.just("22:00-05:00"),
            "motion": st.sampled_from(["none", "much"]),
            "min_duration": st.floats(0, 100).map(lambda value: round(value, 2)),
            "collapse": st.booleans(),
            "limit": st.integers(1, 50),
        },
    )
)
def test_a_question_as_options_asks_the_same(fields: dict[str, Any]) -> None:
    query = Query(**fields)
    said = CliRunner().invoke(_ask, shlex.split(query.as_options()))
    assert said.exit_code == 0, said.output
    assert Query.from_json(json.loads(said.output)) == query
