"""The HTTP API: the command line's JSON, footage by ranges, pictures, exports; sentences for what is bad."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path

import av
import pytest
import schemathesis
from PIL import Image
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import response_schema_conformance
from starlette.testclient import TestClient

import query
from framescout.catalog import Catalog
from framescout.commands.scenes import draw
from query.web import create_app


def test_a_search_is_the_json_of_the_command_line(client: TestClient, served: Catalog) -> None:
    asked = {"text": "trees in a green meadow", "without": ["snow"], "limit": 3, "cameras": ["cam*"]}
    told, wanted = client.get("/api/search", params=asked).json(), query.search(served, **asked).to_json()
    assert told == json.loads(json.dumps(wanted))


def test_a_picture_that_was_sent_finds_what_it_shows(client: TestClient) -> None:
    jpeg = io.BytesIO()
    draw("meadow").save(jpeg, "JPEG")
    sent = client.post("/api/pictures", content=jpeg.getvalue())
    best = client.get("/api/search", params={"picture": sent.json()["picture"], "limit": 1}).json()["moments"][0]
    assert Path(best["video"]).name == "holiday.mp4"
    assert client.get("/api/search", params={"picture": "0" * 32}).status_code == 400
    assert client.post("/api/pictures", content=b"x" * (21 * 2**20)).status_code == 400


def test_footage_comes_in_the_ranges_that_were_asked_for(client: TestClient, ids: dict[str, int]) -> None:
    address = f"/api/videos/{ids['holiday.mp4']}/file"
    whole = client.get(address)
    assert whole.headers["content-type"] == "video/mp4"
    part = client.get(address, headers={"range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, whole.content[100:300])
    tail = client.get(address, headers={"range": "bytes=-50"})
    assert (tail.status_code, tail.content) == (206, whole.content[-50:])
    assert client.get(address, headers={"range": f"bytes={len(whole.content)}-"}).status_code == 416
    assert client.get(address, headers={"range": "lines=1-2"}).status_code in (200, 400)


def test_other_footage_is_made_playable_from_any_second_on(client: TestClient, ids: dict[str, int]) -> None:
    number = ids["mpeg4.avi"]
    assert client.get(f"/api/videos/{number}").json()["plays_as_it_is"] is False
    assert client.get(f"/api/videos/{number}/file").status_code == 404
    whole, rest = (client.get(f"/api/videos/{number}/stream", params={"start": start}).content for start in (0, 2))
    lengths = []
    for made in (whole, rest):
        with av.open(io.BytesIO(made)) as container:
            assert container.streams.video[0].codec_context.name == "h264"
            lengths.append(sum(1 for _ in container.decode(video=0)) / 25)
    assert lengths[0] - lengths[1] == pytest.approx(2.0, abs=0.2)


def test_pictures_and_strips_are_those_of_their_time(client: TestClient, ids: dict[str, int]) -> None:
    number = ids["holiday.mp4"]
    picture = client.get(f"/api/videos/{number}/picture", params={"at": 8, "width": 320})
    assert picture.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(picture.content)).width == 320
    strip = Image.open(io.BytesIO(client.get(f"/api/videos/{number}/strip?start=0&end=18&count=3&width=160").content))
    assert strip.width == 3 * 160
    sky = [strip.getpixel((160 * place + 80, 10)) for place in range(3)]
    assert len(set(sky)) == 3
    assert client.get(f"/api/videos/{number}/picture?at=8&width=320").content == picture.content


def test_the_curve_rises_where_the_sentence_fits(client: TestClient, ids: dict[str, int]) -> None:
    curve = client.get(f"/api/videos/{ids['holiday.mp4']}/curve", params={"text": "trees in a green meadow"}).json()
    best = max(curve, key=lambda each: each["confidence"])
    assert 6.0 <= best["start"] < 12.0


def test_an_export_runs_in_the_background_and_can_be_downloaded(
    client: TestClient, ids: dict[str, int], tmp_path: Path
) -> None:
    wanted = {"moments": [{"video_id": ids["holiday.mp4"], "start": 6.0, "end": 8.0}], "edl": True, "sheet": True}
    began = client.post("/api/exports", json=wanted)
    assert began.status_code == 202
    job = began.json()
    for _ in range(300):
        if job["state"] in ("done", "failed"):
            break
        time.sleep(0.1)
        job = client.get(f"/api/exports/{job['id']}").json()
    assert (job["state"], job["error"]) == ("done", None)
    assert Path(job["folder"]).parent == tmp_path / "exports"
    (clip,) = [name for name in job["files"] if name.endswith(".mp4")]
    with av.open(io.BytesIO(client.get(f"/api/exports/{job['id']}/files/{clip}").content)) as container:
        assert float(container.duration / 1e6) == pytest.approx(2.0, abs=0.1)
    assert {"timeline.edl", "sheet.jpg", "manifest.json"} <= set(job["files"])
    for name in ("../../catalog.sqlite", "..%2f..%2fcatalog.sqlite", "nothing.mp4"):
        assert client.get(f"/api/exports/{job['id']}/files/{name}").status_code in (404, 422)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/api/videos/0", 422),
        ("/api/videos/99999999999999999999999", 422),
        ("/api/videos/4000000000", 404),
        ("/api/videos/../../etc/passwd", 404),
        ("/api/videos/1/picture?at=nan", 422),
        ("/api/videos/1/picture?at=inf", 422),
        ("/api/videos/1/picture?width=100000", 422),
        ("/api/videos/1/strip?count=1000", 422),
        ("/api/search", 400),
        ("/api/search?text=dog:99", 400),
        ("/api/search?text=dog&hours=x", 400),
        ("/api/search?text=dog&limit=100000", 422),
        ("/api/search?text=dog&cameras=nowhere", 400),
        ("/api/search?text=" + "x" * 3000, 422),
        ("/api/exports/0000000000000000", 404),
        ("/static/../app.py", 404),
        ("/static/%2e%2e/app.py", 404),
    ],
)
def test_what_is_bad_gets_a_sentence(client: TestClient, path: str, code: int) -> None:
    answer = client.get(path)
    assert answer.status_code == code
    if path.startswith("/api") and ".." not in path:
        assert len(answer.json()["error"]) > 5
    assert "Traceback" not in answer.text


def test_a_method_that_is_none_hears_which_there_are(client: TestClient) -> None:
    answer = client.delete("/api/search")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"moments": []},
        {"moments": [{"video_id": 1, "start": 5, "end": 5}]},
        {"moments": [{"video_id": 1, "start": 5000, "end": 5001}]},
        {"moments": [{"video_id": 1, "start": 0, "end": 1}], "folder": "/etc"},
        {"moments": [{"video_id": 1, "start": 0, "end": 1, "video": "/etc/passwd"}]},
        {"moments": [{"video_id": 12345678, "start": 0, "end": 1}]},
        [],
        "x",
    ],
)
def test_an_export_that_makes_no_sense_begins_nothing(client: TestClient, tmp_path: Path, wanted: object) -> None:
    assert client.post("/api/exports", json=wanted).status_code in (400, 404, 422)
    assert not (tmp_path / "exports").exists()


def test_the_openapi_document_holds_against_made_up_requests(served: Catalog, tmp_path: Path) -> None:
    """What schemathesis thinks of: never a server error, and answers as the document says."""
    app = create_app(served, exports=tmp_path / "exports")
    headers = {"host": "127.0.0.1"}
    schema = schemathesis.openapi.from_asgi("/openapi.json", app, headers=headers)
    for result in schema.get_all_operations():
        operation = result.ok()
        if "stream" in operation.path:
            continue  # each answer costs a second of encoding
        for number, case in zip(range(12), _cases(operation), strict=False):
            case.call_and_validate(
                headers=headers, checks=[not_a_server_error, response_schema_conformance], timeout=60
            )
            assert number < 12


def _cases(operation: object) -> list:
    from hypothesis import HealthCheck, Phase, given, settings

    found: list = []

    @settings(max_examples=12, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(operation.as_strategy())
    def collect(case: object) -> None:
        found.append(case)

    collect()
    return found
