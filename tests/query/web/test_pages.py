"""Pages that people read: what was found, said plainly, and nothing unescaped."""

from __future__ import annotations

import html
import json
import re
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

import framescout
from framescout.cached import Cache
from framescout.catalog import Catalog
from framescout.catalog.records import FileIdentity
from query.confidence import MATCH
from query.request import Query
from query.web import create_app, thumbnails
from query.web.chips import chips
from query.web.pages import _names
from query.web.site import Site
from query.web.thumbnails import Thumbnails
from query.web.work import Work


@pytest.mark.parametrize("path", ["/", "/searches", "/archive", "/events", "/selection", "/state", "/videos/1"])
def test_each_page_is_there(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1" in answer.text


def test_a_match_and_no_match_are_said_plainly(client: TestClient) -> None:
    shown = client.get("/", params={"text": "trees in a green meadow"}).text
    assert "Best first" in shown
    assert f'data-match="{MATCH}"' in shown
    nothing = client.get(
        "/",
        params={
            "text": "a cat on a sofa",
            "min_confidence": "",
            "within": "",
            "also": "",
            "min_duration": "",
            "page": "",
        },
    ).text
    assert "No confident match" in nothing
    assert "Nothing found" in client.get("/", params={"text": "a dog", "min_confidence": 1}).text


def sure_of(page: str) -> list[float]:
    return [json.loads(each)["confidence"] for each in re.findall("data-moment='([^']*)'", page)]


def test_a_line_tells_where_matches_end(client: TestClient) -> None:
    page = client.get("/", params={"text": "trees in a green meadow", "limit": 100, "collapse": False}).text
    before, after = page.split('<li class="near">')
    sure = [
        [json.loads(each)["confidence"] for each in re.findall("data-moment='([^']*)'", part)]
        for part in (before, after)
    ]
    assert min(sure[0]) >= MATCH > max(sure[1])
    assert '<li class="near">' not in client.get("/", params={"text": "a cat on a sofa"}).text


def test_the_line_also_begins_a_page(client: TestClient) -> None:
    asked = {"text": "trees in a green meadow", "collapse": False}
    matches = sum(each >= MATCH for each in sure_of(client.get("/", params=asked | {"limit": 100}).text))
    first = client.get("/", params=asked | {"limit": matches}).text
    assert '<li class="near">' not in first
    page = re.findall(r'rel="next"', first) and re.findall(r"page=([^\"&]+)", first)[-1]
    second = client.get("/", params=asked | {"limit": matches, "page": page.replace("%40", "@")}).text
    assert '<li class="near">' in second
    assert second.index('<li class="near">') < second.index("data-moment=")


def test_no_line_is_drawn_where_matches_are_not_first(client: TestClient) -> None:
    asked = {"text": "trees in a green meadow", "collapse": False, "order": "motion", "limit": 100}
    page = client.get("/", params=asked | {"min_confidence": 0.01}).text
    sure = sure_of(page)
    assert min(sure) < MATCH <= max(sure)
    assert '<li class="near">' not in page


@given(
    st.lists(
        st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts)), unique=True
    )
)
def test_names_that_repeat_come_with_the_folders_that_tell_them_apart(paths: list[str]) -> None:
    names = _names(paths)
    assert len(set(names.values())) == len(paths)
    for path, name in names.items():
        assert f"/{path}".endswith(f"/{name}")
        if sum(Path(other).name == Path(path).name for other in paths) == 1:
            assert name == Path(path).name


def test_the_start_shows_what_came_last_and_what_needs_somebody(
    client: TestClient, served: Catalog, ids: dict[str, int]
) -> None:
    start = client.get("/").text
    with served.snapshot() as snapshot:
        newest = snapshot.indexed_since(datetime(1970, 1, 1, tzinfo=UTC)).newest
        quarantined = len(snapshot.quarantined())
    assert [int(each) for each in re.findall(r'<li><a href="/videos/(\d+)">', start)] == newest
    assert ("could not be read" in start) == (quarantined > 0)


def test_the_start_shows_the_last_days_by_camera(client: TestClient, ids: dict[str, int]) -> None:
    start = client.get("/").text
    (link,) = re.findall(r'<a href="(/archive[^"]*)" aria-label="cam01, Sat 14 Feb 2026">', start)
    day = client.get(html.unescape(link)).text
    assert re.findall(r'href="/videos/(\d+)\?', day) == [str(ids["cam01_20260214_221500.mp4"])]


def test_the_newest_day_comes_first_and_in_it_the_earliest_video(served: Catalog, tmp_path: Path) -> None:
    shutil.copytree(served.folder, tmp_path / "catalog")
    catalog = framescout.open(tmp_path / "catalog")
    with catalog.snapshot() as snapshot:
        videos = snapshot.videos()
    times = ["2026-02-14T09:00Z", "2026-02-16T23:00Z", "2026-02-14T08:00Z", "2025-12-31T12:00Z", None]
    with catalog.writer() as writer:
        for video, time in zip(videos, [*times, *[None] * len(videos)], strict=False):
            name = f"{datetime.fromisoformat(time):%Y%m%dT%H%M%SZ}" if time else "unknown"
            writer.link_file(FileIdentity(f"/{video.id}/{name}.mp4", 1, 1, video.content_hash), video.id)
            writer.forget_file(video.path)
    with TestClient(create_app(catalog, exports=tmp_path, zone=UTC), base_url="http://127.0.0.1:8000") as client:
        archive, page = client.get("/api/videos").json(), client.get("/archive").text
    assert [each["video_id"] for each in archive["videos"][:4]] == [videos[number].id for number in (1, 2, 0, 3)]
    assert list(archive["days"].items()) == [
        ("2026-02-16", 1),
        ("2026-02-14", 2),
        ("2025-12-31", 1),
        ("unknown", len(videos) - 4),
    ]
    headings = re.findall('<h2 class="day">(.*?)</h2>', page)
    assert headings == ["2026-02-16", "2026-02-14", "2025-12-31", "Recording time unknown"]


def test_trouble_is_a_sentence_on_the_page(client: TestClient) -> None:
    answer = client.get("/", params={"text": "a dog", "cameras": "cam9"})
    assert answer.status_code == 409
    assert "there is no camera &#39;cam9&#39;" in answer.text
    assert client.get("/videos/12345").status_code == 404


def test_what_is_set_shows_as_chips_that_leave_it_out(client: TestClient) -> None:
    given = [("text", "a dog"), ("without", "snow"), ("then", "a bus"), ("within", "5"), ("cameras", "cam*"),
             ("more_like", "3"), ("more_like", "4"), ("min_confidence", "")]  # fmt: skip
    assert [(chip.text, dict(parse_qsl(urlsplit(chip.rest).query))) for chip in chips(given)] == [
        ("not snow", {"text": "a dog", "then": "a bus", "within": "5", "cameras": "cam*", "more_like": "4"}),
        ("then a bus", {"text": "a dog", "without": "snow", "cameras": "cam*", "more_like": "4"}),
        ("within 5 s", {"text": "a dog", "without": "snow", "then": "a bus", "cameras": "cam*", "more_like": "4"}),
        ("camera cam*", {"text": "a dog", "without": "snow", "then": "a bus", "within": "5", "more_like": "4"}),
        ("2 more like this", {"text": "a dog", "without": "snow", "then": "a bus", "within": "5", "cameras": "cam*"}),
    ]
    page = client.get("/", params=[("text", "trees"), ("without", "snow"), ("min_confidence", "0.01")]).text
    assert 'aria-label="Leave out: not snow"' in page
    assert "Say what should be seen</strong>" in client.get("/", params={"without": "snow"}).text


def test_pages_of_moments_lead_to_and_fro(client: TestClient) -> None:
    first = client.get("/", params={"text": "a landscape", "limit": 2, "collapse": "false"}).text
    assert 'rel="prev"' not in first
    following = html.unescape(re.search(r'href="(/\?[^"]*)" rel="next"', first)[1])
    second = client.get(following).text
    assert "Page 2" in second
    back = html.unescape(re.search(r'href="(/\?[^"]*)" rel="prev"', second)[1])
    names = re.findall(r"data-moment='([^']*)'", client.get(back).text)
    assert names == re.findall(r"data-moment='([^']*)'", first)
    assert not set(names) & set(re.findall(r"data-moment='([^']*)'", second))


def test_saved_searches_are_offered(client: TestClient, served: Catalog) -> None:
    query = Query(text="a sunset", cameras=("cam*",), without=("snow",))
    served.saved_searches.save("evenings", query.to_json(), None, 0)
    address = html.unescape(re.search(r'href="([^"]*)">evenings', client.get("/").text)[1])
    answer = client.get(address).text
    assert 'value="a sunset"' in answer
    assert "camera cam*" in answer
    served.saved_searches.remove("evenings")


def test_what_was_asked_is_escaped(client: TestClient) -> None:
    attack = '"><script>alert(1)</script>'
    for name in ("text", "also", "without", "cameras", "labels", "paths"):
        text = client.get("/", params={"text": "x", name: attack}).text
        assert "<script>alert" not in text


def test_an_empty_catalog_has_pages_too(tmp_path: Path) -> None:
    app = create_app(framescout.open(tmp_path / "empty"), exports=tmp_path)
    with TestClient(app, base_url="http://localhost") as empty:
        for path, way_on in {
            "/": "framescout index", "/archive": "framescout index", "/state": "framescout index",
            "/events": "framescout events", "/selection": "Mark moments", "/searches": "Nothing is saved yet",
        }.items():  # fmt: skip
            answer = empty.get(path)
            assert answer.status_code == 200
            assert way_on in answer.text
        assert "nothing is indexed yet" in empty.get("/?text=x").text
        assert empty.get("/api/days").json()["days"] == empty.get("/api/facets").json() == []  # the pages ask for them


def test_the_state_names_a_better_model_than_the_one_that_ships(client: TestClient) -> None:
    assert (
        "A real CLIP model answers better (1.5 GB, once): framescout models fetch balanced" in client.get("/state").text
    )


def test_the_cache_of_pictures_stays_within_its_bound(client: TestClient, served: object, tmp_path: Path) -> None:
    with served.snapshot() as snapshot:
        video = snapshot.videos([1])[0]
    kept = Thumbnails(Cache(tmp_path), most_bytes=20_000)
    kept._made = 200  # the next one sweeps
    (tmp_path / "pictures").mkdir()
    for number in range(30):
        (tmp_path / "pictures" / f"{number}.jpg").write_bytes(b"x" * 2000)
    kept.strip(video.path, video.content_hash, [1.0], (160, 640))
    kept.close()
    assert sum(path.stat().st_size for path in (tmp_path / "pictures").iterdir()) <= 20_000


def test_what_a_busy_machine_could_not_find_out_is_found_out_later_and_kept(
    served: Catalog, ids: dict[str, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site.of(served, tmp_path, model=None, zone=None, work=Work(served, [], None))
    video = site.file(ids["b_frames.mkv"])
    try:
        with monkeypatch.context() as busy:
            busy.setattr(thumbnails, "_LONGEST", 0.0)
            assert site.footage(video) is None
        known = site.footage(video)
        assert known is not None
        assert site.footage(video) is known
    finally:
        site.questions.close()
        site.thumbnails.close()


@pytest.mark.parametrize("stays", [True, False])
def test_a_server_that_stays_starts_its_decoders_first(catalog: Catalog, tmp_path: Path, stays: bool) -> None:
    app = create_app(catalog, exports=tmp_path, stays=stays)
    with mock.patch.object(Thumbnails, "get_ready") as get_ready, TestClient(app, base_url="http://localhost"):
        pass
    assert get_ready.call_count == stays
    if stays:
        real = Thumbnails(Cache(tmp_path))
        real.get_ready()
        processes = list(real._running()._processes.values())
        assert len(processes) == 2
        real.close()
        for process in processes:
            process.join(60)
            while process.exitcode is None:  # a thread of the pool may hear of its end first; pytest ends what hangs
                time.sleep(0.02)
            assert process.exitcode == 0
