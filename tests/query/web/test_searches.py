"""Saved searches over HTTP and on pages: those of the command line, with how much is new."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fastapi import FastAPI
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

import framescout
import indexer
import query
from framescout.catalog import Catalog
from framescout.catalog.records import SavedSearch
from framescout.commands.scenes import draw
from query.request import Query
from query.web import create_app
from query.web.people import Person
from query.web.saved_questions import SavedQuestion
from query.web.site import Question
from tests.conftest import Place, Program
from tests.footage import make

MEADOW = "trees in a green meadow"


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    folder = tmp_path / "footage"
    folder.mkdir()
    make.encode(folder / "meadow.mp4", [np.asarray(draw("meadow"))] * 50, make.QUICK_X264)
    return folder


@contextmanager
def app_of(catalog: Catalog, exports: Path) -> Iterator[TestClient]:
    app = create_app(catalog, exports=exports, zone=UTC)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def own(served: Catalog, tmp_path: Path) -> Catalog:
    shutil.copytree(served.folder, tmp_path / "own")
    return framescout.open(tmp_path / "own")


@pytest.fixture
def app(own: Catalog, tmp_path: Path) -> Iterator[TestClient]:
    with app_of(own, tmp_path / "exports") as opened:
        yield opened


def unread(app: TestClient) -> dict[str, Any]:
    return {each["name"]: each["unread"] for each in app.get("/api/searches/unread").json()}


def test_the_page_and_the_command_line_know_the_same(
    place: Place, footage: Path, tmp_path: Path, program: Program
) -> None:
    catalog = framescout.open(place)
    indexer.index(catalog, [footage])
    at = ("--catalog", place)
    assert program(*at, "searches", "save", "gate", "a gate", "--exec", "cat").returncode == 0
    with app_of(catalog, tmp_path / "exports") as app:
        asked = {"text": MEADOW, "without": ["snow"], "hours": "06:00-22:00", "page": "3", "limit": 50}
        saved = app.post("/api/searches", params=asked, json={"name": "a meadow"})
        assert saved.status_code == 201, saved.text
        kept = {"text": MEADOW, "without": ["snow"], "hours": "06:00-22:00", "limit": 10}
        listed = {each["name"]: each for each in json.loads(program(*at, "searches", "--json").stdout)}
        assert listed["a meadow"]["query"] == kept
        assert "Saved search <strong>gate" in app.get(app.get("/api/searches").json()[1]["address"]).text
        assert [each["name"] for each in app.get("/api/searches").json()] == ["a meadow", "gate"]
        changed = app.post("/api/searches/change", params={"text": "a door"}, json={"name": "gate", "new_name": "door"})
        assert changed.json()["has_program"]
        listed = {each["name"]: each for each in json.loads(program(*at, "searches", "--json").stdout)}
        assert (listed["door"]["query"]["text"], listed["door"]["command"]) == ("a door", ["cat"])
        assert app.post("/api/searches/remove", json={"name": "door"}).json() == {"name": "door"}
        assert "door" not in program(*at, "searches").stdout
    with catalog.snapshot() as snapshot:
        assert snapshot.checks.altered_searches() == []


def test_what_came_since_it_was_opened_is_counted_and_shown(app: TestClient, own: Catalog, tmp_path: Path) -> None:
    for text in (MEADOW, "a sunset over the sea"):
        app.post("/api/searches", params={"text": text}, json={"name": text})
    assert unread(app) == {MEADOW: 0, "a sunset over the sea": 0}
    footage = tmp_path / "later"
    footage.mkdir()
    make.encode(footage / "later.mp4", [np.asarray(draw("meadow"))] * 50, make.QUICK_X264)
    indexer.index(own, [footage])
    found = query.search(own, text=MEADOW, min_confidence=0.5).moments
    new = [each for each in found if Path(each.video).name == "later.mp4"]
    assert unread(app)[MEADOW] == len(new) > 0
    links = re.findall(r'href="([^"]*)" data-unread-of', app.get("/searches").text)
    page = app.get(html.unescape(next(link for link in links if "meadow" in link))).text
    shown = [json.loads(each) for each in re.findall("data-moment='([^']*)'", page)]
    assert {each["name"] for each in shown} == {"later.mp4"}
    assert "only what is new" in page
    below = int(re.search(r'data-below="(\d+)"', page)[1])  # type: ignore[index]
    app.post("/api/searches/opened", json={"name": MEADOW, "below": 2**40})  # what is still to come stays new
    assert [each.opened_below for each in own.saved_searches.all() if each.name == MEADOW] == [below]
    assert unread(app)[MEADOW] == 0
    reported = [each.seen_below for each in own.saved_searches.all()]
    assert max(reported) < below  # opening a page reports nothing


def test_a_search_that_cannot_be_asked_says_why(app: TestClient, own: Catalog) -> None:
    own.saved_searches.save("gone", {"text": "x", "cameras": ["cam9"]}, None, 0)
    own.saved_searches.save("odd", {"sight": "x"}, None, 0)
    own.saved_searches.save("dog", {"images": ["/home/me/dog.jpg"]}, None, 0)
    own.saved_searches.save("bytes", {"text": "x", "paths": ["\udcff*"]}, None, 0)
    said = {each["name"]: each["error"] for each in app.get("/api/searches/unread").json()}
    assert "cam9" in said["gone"]
    assert "no question" in said["odd"]
    assert "dog.jpg" in said["dog"]
    addresses = {each["name"]: each["address"] for each in app.get("/api/searches").json()}
    assert addresses == {"gone": "/?text=x&cameras=cam9&saved=gone", "odd": None, "dog": None, "bytes": None}
    assert app.get("/").status_code == app.get("/searches").status_code == 200


@pytest.mark.parametrize(
    ("path", "asked", "body", "status"),
    [
        ("", {"text": "x"}, {"name": "taken"}, 409),
        ("", {}, {"name": "nothing"}, 409),
        ("", {"text": "x", "within": "3"}, {"name": "no step"}, 409),
        ("", {"picture": "0" * 32}, {"name": "picture"}, 409),
        ("", {"text": "x"}, {"name": ""}, 422),
        ("", {"text": "x"}, {"name": " x"}, 422),
        ("", {"text": "x"}, {"name": "a\x1b[31m"}, 422),
        ("", {"text": "x"}, {"name": "a\x00"}, 422),
        ("", {"text": "x"}, {"name": "x" * 101}, 422),
        ("", {"text": "x"}, {"name": "x", "command": ["rm"]}, 422),
        ("", {"limit": "none"}, {"name": "x"}, 422),
        ("/change", {"text": "x"}, {"name": "nowhere", "new_name": "x"}, 404),
        ("/change", {"text": "x"}, {"name": "other", "new_name": "taken"}, 409),
        ("/change", {}, {"name": "other", "new_name": "other"}, 409),
        ("/remove", {}, {"name": "nowhere"}, 404),
        ("/remove", {}, {"name": 3}, 422),
        ("/opened", {}, {"name": "nowhere", "below": 3}, 404),
        ("/opened", {}, {"name": "taken", "below": 0}, 422),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_changes_nothing(
    app: TestClient, own: Catalog, path: str, asked: dict[str, str], body: dict[str, Any], status: int
) -> None:
    for name in ("taken", "other"):
        own.saved_searches.save(name, {"text": name}, ["cat"], 1)
    before = own.saved_searches.all()
    answer = app.post(f"/api/searches{path}", params=asked, json=body)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True), answer.text
    assert own.saved_searches.all() == before


def test_a_viewer_runs_saved_searches_and_changes_none(own: Catalog, tmp_path: Path) -> None:
    own.saved_searches.save("gate", {"text": "a gate"}, None, 0)
    anna, ben = Person("anna", "annas-token-of-this-test"), Person("ben", "bens-token-of-this-test", may_change=False)
    made = create_app(own, exports=tmp_path / "exports", host="0.0.0.0", people=[anna, ben])
    app = TestClient(made, base_url="http://192.168.1.7:8000")
    bens, annas = ({"authorization": f"Bearer {each.token}"} for each in (ben, anna))
    for path in ("/searches", "/api/searches", "/api/searches/unread", "/?text=a+gate&saved=gate"):
        assert app.get(path, headers=bens).status_code == 200
    before = own.saved_searches.all()
    for path in ("", "/change", "/remove", "/opened"):
        assert app.post(f"/api/searches{path}?text=x", json={"name": "gate"}, headers=bens).status_code == 403
    assert own.saved_searches.all() == before
    for path in ("/searches", "/?text=a+gate&saved=gate"):
        offered = [
            re.search("data-(remove|save) ", app.get(path, headers=each).text) is not None for each in (bens, annas)
        ]
        assert offered == [False, True], path


def test_no_other_site_can_save(app: TestClient, own: Catalog) -> None:
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert app.post("/api/searches?text=x", json={"name": "x"}, headers=headers).status_code == 403
    assert own.saved_searches.all() == []


def test_a_page_says_whether_it_still_asks_what_was_saved(app: TestClient) -> None:
    saved = app.post("/api/searches", params={"text": MEADOW, "without": ["snow"]}, json={"name": "x & y"}).json()
    assert "Saved search <strong>x &amp; y</strong>" in app.get(saved["address"]).text
    page = app.get(saved["address"] + "&also=sea").text
    assert "Changed from the saved search <strong>x &amp; y</strong>" in page
    assert "data-same" not in page
    assert "data-opened" not in app.get("/", params={"text": "x", "saved": "nowhere"}).text


sentence = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).map(lambda text: f"a {text} dog")
asking = FastAPI()


@asking.get("/")
def told(asked: Question) -> Any:
    return asked.query(Path("/nowhere")).to_json()


@settings(max_examples=60, deadline=None)
@given(
    st.builds(
        Query,
        text=sentence,
        without=st.lists(sentence, max_size=2).map(tuple),
        then=st.lists(sentence, min_size=1, max_size=2).map(tuple),
        within=st.tuples(st.floats(0.1, 1000)),
        more_like=st.lists(st.integers(1, 9999), max_size=3).map(tuple),
        after=st.sampled_from([None, "2026-02-14", "2026-02-14T22:15:00+01:00"]),
        hours=st.sampled_from([None, "22:00-05:00"]),
        cameras=st.lists(st.sampled_from(["cam*", "a&b=c", "#1"]), max_size=2).map(tuple),
        motion=st.sampled_from([None, "much"]),
        collapse=st.booleans(),
        min_confidence=st.floats(0, 1),
    ),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
)
def test_the_address_of_a_saved_search_asks_the_same(asked: Query, name: str) -> None:
    question = SavedQuestion.of(SavedSearch(name, asked.to_json(), None, 0, 0, datetime.now(UTC)))
    assert question.address
    again = Query.from_json(TestClient(asking).get(question.address).json())
    assert question.asks(again)
    assert not question.asks(Query.from_json(asked.to_json() | {"text": asked.text + " runs"}))
