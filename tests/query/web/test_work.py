"""Work from the page: only where it is allowed, by whom and below which folders; one at a time; ended with the app."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import framescout
from framescout.catalog import Catalog
from query.web import create_app
from query.web.people import Person
from tests.conftest import program_path
from tests.footage import make
from tests.waiting import wait_until

ANNA, BEN = Person("anna", "annas-token-of-this-test"), Person("ben", "bens-token-of-this-test", may_change=False)
AS_ANNA, AS_BEN = ({"authorization": f"Bearer {each.token}"} for each in (ANNA, BEN))
LONGEST = 300.0  # seconds


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A film in a folder of its own, garbage, a hidden folder, and links: to a folder within, and out of it."""
    allowed = tmp_path / "allowed"
    (allowed / "yard").mkdir(parents=True)
    (allowed / ".hidden").mkdir()
    (tmp_path / "allowed-not").mkdir()
    make.b_frames(allowed / "yard", "a.mp4", seconds=2)
    make.garbage(allowed)
    make.b_frames(tmp_path / "allowed-not", "b.mp4", seconds=3)
    (allowed / "within").symlink_to(allowed / "yard", target_is_directory=True)
    (allowed / "out").symlink_to(tmp_path / "allowed-not", target_is_directory=True)
    return allowed


@pytest.fixture
def worker(catalog: Catalog, archive: Path, tmp_path: Path) -> Iterator[TestClient]:
    """As `serve --may-index allowed`."""
    app = create_app(catalog, exports=tmp_path / "exports", may_index=[archive])
    with TestClient(app, base_url="http://127.0.0.1:8000") as opened:
        yield opened


def ended(client: TestClient) -> dict[str, Any]:
    deadline = time.monotonic() + LONGEST
    while (job := client.get("/api/work").json()["job"])["state"] in ("running", "stopping"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return dict(job)


def until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONGEST
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_folder_is_indexed_tried_again_pruned_and_checked(
    worker: TestClient, catalog: Catalog, archive: Path
) -> None:
    assert worker.get("/api/work").json() == {"folders": [str(archive)], "job": None}
    assert worker.get("/api/work/folders").json() == {"folders": ["out", "within", "yard"]}
    begun = worker.post("/api/work", json={"task": "index", "below": "yard"})
    assert begun.status_code == 202
    assert begun.json()["job"]["state"] == "running"
    job = ended(worker)
    assert (job["state"], job["folder"], job["lines"] != []) == ("done", str(archive / "yard"), True)
    with catalog.snapshot() as snapshot:
        assert [Path(video.path).name for video in snapshot.videos()] == ["a.mp4"]
    worker.post("/api/work", json={"task": "index"})
    assert ended(worker)["state"] == "done"
    assert len(worker.get("/api/state").json()["quarantined"]) == 1
    worker.post("/api/work", json={"task": "retry"})
    assert ended(worker)["state"] == "done"
    worker.post("/api/work", json={"task": "verify"})
    assert ended(worker)["lines"][-1] == "all is well"
    (archive / "yard" / "a.mp4").unlink()
    worker.post("/api/work", json={"task": "index"})
    ended(worker)
    worker.post("/api/work", json={"task": "prune"})
    assert any("1 files were dropped" in line for line in ended(worker)["lines"])


def test_without_the_option_nothing_is_done(client: TestClient) -> None:
    assert client.get("/api/work").json() == {"folders": [], "job": None}
    for task in ("index", "retry", "prune", "verify"):
        answer = client.post("/api/work", json={"task": task})
        assert (answer.status_code, "--may-index" in answer.json()["error"]) == (404, True)
    assert client.post("/api/work/stop").status_code == 404
    assert client.get("/api/work/folders").status_code == 404
    assert "data-work" not in client.get("/state").text


def test_a_viewer_neither_works_nor_sees_folders(catalog: Catalog, archive: Path, tmp_path: Path) -> None:
    app = create_app(catalog, exports=tmp_path, host="0.0.0.0", people=[ANNA, BEN], may_index=[archive])
    client = TestClient(app, base_url="http://192.168.1.7:8000")
    for path in ("/api/work", "/api/work/folders"):
        assert client.get(path, headers=AS_BEN).status_code == 403
        assert client.get(path, headers=AS_ANNA).status_code == 200
    for path in ("/api/work", "/api/work/stop"):
        assert client.post(path, json={"task": "verify"}, headers=AS_BEN).status_code == 403
    assert "data-work" not in client.get("/state", headers=AS_BEN).text
    assert "data-work" in client.get("/state", headers=AS_ANNA).text
    assert client.get("/api/work", headers=AS_ANNA).json()["job"] is None
    evil = AS_ANNA | {"origin": "http://evil.example"}
    assert client.post("/api/work", json={"task": "verify"}, headers=evil).status_code == 403


@pytest.mark.parametrize(
    "below",
    [
        *("..", "../allowed-not", "yard/../../allowed-not", "out", "out/..", "/", "/etc", "yard/a.mp4", "nothing"),
        *("a\0b", "x" * 4000, "./" * 1500 + ".."),
    ],
)
def test_nothing_outside_of_the_allowed_folders_is_indexed_or_listed(worker: TestClient, below: str) -> None:
    answer = worker.post("/api/work", json={"task": "index", "below": below})
    assert (answer.status_code, answer.json()["error"]) == (
        409,
        "there is no such folder below those that may be indexed",
    )
    assert worker.get("/api/work/folders", params={"below": below}).status_code == 409
    assert worker.get("/api/work").json()["job"] is None


def test_an_absolute_path_and_a_link_within_are_what_they_lead_to(worker: TestClient, archive: Path) -> None:
    for below in ("within", str(archive / "yard"), "within/../yard"):
        worker.post("/api/work", json={"task": "index", "below": below})
        assert ended(worker)["folder"] == str(archive / "yard")


@pytest.mark.parametrize(
    "wanted",
    [
        *({}, None, [], {"task": "rm"}, {"task": "index", "folder": -1}),
        *({"task": "index", "below": 7}, {"task": "index", "path": "/"}),
    ],
)
def test_what_is_bad_gets_a_sentence(worker: TestClient, wanted: object) -> None:
    answer = worker.post("/api/work", json=wanted)
    assert (answer.status_code, bool(answer.json()["error"])) == (422, True)
    assert worker.post("/api/work", json={"task": "index", "folder": 1}).status_code == 409
    assert worker.get("/api/work").json()["job"] is None


def test_while_another_writes_nothing_is_begun_and_it_says_who(worker: TestClient, catalog: Catalog) -> None:
    with catalog.writer():
        answer = worker.post("/api/work", json={"task": "index"})
        assert answer.status_code == 503
        assert answer.json()["error"] == (
            f"another framescout (process {os.getpid()}) is writing to this catalog; wait until it has ended"
        )
    worker.post("/api/work", json={"task": "verify"})
    answer = worker.post("/api/work", json={"task": "retry"})
    if answer.status_code != 202:  # else it had ended
        assert (answer.status_code, answer.json()["error"]) == (
            503,
            "verify is going on; stop it, or wait until it has ended",
        )
    ended(worker)


def long_film(archive: Path) -> None:
    make.b_frames(archive / "yard", "long.mp4", seconds=120, gop=5)


def test_it_can_be_stopped_and_goes_on_later(worker: TestClient, catalog: Catalog, archive: Path) -> None:
    long_film(archive)
    worker.post("/api/work", json={"task": "index"})
    until(lambda: catalog.holder())
    assert worker.post("/api/work/stop").json()["job"]["state"] in ("stopping", "stopped")
    assert ended(worker)["state"] == "stopped"
    assert catalog.holder() is None
    worker.post("/api/work", json={"task": "index"})
    assert ended(worker)["state"] == "done"
    with catalog.snapshot() as snapshot:
        assert {Path(video.path).name for video in snapshot.videos()} >= {"a.mp4", "long.mp4"}


def test_an_app_that_ends_ends_its_work_cleanly(catalog: Catalog, archive: Path, tmp_path: Path) -> None:
    long_film(archive)
    app = create_app(catalog, exports=tmp_path / "exports", may_index=[archive])
    with TestClient(app, base_url="http://127.0.0.1:8000") as opened:
        opened.post("/api/work", json={"task": "index"})
        until(lambda: catalog.holder())
    assert catalog.holder() is None
    command = [program_path(), "--catalog", str(catalog.folder), "verify"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="a process is killed otherwise there")
def test_a_run_ends_cleanly_where_its_app_is_killed(archive: Path, catalog: Catalog) -> None:
    long_film(archive)
    app = (
        "import subprocess, sys, time\n"
        "command = [sys.executable, '-P', '-m', 'framescout.attached', *sys.argv[1:]]\n"
        "run = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)\n"
        "print(run.pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    given = ["--catalog", str(catalog.folder), "index", str(archive)]
    with subprocess.Popen([sys.executable, "-c", app, *given], stdout=subprocess.PIPE, text=True) as killed:
        wait_until(catalog.holder, killed)
        killed.kill()
    until(lambda: catalog.holder() is None)
    framescout.open(catalog.folder)
