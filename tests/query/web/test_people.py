"""Who is let in by name, what viewers may do, and that the log knows who exported what."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from framescout import export_log
from framescout.catalog import Catalog
from framescout.errors import UsageError
from query.web import create_app
from query.web.people import EVERYONE, Person, people

ANNA, BEN = Person("anna", "annas-token-of-this-test"), Person("ben", "bens-token-of-this-test", may_change=False)


def as_(person: Person) -> dict[str, str]:
    return {"authorization": f"Bearer {person.token}"}


@pytest.fixture
def shared(served: Catalog, tmp_path: Path) -> TestClient:
    app = create_app(served, exports=tmp_path / "exports", host="0.0.0.0", people=[ANNA, BEN])
    return TestClient(app, base_url="http://192.168.1.7:8000", follow_redirects=False)


def test_a_viewer_searches_and_looks_and_takes_nothing_away(shared: TestClient) -> None:
    for path in ("/", "/archive", "/api/search?text=a+dog", "/api/state"):
        assert shared.get(path, headers=as_(BEN)).status_code == 200
    for path in ("/api/exports", "/api/exports/1/zip", "/api/exports/1/files/a.mp4", "/exports", "/api/exports/log"):
        assert shared.get(path, headers=as_(BEN)).status_code == 403
        assert shared.head(path, headers=as_(BEN)).status_code == 403
    for path in ("/api/exports", "/api/exports/1/stop", "/api/events/marks", "/api/events/seen", "/nothing"):
        answer = shared.post(path, json={}, headers=as_(BEN))
        assert (answer.status_code, "not export or mark" in answer.text) == (403, True)
        assert shared.post(path, json={}, headers=as_(ANNA)).status_code != 403
    assert shared.post("/api/pictures", content=b"x", headers=as_(BEN)).status_code == 409  # it is looked at


def test_pages_of_a_viewer_offer_no_changes(shared: TestClient) -> None:
    assert "data-looks-only" in shared.get("/", headers=as_(BEN)).text
    assert "data-looks-only" not in shared.get("/", headers=as_(ANNA)).text


def test_a_cookie_stands_for_the_person_whose_address_was_opened(shared: TestClient) -> None:
    assert shared.get(f"/?token={BEN.token}").status_code == 303
    assert shared.get("/api/state").status_code == 200
    assert shared.get("/api/exports").status_code == 403
    assert shared.get("/api/exports", headers=as_(ANNA)).status_code == 200


@pytest.mark.parametrize("others", ['a={"x": 1}', "a[1]=2", "a/b=1", "nothing", "path=/"])
def test_odd_cookies_of_other_apps_on_the_same_host_lock_nobody_out(shared: TestClient, others: str) -> None:
    for cookie in (f"{others}; framescout-token-8000={BEN.token}", f"framescout-token-8000={BEN.token}; {others}"):
        assert shared.get("/api/state", headers={"cookie": cookie}).status_code == 200
    assert shared.get("/api/state", headers={"cookie": others}).status_code == 401


def test_the_log_says_who_exported_what(
    shared: TestClient, served: Catalog, ids: dict[str, int], tmp_path: Path
) -> None:
    wanted = {"video_id": ids["b_frames.mkv"], "start": 0.5, "end": 1.0}
    begun = shared.post(
        "/api/exports", json={"moments": [wanted], "query": {"question": "x"}}, headers=as_(ANNA)
    ).json()
    deadline = time.monotonic() + 60
    while shared.get(f"/api/exports/{begun['id']}", headers=as_(ANNA)).json()["state"] not in ("done", "failed"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    last = export_log.read(served.folder)[0][-1]
    assert (last.who, last.by, last.state, last.folder) == ("anna", "web", "done", begun["folder"])
    assert [(Path(each["video"]).name, each["start"], each["end"]) for each in last.moments] == [
        ("b_frames.mkv", 0.5, 1.0)
    ]
    assert last.query == {"question": "x"}


def test_nothing_is_exported_that_the_log_does_not_know(
    shared: TestClient, ids: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_log, "NAME", "no/such/folder.jsonl")
    wanted = {"video_id": ids["b_frames.mkv"], "start": 0.5, "end": 1.0}
    answer = shared.post("/api/exports", json={"moments": [wanted]}, headers=as_(ANNA))
    assert answer.status_code in (404, 409, 503)
    assert "the log of exports can't be written" in answer.json()["error"]
    assert shared.get("/api/exports", headers=as_(ANNA)).json() == []


def test_tokens_are_kept_in_a_file_that_only_its_owner_reads(tmp_path: Path) -> None:
    kept = tmp_path / "tokens.txt"
    first = people(["anna"], ["ben"], kept)
    assert [(each.name, each.may_change) for each in first] == [("anna", True), ("ben", False)]
    assert len({each.token for each in first}) == 2
    assert people(["anna"], ["ben"], kept) == first
    assert people([], [], kept) == first
    kept.write_text(kept.read_text().rstrip("\n"))  # an editor left no end of line
    assert people(["anna", "carl"], [], kept)[0] == first[0]
    assert [each.name for each in people([], [], kept)] == ["anna", "ben", "carl"]
    if os.name != "nt":
        assert kept.stat().st_mode & 0o777 == 0o600


def test_a_file_that_an_editor_of_windows_wrote_is_read(tmp_path: Path) -> None:
    kept = tmp_path / "tokens.txt"
    kept.write_bytes(b"\xef\xbb\xbfanna 0123456789abcdef\r\nben abcdef0123456789 viewer\r\n")
    assert people([], [], kept) == [Person("anna", "0123456789abcdef"), Person("ben", "abcdef0123456789", False)]


def test_where_nobody_is_named_all_share_a_token(tmp_path: Path) -> None:
    (one,) = people([], [], None)
    (other,) = people([], [], None)
    assert (one.name, one.may_change) == (EVERYONE, True)
    assert one.token != other.token
    assert people([], [], tmp_path / "t") == people([], [], tmp_path / "t")


@pytest.mark.parametrize(
    ("users", "viewers", "text", "why"),
    [
        (["a b"], [], "", "can't be a name"),
        (["#"], [], "", "can't be a name"),
        (["a\x1b[31m"], [], "", "can't be a name"),
        (["\udcff"], [], "", "can't be a name"),
        ([], [], "a\x1b[31m 0123456789abcdef\n", "line 1: wanted NAME TOKEN"),
        (["anna"], ["anna"], "", "named twice"),
        (["ben"], [], "ben 0123456789abcdef viewer\n", "ben may do something else"),
        ([], ["ben"], "ben 0123456789abcdef\n", "ben may do something else"),
        ([], [], "ben short\n", "line 1: wanted NAME TOKEN"),
        ([], [], "# people\n\nben 0123456789abcdef admin\n", "line 3: wanted NAME TOKEN"),
        ([], [], "ben 0123456789abcdef\nanna 0123456789abcdef\n", "line 2"),
    ],
)
def test_what_makes_no_sense_is_said(tmp_path: Path, users: list[str], viewers: list[str], text: str, why: str) -> None:
    kept = tmp_path / "tokens.txt"
    kept.write_text(text)
    with pytest.raises(UsageError, match=why):
        people(users, viewers, kept)
