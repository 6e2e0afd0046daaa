"""What people say of alerts over HTTP is kept, counted on the page, and comes only from the app's own pages."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import framescout
from framescout.catalog import Catalog
from query.engine import Engine
from query.events import Context, Event, watch
from query.web import create_app

SUNSET = Event(
    prompts=("a sunset over the sea",),
    counter=("snowy mountains",),
    threshold=0.5,
    suspicious={"by the sea": Context(cameras=("*",))},
)


@pytest.fixture
def own(served: Catalog, tmp_path: Path) -> Catalog:
    shutil.copytree(served.folder, tmp_path / "catalog")
    catalog = framescout.open(tmp_path / "catalog")
    watch(Engine(catalog), {"sunset": SUNSET})
    return catalog


@pytest.fixture
def app(own: Catalog, tmp_path: Path) -> Iterator[TestClient]:
    made = create_app(own, exports=tmp_path / "exports", zone=UTC)
    with TestClient(made, base_url="http://127.0.0.1:8000", follow_redirects=False) as opened:
        yield opened


def alerts(app: TestClient) -> list[dict[str, Any]]:
    return app.get("/api/events").json()["sunset"]


def test_an_alert_is_marked_and_the_mark_is_taken_back(app: TestClient, own: Catalog) -> None:
    first, *others = alerts(app)
    assert first["unread"]
    assert first["was_right"] is None
    said = {"event": "sunset", "keyframe_id": first["keyframe_id"]}
    for was_right in (True, False, None):
        answer = app.post("/api/events/marks", json=said | {"was_right": was_right})
        assert answer.json() == said | {"unread": False, "was_right": was_right}
        assert alerts(app)[0]["was_right"] is was_right
        assert not alerts(app)[0]["unread"]
    assert all(each["unread"] for each in alerts(app)[1:]) or not others
    with own.snapshot() as snapshot:
        assert snapshot.checks.altered_marks() == []


def test_alerts_are_seen_one_by_one_and_all_at_once(app: TestClient) -> None:
    first, *others = alerts(app)
    said = {"event": "sunset", "keyframe_id": first["keyframe_id"]}
    assert app.post("/api/events/seen", json=said).json() == {"seen": 1}
    assert app.post("/api/events/seen", json=said).json() == {"seen": 0}
    page = app.get("/events").text
    assert f'data-unread="{len(others)}"' in page
    assert page.count('class="card unread"') == len(others)
    assert 'class="card unread"' not in app.get("/events", params={"said": "right"}).text
    assert app.get("/events", params={"said": "new"}).text.count("data-alert=") == len(others)
    assert app.post("/api/events/seen", json={}).json() == {"seen": len(others)}
    assert 'data-unread="0"' in app.get("/events").text


def test_the_page_says_why(app: TestClient) -> None:
    assert "suspicious, by the sea: the camera is " in app.get("/events").text


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("marks", {"event": "moon", "keyframe_id": 1, "was_right": True}, 404),
        ("marks", {"event": "sunset", "keyframe_id": 2**40, "was_right": True}, 404),
        ("marks", {"event": "sunset", "keyframe_id": 1, "was_right": "yes"}, 422),
        ("marks", {"event": "sunset", "keyframe_id": True, "was_right": None}, 422),
        ("marks", {"event": "sunset", "keyframe_id": 1}, 422),
        ("seen", {"event": "moon"}, 404),
        ("seen", {"keyframe_id": 3}, 409),
        ("seen", {"other": 3}, 422),
    ],
)
def test_what_makes_no_sense_is_refused(app: TestClient, path: str, body: dict[str, Any], status: int) -> None:
    answer = app.post(f"/api/events/{path}", json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]


def test_no_other_site_can_mark(app: TestClient) -> None:
    said = {"event": "sunset", "keyframe_id": alerts(app)[0]["keyframe_id"], "was_right": False}
    for headers in ({"sec-fetch-site": "cross-site"}, {"origin": "https://evil.example"}):
        assert app.post("/api/events/marks", json=said, headers=headers).status_code == 403
        assert app.post("/api/events/seen", json={}, headers=headers).status_code == 403
    assert alerts(app)[0]["unread"]
