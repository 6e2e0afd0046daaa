"""A still: the whole frame that is shown, named by when it was recorded, and never without a line in the log."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from framescout import export_log
from framescout.catalog import Catalog
from framescout.errors import MediaError, Reason
from query.clips.names import named_by_time
from tests.footage import make


def test_it_is_the_frame_that_is_shown_whole_and_says_where_it_comes_from(
    client: TestClient, served: Catalog, ids: dict[str, int]
) -> None:
    number = ids["b_frames.mkv"]
    for at, frame in ((0.0, 0), (1.0, 25), (1.039, 25), (1.041, 26), (999.0, 99)):
        answer = client.post(f"/api/videos/{number}/still", json={"at": at})
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
        picture = Image.open(io.BytesIO(answer.content))
        facts = client.get(f"/api/videos/{number}").json()
        assert picture.size == (facts["width"], facts["height"])
        assert make.read_number(np.asarray(picture)) == frame
        assert picture.text["Source"] == facts["video"]
        assert picture.text["Frame"] == str(frame)
    logged = export_log.read(served.folder)[0][-1]
    assert (logged.kind, logged.by, logged.state, logged.folder) == ("still", "web", "done", "")
    assert [(each["video"], each["start"], each["end"]) for each in logged.moments] == [(facts["video"], 3.96, 3.96)]


def test_its_name_says_when_it_was_recorded(client: TestClient, ids: dict[str, int]) -> None:
    names = {
        "cam01_20260214_221500.mp4": "cam01_20260214_221500_2026-02-14_22-15-02.480.png",
        "holiday.mp4": "holiday_0-00-02.480.png",
    }
    for video, name in names.items():
        answer = client.post(f"/api/videos/{ids[video]}/still", json={"at": 2.5})
        assert unquote(answer.headers["content-disposition"]) == f"attachment; filename*=utf-8''{name}"


def test_a_name_is_plain_whatever_the_video_is_called() -> None:
    midnight = datetime(2026, 3, 1, tzinfo=UTC)
    assert named_by_time('/a/x"\r\n/../e\udce9:.mp4', 0.9996, midnight, ".png") == "e___2026-03-01_00-00-00.999.png"


@pytest.mark.parametrize(
    ("wanted", "status"),
    [
        ({}, 422),
        ({"at": -1}, 422),
        ({"at": "1"}, 422),
        ({"at": 1, "file": "../x"}, 422),
        ({"at": 1, "x": 1}, 422),
        (None, 422),
    ],
)
def test_what_is_bad_gets_a_sentence(client: TestClient, served: Catalog, wanted: object, status: int) -> None:
    before = export_log.read(served.folder)
    answer = client.post("/api/videos/1/still", json=wanted)
    assert (answer.status_code, bool(answer.json()["error"])) == (status, True)
    assert client.post("/api/videos/999/still", json={"at": 1}).status_code == 404
    assert export_log.read(served.folder) == before


def test_none_is_had_that_the_log_does_not_know(
    client: TestClient, ids: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_log, "NAME", "no/such/folder.jsonl")
    answer = client.post(f"/api/videos/{ids['b_frames.mkv']}/still", json={"at": 1})
    assert answer.status_code == 404
    assert "the log of exports can't be written" in answer.json()["error"]


def test_one_that_cannot_be_decoded_is_logged_as_failed(
    client: TestClient, served: Catalog, ids: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(path: str, at: float, said: object) -> bytes:
        raise MediaError(Reason.UNDECODABLE)

    monkeypatch.setattr("query.web.thumbnails._still", broken)
    monkeypatch.setattr("query.web.thumbnails.Thumbnails._decoded", lambda _self, decode, *given: decode(*given))
    assert client.post(f"/api/videos/{ids['b_frames.mkv']}/still", json={"at": 1}).status_code == 404
    assert export_log.read(served.folder)[0][-1].state == "failed"
