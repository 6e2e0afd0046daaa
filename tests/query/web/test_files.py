"""A video that lies in several files is played, named and cut from the one that matched, or from one that is there."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import indexer
from framescout.catalog import Catalog
from framescout.catalog.records import FileFacts
from framescout.recording import Rules
from query.web import create_app
from query.web.videos_api import _file
from tests.footage import make

PHONE, CAMERA = "PXL_20260220_173344123.mp4", "cam01_20260305_230000.mp4"


@pytest.fixture
def client(catalog: Catalog, tmp_path: Path) -> Iterator[TestClient]:
    """One video in two files: phone/PXL_..., found first, and cam01/cam01_..."""
    for folder in ("phone", "cam01"):
        (tmp_path / "archive" / folder).mkdir(parents=True)
    make.numbered(tmp_path / "archive" / "phone", PHONE)
    indexer.index(catalog, [tmp_path / "archive"])
    shutil.copy(tmp_path / "archive" / "phone" / PHONE, tmp_path / "archive" / "cam01" / CAMERA)
    indexer.index(catalog, [tmp_path / "archive"])
    app = create_app(catalog, exports=tmp_path / "exports", zone=UTC)
    with TestClient(app, base_url="http://127.0.0.1:8000") as opened:
        yield opened


def card(client: TestClient, question: str) -> dict[str, object]:
    """What the page's first card gives to the player."""
    return json.loads(re.search(r"data-moment='(.*?)'", client.get(f"/?{question}").text)[1])  # type: ignore[no-any-return,index]


def exported(client: TestClient, moment: dict[str, object]) -> dict[str, object]:
    """The manifest's entry of a moment that the page exports, with the query."""
    said = ("video_id", "start", "end", "file", "peak", "score", "confidence", "keyframe_id")
    wanted = {"moments": [{name: moment[name] for name in said}], "mode": "copy", "query": {"question": "text=x"}}
    job = client.post("/api/exports", json=wanted).json()
    while job["state"] not in ("done", "failed"):
        time.sleep(0.05)
        job = client.get(f"/api/exports/{job['id']}").json()
    assert job["error"] is None
    manifest = json.loads((Path(job["folder"]) / "manifest.json").read_text())
    assert manifest["query"] == wanted["query"]
    return manifest["clips"][0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(("question", "name"), [("cameras=cam01", CAMERA), ("paths=phone/*", PHONE)])
def test_the_file_that_matched_is_shown_and_cut(client: TestClient, question: str, name: str) -> None:
    moment = card(client, f"text=a+test+picture&{question}")
    told = client.get(f"/api/videos/{moment['video_id']}", params={"file": moment["file"]}).json()
    assert Path(told["video"]).name == name
    assert told["camera"] == ("cam01" if name == CAMERA else None)
    assert told["file"] == moment["file"]
    assert {Path(each["video"]).name for each in told["files"]} == {PHONE, CAMERA}
    storyboard = client.get(f"/videos/{moment['video_id']}", params={"file": moment["file"]}).text
    assert f"<h1>{name}</h1>" in storyboard
    entry = exported(client, moment)
    assert Path(str(entry["video"])).name == name
    assert entry["camera"] == told["camera"]
    assert str(entry["file"]).startswith(Path(name).stem)
    assert entry["keyframe_id"] == moment["keyframe_id"]
    said = {key: pytest.approx(moment[key], abs=1e-4) for key in ("peak", "score", "confidence")}
    assert {key: entry[key] for key in said} == said


def test_where_the_file_that_matched_is_away_another_is_played(client: TestClient, tmp_path: Path) -> None:
    moment = card(client, "text=a+test+picture&paths=phone/*")
    place = f"/api/videos/{moment['video_id']}"
    data = (tmp_path / "archive" / "phone" / PHONE).read_bytes()
    (tmp_path / "archive" / "phone" / PHONE).unlink()  # and no index run has noticed
    assert client.get(f"{place}/file", params={"file": moment["file"]}).content == data
    assert Path(client.get(place, params={"file": moment["file"]}).json()["video"]).name == CAMERA
    assert client.get(f"{place}/picture?at=1").status_code == 200
    assert client.get(f"{place}/stream?start=1&file={moment['file']}").content.count(b"moof") >= 1
    assert Path(str(exported(client, moment)["video"])).name == CAMERA
    (tmp_path / "archive" / "cam01" / CAMERA).unlink()
    assert client.get(f"{place}/file").status_code == 404


def test_a_request_names_no_path(client: TestClient) -> None:
    for file in ("/etc/passwd", "x" * 16, "0123456789abcdef0"):
        assert client.get("/api/videos/1", params={"file": file}).status_code == 422
    assert client.get("/api/videos/1", params={"file": "0" * 16}).status_code == 200


def test_a_file_whose_name_is_no_utf_8_is_told_in_json() -> None:
    facts = FileFacts("/archive/caf\udce9.mp4", False, {}, 3.0, Rules("UTC"))
    assert '"/archive/caf\ufffd.mp4"' in _file(facts).model_dump_json()
