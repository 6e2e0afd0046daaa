"""Pages that people read: what was found, said plainly, and nothing unescaped."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

import framescout
from query.web import create_app
from query.web.thumbnails import Thumbnails


@pytest.mark.parametrize("path", ["/", "/archive", "/events", "/selection", "/state", "/videos/1"])
def test_each_page_is_there(client: TestClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<h1" in answer.text


def test_a_match_and_no_match_are_said_plainly(client: TestClient) -> None:
    assert "Best first" in client.get("/", params={"text": "trees in a green meadow"}).text
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


def test_trouble_is_a_sentence_on_the_page(client: TestClient) -> None:
    answer = client.get("/", params={"text": "a dog", "cameras": "cam9"})
    assert answer.status_code == 400
    assert "there is no camera &#39;cam9&#39;" in answer.text
    assert client.get("/videos/12345").status_code == 404


def test_what_was_asked_is_escaped(client: TestClient) -> None:
    attack = '"><script>alert(1)</script>'
    for name in ("text", "also", "without", "cameras", "labels", "paths"):
        text = client.get("/", params={"text": "x", name: attack}).text
        assert "<script>alert" not in text


def test_an_empty_catalog_has_pages_too(tmp_path: Path) -> None:
    app = create_app(framescout.open(tmp_path / "empty"), exports=tmp_path)
    with TestClient(app, base_url="http://localhost") as empty:
        for path in ("/", "/archive", "/selection", "/state"):
            assert empty.get(path).status_code == 200
        assert "nothing is indexed yet" in empty.get("/?text=x").text
        assert empty.get("/events").status_code == 404


def test_the_cache_of_pictures_stays_within_its_bound(client: TestClient, served: object, tmp_path: Path) -> None:
    with served.snapshot() as snapshot:
        video = snapshot.videos([1])[0]
    kept = Thumbnails(tmp_path / "pictures", most_bytes=20_000)
    kept._made = 200  # the next one sweeps
    (tmp_path / "pictures").mkdir()
    for number in range(30):
        (tmp_path / "pictures" / f"{number}.jpg").write_bytes(b"x" * 2000)
    kept.strip(video.path, video.content_hash, [1.0], (160, 640))
    kept.close()
    assert sum(path.stat().st_size for path in (tmp_path / "pictures").iterdir()) <= 20_000
