"""The history of exports: everything of the log, and the files that are left, of this app's folder alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from framescout import export_log
from framescout.catalog import Catalog
from query.web import create_app

MOMENT = {"video": "/archive/<b>cam\udce9.mp4", "start": 1.5, "end": 4.0}


@pytest.fixture
def client(catalog: Catalog, tmp_path: Path) -> TestClient:
    (tmp_path / "exports").mkdir()
    return TestClient(create_app(catalog, exports=tmp_path / "exports"), base_url="http://127.0.0.1:8000")


def logged(catalog: Catalog, folder: Path | None, *, state: str = "done", **others: Any) -> str:
    told = {"who": "anna", "by": "web", "moments": [MOMENT], "query": {}} | others
    number = export_log.begin(catalog.folder, folder=folder, **told)
    if state != "begun":
        export_log.end(catalog.folder, number, state)
    return number


def made(folder: Path) -> Path:
    folder.mkdir()
    (folder / "clip.mp4").write_bytes(b"footage")
    (folder / ".unfinished").write_bytes(b"half")
    return folder


def test_it_lists_who_what_and_when_and_gives_what_is_left(
    client: TestClient, catalog: Catalog, tmp_path: Path
) -> None:
    assert client.get("/api/exports/log").json() == []
    assert "Nothing was exported yet" in client.get("/exports").text
    kept = logged(catalog, made(tmp_path / "exports" / "one"))
    gone = logged(catalog, tmp_path / "exports" / "gone", who="ben", state="stopped")
    still = logged(catalog, None, kind="still")
    first, second, third = client.get("/api/exports/log").json()
    assert [each["id"] for each in (first, second, third)] == [still, gone, kept]
    assert [each["files"] for each in (first, second, third)] == [[], [], ["clip.mp4"]]
    assert (second["who"], second["state"], first["kind"]) == ("ben", "stopped", "still")
    assert client.get(f"/api/exports/{kept}/files/clip.mp4").content == b"footage"
    assert client.get(f"/api/exports/{kept}/zip").content.startswith(b"PK")
    assert client.get(f"/api/exports/{gone}/zip").status_code == 404
    page = client.get("/exports").text
    assert page.count("data-export=") == 3
    assert "&lt;b&gt;cam" in page
    assert "<b>cam" not in page
    assert f"/api/exports/{kept}/zip" in page
    assert "Its files are gone" in page


def test_files_of_other_folders_are_not_given(client: TestClient, catalog: Catalog, tmp_path: Path) -> None:
    exports = tmp_path / "exports"
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "clip.mp4").write_bytes(b"secret")
    (exports / "link").symlink_to(tmp_path / "secret", target_is_directory=True)
    (exports / "clip.mp4").write_bytes(b"secret")
    (made(exports / "deep") / "in").mkdir()
    others = [
        tmp_path / "secret",
        exports,
        exports / ".." / "secret",
        exports / "link",
        exports / "deep" / "in",
        Path("/"),
    ]
    numbers = [logged(catalog, folder) for folder in others]
    numbers.append(logged(catalog, made(exports / "by-hand"), by="command line"))
    numbers.append(logged(catalog, made(exports / "going-on"), state="begun"))
    for number in numbers:
        assert client.get(f"/api/exports/{number}/files/clip.mp4").status_code == 404
        assert client.get(f"/api/exports/{number}/zip").status_code == 404
    own = logged(catalog, made(exports / "own"))
    for name in (".unfinished", "..", "%2e%2e%2fclip.mp4", "nothing"):
        assert client.get(f"/api/exports/{own}/files/{name}").status_code in (404, 405)
    assert client.get("/api/exports/0123456789abcdef/zip").status_code == 404


def test_a_long_history_comes_in_pages_and_a_torn_line_is_told(client: TestClient, catalog: Catalog) -> None:
    numbers = [logged(catalog, None, kind="still", state="begun") for _ in range(60)]
    with (catalog.folder / export_log.NAME).open("ab") as log:
        log.write(b"{torn\n")
    assert [each["id"] for each in client.get("/api/exports/log?first=50").json()] == numbers[9::-1]
    assert client.get("/exports").text.count("data-export=") == 50
    assert client.get("/exports?page=2").text.count("data-export=") == 10
    assert "1 lines of the log" in client.get("/exports").text


def test_an_export_is_the_same_in_the_list_and_in_the_log(client: TestClient, served: Catalog, tmp_path: Path) -> None:
    app = TestClient(create_app(served, exports=tmp_path / "exports"), base_url="http://127.0.0.1:8000")
    wanted = {"video_id": 1, "start": 0.5, "end": 1.0}
    number = app.post("/api/exports", json={"moments": [wanted]}).json()["id"]
    deadline = time.monotonic() + 200
    while app.get(f"/api/exports/{number}").json()["state"] != "done":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    again = TestClient(create_app(served, exports=tmp_path / "exports"), base_url="http://127.0.0.1:8000")
    last = again.get("/api/exports/log").json()[0]
    assert last["id"] == number
    assert last["files"] == app.get(f"/api/exports/{number}").json()["files"] != []
    for name in last["files"]:
        assert again.get(f"/api/exports/{number}/files/{name}").status_code == 200
