"""The HTTP API: the command line's JSON, footage by ranges, pictures, exports; sentences for what is bad."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import time
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest
from PIL import Image
from starlette.testclient import TestClient

import query
from framescout.catalog import Catalog
from framescout.commands.scenes import draw
from framescout.media.container import open_video
from framescout.media.frames import frames_from, upright
from framescout.motion import KINDS, MUCH_FROM, OCTAVE, STEP, Kind, is_noisy, kinds, quiet_levels
from query.web import create_app, question_parameters
from query.web.facets_api import can_be_asked
from tests.footage import make


def test_a_search_is_the_json_of_the_command_line(client: TestClient, served: Catalog) -> None:
    asked = {"text": "trees in a green meadow", "without": ["snow"], "limit": 3, "cameras": ["cam*"]}
    told, wanted = client.get("/api/search", params=asked).json(), query.search(served, **asked).to_json()
    assert told == json.loads(json.dumps(wanted))


def test_a_sentence_alone_is_answered_as_among_other_parameters(client: TestClient) -> None:
    for text in ("trees in a green meadow", "la mer, c'est bleu + 20% \N{WATER WAVE}", "dog:2", " the  sea "):
        short = client.get("/api/search", params={"text": text})
        long = client.get("/api/search", params={"text": text, "limit": 24})
        assert short.status_code == 200
        assert short.headers == long.headers
        told, wanted = (answer.json() for answer in (short, long))
        for moment in told["moments"] + wanted["moments"]:
            moment["score"] = pytest.approx(moment["score"], abs=1e-5)  # scored together with others, it is rounded
            moment["confidence"] = pytest.approx(moment["confidence"], abs=1e-3)
        assert told == wanted
    for bad in ("text=", "text=%20", "text=a&text=b", "text=" + "x" * 2001, "text=dog%3A99", "texts=dog", "", "text"):
        short = client.get(f"/api/search?{bad}")
        long = client.get(f"/api/search?{bad}&limit=24")
        assert (short.status_code, short.text) == (long.status_code, long.text), bad


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("camera=cam1", "camera: there is no such parameter; write cameras"),
        ("not=a+car", "not: there is no such parameter; write without"),
        ("path=a*", "path: there is no such parameter; write paths"),
        ("min-confidence=0.5", "min-confidence: there is no such parameter; write min_confidence"),
        ("qqqq=1", "qqqq: there is no such parameter"),
        ("text=a+cat", "text: it is given more than once"),
    ],
)
def test_a_filter_that_is_written_wrongly_is_refused(client: TestClient, given: str, sentence: str) -> None:
    answer = client.get(f"/api/search?text=a+dog&{given}")
    assert (answer.status_code, answer.json()) == (422, {"error": sentence})


def test_the_address_of_a_page_is_a_question(client: TestClient) -> None:
    asked = "text=trees&cameras=&after=&labels=&collapse=true&order=&since=0&saved=x"
    assert client.get(f"/api/search?{asked}").status_code == 200


def test_a_picture_that_was_sent_finds_what_it_shows(client: TestClient) -> None:
    jpeg = io.BytesIO()
    draw("meadow").save(jpeg, "JPEG")
    sent = client.post("/api/pictures", content=jpeg.getvalue())
    name = sent.json()["picture"]
    best = client.get("/api/search", params={"picture": name, "limit": 1}).json()["moments"][0]
    assert Path(best["video"]).name == "holiday.mp4"
    shown = client.get(f"/api/pictures/{name}")
    assert (shown.headers["content-type"], Image.open(io.BytesIO(shown.content)).size) == ("image/jpeg", (160, 90))
    assert client.get(f"/api/pictures/{'0' * 32}").status_code == 404
    assert client.get("/api/search", params={"picture": "0" * 32}).status_code == 404
    assert client.post("/api/pictures", content=b"x" * (21 * 2**20)).status_code == 413


def test_pictures_to_search_with_are_kept_within_a_bound_and_those_used_last_stay(
    client: TestClient, served: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(question_parameters, "MOST_KEPT", 30_000)
    folder, names = served.cache_folder / "asked", []
    shutil.rmtree(folder, ignore_errors=True)  # what other tests asked with
    for number in range(20):
        png = io.BytesIO()
        Image.frombytes("L", (60, 60), random.Random(number).randbytes(3600)).save(png, "PNG")
        names.append(client.post("/api/pictures", content=png.getvalue()).json()["picture"])
        os.utime(folder / names[-1], (number, number))  # each is older than the next one
        assert client.get("/api/search", params={"picture": names[0], "limit": 1}).status_code == 200  # and used
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 30_000
    there = [client.get("/api/search", params={"picture": name, "limit": 1}) for name in names]
    assert {answer.status_code for answer in there[1:8]} == {404}
    assert there[1].json()["error"] == "this picture is not here any more; drop it on the page again"
    assert {answer.status_code for answer in (there[0], *there[-3:])} == {200}


def test_footage_comes_in_the_ranges_that_were_asked_for(client: TestClient, ids: dict[str, int]) -> None:
    address = f"/api/videos/{ids['holiday.mp4']}/file"
    whole = client.get(address)
    assert whole.headers["content-type"] == "video/mp4"
    part = client.get(address, headers={"range": "bytes=100-299"})
    assert (part.status_code, part.content) == (206, whole.content[100:300])
    tail = client.get(address, headers={"range": "bytes=-50"})
    assert (tail.status_code, tail.content) == (206, whole.content[-50:])
    assert client.get(address, headers={"range": f"bytes={len(whole.content)}-"}).status_code == 416
    for bad in ("lines=1-2", "bytes=5-2", "bytes=a-b", "bytes=", "bytes=-", f"bytes={'0-0,' * 3000}0-0"):
        answer = client.get(address, headers={"range": bad})
        assert answer.status_code in (200, 206, 400, 416), bad
        assert len(answer.content) <= len(whole.content) + 1000


@pytest.mark.parametrize(
    ("name", "ways"),
    [("mpeg4.avi", ["encode"]), ("b_frames.mkv", ["copy", "encode"]), ("late_start.ts", ["copy", "encode"]),
     ("raw.h264", ["encode"])],
)  # fmt: skip
def test_a_stream_keeps_the_times_of_the_video(
    client: TestClient, ids: dict[str, int], name: str, ways: list[str]
) -> None:
    """Every frame is shown when the file shows it, whatever the container and wherever the stream begins."""
    number = ids[name]
    facts = client.get(f"/api/videos/{number}").json()
    assert facts["plays"] == ways[0]
    assert client.get(f"/api/videos/{number}/file").status_code == 404
    times = {frame: time for time, frame in _numbered_frames(facts["video"]).items()}
    for way in ways:
        asked = {"start": 2.0, "encode": way == "encode"}
        with av.open(io.BytesIO(client.get(f"/api/videos/{number}/stream", params=asked).content)) as container:
            shown = {
                make.read_number(frame.to_image()): frame.time - facts["stream_shift"]
                for frame in container.decode(video=0)
            }
        assert all(shown[frame] == pytest.approx(times[frame], abs=0.002) for frame in shown if frame in times)
        assert {frame for frame in times if times[frame] >= 2.0} <= shown.keys()
        if way == "encode":
            assert 1.99 <= min(shown.values()) < 2.1


def test_frames_are_told_to_the_very_time_and_their_pictures_are_made(client: TestClient, ids: dict[str, int]) -> None:
    for name in ("b_frames.mkv", "mpeg4.avi", "variable_rate.mkv"):
        address = f"/api/videos/{ids[name]}"
        known = _numbered_frames(client.get(address).json()["video"])
        times = client.get(f"{address}/frames", params={"around": 2.0, "width": 320}).json()["times"]
        assert times == sorted(set(times))
        assert times[0] <= 1.5
        assert times[-2] > 2.0
        for at in times[::5]:
            picture = client.get(f"{address}/picture", params={"at": at, "width": 320}).content
            assert make.read_number(Image.open(io.BytesIO(picture))) == known[round(at, 5)]


def _numbered_frames(path: str) -> dict[float, int]:
    """When each frame of a numbered video is shown; without the first ones, whose cells some codecs blur."""
    with open_video(path) as video:
        frames = [(round(each.time, 5), upright(each.frame, video)) for each in frames_from(video, 0.0)]
    return {time: make.read_number(picture) for time, picture in frames[3:]}


def test_frames_far_apart_have_neighbours_all_the_same(client: TestClient, ids: dict[str, int]) -> None:
    times = client.get(f"/api/videos/{ids['slow.mkv']}/frames", params={"around": 5.0}).json()["times"]
    assert times[:3] == [4.0, 6.0, 8.0]
    last = client.get(f"/api/videos/{ids['slow.mkv']}/frames", params={"around": 1e6}).json()["times"]
    assert last[-1] == 10.0


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


def test_the_motion_curve_is_that_of_the_catalog(client: TestClient, served: Catalog) -> None:
    with served.snapshot() as snapshot:
        for video in snapshot.videos():
            told = client.get(f"/api/videos/{video.id}/motion").json()
            stored = snapshot.motion(video.id)
            assert stored
            same = [
                each.id
                for each in snapshot.videos()
                if each.id == video.id or (video.camera and each.camera == video.camera)
            ]
            quiet = quiet_levels(own for _, own in snapshot.motions(same))[stored.source]
            wanted = [
                None
                if code == KINDS.index(Kind.UNKNOWN)
                else min(1.0, max(0.0, (int(level) - quiet) / OCTAVE / (2 * MUCH_FROM)))
                for level, code in zip(stored.levels, kinds(stored, quiet), strict=True)
            ]
            assert told["levels"] == pytest.approx(wanted, abs=0.001)
            hidden = "noise, or motion that lasts, hides what moves little" if is_noisy(stored.source, quiet) else ""
            detail = "; ".join(each for each in (stored.detail, hidden) if each)
            assert (told["step"], told["source"], told["detail"]) == (STEP, stored.source, detail)
    assert client.get("/api/videos/999999/motion").status_code == 404


def test_an_export_runs_in_the_background_and_can_be_downloaded(
    client: TestClient, ids: dict[str, int], tmp_path: Path
) -> None:
    wanted = {"moments": [{"video_id": ids["holiday.mp4"], "start": 6.0, "end": 8.0}], "edl": True, "sheet": True}
    began = client.post("/api/exports", json=wanted)
    assert began.status_code == 202
    job = began.json()
    while job["state"] not in ("done", "failed"):
        time.sleep(0.1)
        job = client.get(f"/api/exports/{job['id']}").json()
    assert (job["state"], job["error"]) == ("done", None)
    assert Path(job["folder"]).parent == tmp_path / "exports"
    (clip,) = [name for name in job["files"] if name.endswith(".mp4")]
    with av.open(io.BytesIO(client.get(f"/api/exports/{job['id']}/files/{clip}").content)) as container:
        assert float(container.duration / 1e6) == pytest.approx(2.0, abs=0.1)
    assert {"timeline.edl", "sheet.jpg", "manifest.json"} <= set(job["files"])
    packed = client.get(f"/api/exports/{job['id']}/zip")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert sorted(archive.namelist()) == job["files"]
        assert archive.read(clip) == (Path(job["folder"]) / clip).read_bytes()
    assert packed.headers["content-disposition"].endswith(f'{Path(job["folder"]).name}.zip"')
    assert client.get("/api/exports").json()[0] == job
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
        ("/api/search", 409),
        ("/api/search?text=dog:99", 409),
        ("/api/search?text=dog&hours=x", 422),
        ("/api/search?text=dog&hours=25:00-26:00", 409),
        ("/api/search?text=dog&after=2026-02-30", 409),
        ("/api/search?text=dog&within=5", 409),
        ("/api/search?less_like=1", 409),
        ("/api/search?text=dog&page=0", 409),
        ("/api/search?text=dog&page=x", 422),
        ("/api/search?text=dog&limit=100000", 422),
        ("/api/search?text=dog&cameras=nowhere", 409),
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
    for path, methods in {"/api/search": "GET", "/api/exports": "GET, POST", "/state": "GET"}.items():
        answer = client.delete(path)
        assert (answer.status_code, answer.headers["allow"]) == (405, methods)


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
        {"moments": [{"video_id": True, "start": 0, "end": 1}]},
        {"moments": [{"video_id": 1, "start": "0", "end": 1}]},
        {"moments": [{"video_id": 1, "start": 0, "end": 1}], "pad": False},
        {"moments": [{"video_id": 1, "start": 0, "end": 1}], "reel": 1},
        {"moments": [{"video_id": 1, "start": 0, "end": 1}] * 501},
        [],
        "x",
    ],
)
def test_an_export_that_makes_no_sense_begins_nothing(client: TestClient, tmp_path: Path, wanted: object) -> None:
    assert client.post("/api/exports", json=wanted).status_code in (404, 409, 422)
    assert not (tmp_path / "exports").exists()


def test_a_run_of_another_process_is_told(client: TestClient, served: Catalog) -> None:
    assert client.get("/api/state").json()["run"] is None
    with served.writer() as writer:
        run = client.get("/api/state").json()["run"]
        writer.note.say(files_done=3, files=12, bytes_done=250, bytes=1000)
        state = client.get("/api/state").json()
        page = client.get("/state").text
    assert (run["videos"], run["hours"], run["newest"], run["share"]) == (0, 0.0, [], None)
    assert (state["writer"]["files"], state["run"]["share"]) == (12, 0.25)
    assert "3 of 12 files, 25% of what is to be read" in page
    with served.snapshot() as snapshot:
        everything = snapshot.indexed_since(datetime(2020, 1, 1, tzinfo=UTC))
        assert everything.videos == len(snapshot.videos())
        assert everything.duration == pytest.approx(sum(video.duration for video in snapshot.videos()))
        assert len(set(everything.newest)) == 6
        assert snapshot.cameras() == ["cam01"]


def test_an_export_that_is_stopped_keeps_what_is_finished_and_says_so(client: TestClient, ids: dict[str, int]) -> None:
    moments = [{"video_id": ids["holiday.mp4"], "start": n % 10, "end": n % 10 + 3} for n in range(60)]
    job = client.post("/api/exports", json={"moments": moments}).json()
    waiting = client.post("/api/exports", json={"moments": moments[:1]}).json()
    while job["done"] < 1 and job["state"] in ("waiting", "running"):
        time.sleep(0.05)
        job = client.get(f"/api/exports/{job['id']}").json()
    assert client.get(f"/api/exports/{waiting['id']}").json()["state"] == "waiting"
    assert client.get(f"/api/exports/{waiting['id']}/zip").status_code == 404
    for each in (waiting, job):
        assert client.post(f"/api/exports/{each['id']}/stop").status_code == 200
    job, waiting = (_ended(client, each) for each in (job, waiting))
    assert (job["state"], waiting["state"], waiting["files"]) == ("stopped", "stopped", [])
    clips = [name for name in job["files"] if name.endswith(".mp4")]
    assert 1 <= len(clips) < 60
    listed = json.loads((Path(job["folder"]) / "manifest.json").read_text())["clips"]
    assert {clip["file"] for clip in listed} == set(clips)


def test_trouble_of_an_export_is_told(served: Catalog, ids: dict[str, int], tmp_path: Path) -> None:
    (tmp_path / "exports").write_text("a file, where a folder should be")
    app = create_app(served, exports=tmp_path / "exports")
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        wanted = {"moments": [{"video_id": ids["holiday.mp4"], "start": 0, "end": 1}]}
        job = _ended(client, client.post("/api/exports", json=wanted).json())
    assert job["state"] == "failed"
    assert "name another folder" in job["error"]


def _ended(client: TestClient, job: dict) -> dict:
    while job["state"] in ("waiting", "running"):
        time.sleep(0.05)
        job = client.get(f"/api/exports/{job['id']}").json()
    return job


def test_facets_follow_the_other_filters(client: TestClient) -> None:
    facets = {each["field"]: each for each in client.get("/api/facets").json()}
    assert {each["name"] for each in facets["paths"]["choices"]} == {"odd"}
    (odd,) = facets["paths"]["choices"]
    assert facets["cameras"]["not_field"] == "not_cameras"
    for camera in facets["cameras"]["choices"]:
        asked = {"text": "anything", "cameras": camera["value"], "limit": 100, "collapse": "false"}
        found = client.get("/api/search", params=asked).json()["moments"]
        assert len({each["video_id"] for each in found}) == camera["videos"]
    inside = client.get("/api/facets", params={"paths": odd["value"]}).json()
    counted = sum(each["videos"] for each in inside[0]["choices"] if inside[0]["field"] == "cameras")
    assert counted <= odd["videos"]
    refused = client.get("/api/facets", params={"cameras": "nowhere"})
    assert refused.status_code == 409
    assert "there is no camera" in refused.json()["error"]


def test_what_a_request_can_not_hold_is_no_choice() -> None:
    assert can_be_asked("/archive/schön/**")
    assert not can_be_asked("/archive/\udcff/**")
    assert not can_be_asked("/" + "a" * 500)


def test_days_count_what_their_lanes_hold(client: TestClient) -> None:
    calendar = client.get("/api/days").json()
    assert calendar["zone"] == "UTC"
    assert calendar["days"]
    for each in calendar["days"]:
        day = client.get(f"/api/days/{each['day']}").json()
        assert day["length"] == 86_400
        spans = [span for lane in day["lanes"] for span in lane["spans"]]
        assert len({span["video_id"] for span in spans}) == each["videos"]
        for span in spans:
            video = client.get(f"/api/videos/{span['video_id']}", params={"file": span["file"]}).json()
            assert video["video"].endswith(span["name"])
            assert span["end"] - span["start"] <= video["duration"] + 1e-6
    assert calendar["untimed"] > 0
    camera = {"cameras": "cam01"}
    assert sum(each["videos"] for each in client.get("/api/days", params=camera).json()["days"]) == 1
    assert client.get("/api/days/2026-02-30").status_code == 409
    assert client.get("/api/days/9999-12-31").status_code == 409
    assert client.get("/api/days/today").status_code == 422
