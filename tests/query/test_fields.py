"""The table of a question's fields, and the four places that are made from it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from starlette.testclient import TestClient

import framescout
from query import cli, saved_cli
from query.fields import DATE, FIELDS, FLAG, HOURS, KEYFRAME, MOTION, NUMBER, ORDER, PAGE, PICTURE, Field
from query.request import Query
from query.web import create_app
from query.web.chips import chips
from query.web.question_parameters import QuestionParameters
from tests.docs.fields import SEARCH, table

OPTIONS = [field for field in FIELDS if field.options]
by_name = pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)


def written(field: Field) -> list[str]:
    """Values that somebody may give."""
    named = {"like": ["a.mp4@3", "7@75"], "labels": ["scene=street", "scene=shop"],
             "not_labels": ["scene=street", "scene=shop"], "limit": ["7"], "within": ["2.5"]}  # fmt: skip
    known = {PICTURE: ["0" * 32], NUMBER: ["0.5"], KEYFRAME: ["3", "9"], FLAG: ["false"], DATE: ["2026-02-14"],
             HOURS: ["22:00-05:00"], MOTION: ["much"], ORDER: ["motion"], PAGE: ["2@17"]}  # fmt: skip
    values = named.get(field.name) or known.get(field.kind) or ["a dog", "snow"]
    return values if field.is_many else values[:1]


def test_every_field_of_a_question_has_its_row() -> None:
    assert [field.name for field in FIELDS] == list(Query.__struct_fields__)


@pytest.mark.parametrize("command", [cli.search, cli.export, saved_cli.save], ids=lambda command: command.name)
def test_the_command_line_has_the_options_of_the_table(command: click.Command) -> None:
    known = {option.name: option for option in command.params if isinstance(option, click.Option)}
    for field in OPTIONS:
        option = known[field.name]
        assert (tuple(option.opts), option.help, option.multiple) == (field.options, field.help, field.is_many)
        assert field.metavar in (option.metavar, None)


def test_the_http_api_has_the_parameters_of_the_table(tmp_path: Path) -> None:
    app = create_app(framescout.open(tmp_path / "catalog"), exports=tmp_path)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        told = client.get("/openapi.json").json()["paths"]["/api/search"]["get"]["parameters"]
        page = client.get("/").text
    assert [parameter["name"] for parameter in told] == [field.parameter for field in FIELDS]
    for field, parameter in zip(FIELDS, told, strict=True):
        assert (parameter["schema"].get("type") == "array") == (field.is_many and field.kind is not PICTURE)
        assert (f'name="{field.parameter}"' in page) == bool(field.label or field.name == "text")


@by_name
def test_a_value_out_of_bounds_is_refused_in_the_same_words_everywhere(field: Field) -> None:
    for value in () if field.bounds is None else (field.bounds.low - 1, field.bounds.high * 2):
        if value == float("inf"):
            continue
        number = value if field.kind is NUMBER else int(value)
        asked = {"text": "a dog", "then": ["a bus"], field.name: [number] if field.is_many else number}
        with pytest.raises(framescout.errors.UsageError, match=f"{field.option} (lies|is a number)"):
            Query.from_json(asked)


@by_name
def test_what_is_set_shows_as_a_chip(field: Field) -> None:
    made = chips([(field.parameter, value) for value in written(field)])
    assert bool(made) == bool(field.chip)
    assert bool(field.chip) == (field.kind is ORDER or (field.group != "shown" and field.name != "text"))
    if field.chip:
        value = str(len(written(field))) if field.kind is KEYFRAME else written(field)[0]
        assert made[0].text == field.chip.format(value)


@by_name
def test_the_command_line_and_http_ask_the_same(field: Field, tmp_path: Path) -> None:
    values = written(field)
    (tmp_path / values[0]).touch() if field.kind is PICTURE else None
    given: dict[str, Any] = {"then": ["a bus"]} if field.name == "within" else {}
    words = ["a dog"]
    if field.kind is PICTURE:
        options = [field.option, str(tmp_path / values[0])]
    elif field.kind is FLAG:
        options = [field.option]
    elif not field.options:
        words, options = (values if field.name == "text" else [*words, *values]), []
    else:
        options = [each for value in values for each in (field.option, value)]
    if "then" in given:
        options += ["--then", "a bus"]
    typed = [field.kind.type(value) if field.kind is not FLAG else False for value in values]
    given[field.parameter] = typed if field.is_many and field.kind is not PICTURE else typed[0]
    asked = QuestionParameters(**{"text": words[0], "limit": 10} | given)
    assert by_command([*words, *options]) == asked.query(tmp_path)
    assert field.parameter in inspect.signature(QuestionParameters).parameters


def by_command(arguments: list[str]) -> Query:
    made: list[Query] = []

    @click.command()
    @click.argument("text", nargs=-1)
    @cli.question
    def command(text: tuple[str, ...], **asked: Any) -> None:
        made.append(cli.read_query(text, asked))

    done = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return made[0]


def test_the_table_in_the_documents_is_this_one() -> None:
    assert table() in SEARCH.read_text(encoding="utf-8"), "run: python -m tests.docs.fields"
