"""An index run on a Ray cluster makes the catalog that one machine makes, and says what keeps it from that."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from framescout.catalog import Catalog
from framescout.errors import NotAvailableError
from indexer.verify import check
from tests.cluster.facts import facts
from tests.cluster.running import RayCluster
from tests.conftest import Program, program_path
from tests.footage import make
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
VIDEOS = 4


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive") / "cam02"
    folder.mkdir()
    make.coloured_shots(folder, "20260214_221500.mp4")
    make.numbered(folder, "numbered.mp4")
    make.numbered(folder, "longer.mp4", seconds=9, gop=15)
    make.truncated(folder, "partial.mp4")
    make.garbage(folder, "broken.mp4")
    shutil.copy(folder / "numbered.mp4", folder / "other-name.mp4")
    return folder


@pytest.fixture
def new_catalog(tmp_path: Path, towers: Path) -> Callable[[str], Path]:
    def make_one(name: str) -> Path:
        shutil.copytree(towers, tmp_path / name / "cache", copy_function=os.link)
        return tmp_path / name

    return make_one


def index(program: Program, catalog: Path, archive: Path, cluster: RayCluster, *more: str) -> dict[str, object]:
    said = program(
        "--catalog", catalog, "index", archive, "--json", "--ray", cluster.address, *more,
        env=cluster.environment, timeout=240,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    report: dict[str, object] = json.loads(said.stdout)
    return report


def test_the_catalog_is_that_of_one_machine_to_the_bit(
    program: Program, new_catalog: Callable[[str], Path], archive: Path, cluster: RayCluster
) -> None:
    alone, together = new_catalog("alone"), new_catalog("together")
    said = program("--catalog", alone, "index", archive, "--json", timeout=240)
    assert said.returncode == 0, said.stderr
    report, expected = index(program, together, archive, cluster), json.loads(said.stdout)
    for name in ("quarantined", "partial", "left", "stopped", "footage_seconds"):
        assert report.get(name) == expected.get(name), name
    assert facts(together) == facts(alone)
    assert len(facts(together)["video"]) == VIDEOS
    assert check(Catalog.open(together)) == []
    again = index(program, together, archive, cluster)
    assert again["indexed"] == []
    assert facts(together) == facts(alone)


def test_after_the_time_named_no_video_is_begun(
    program: Program, new_catalog: Callable[[str], Path], archive: Path, cluster: RayCluster
) -> None:
    catalog = new_catalog("catalog")
    script = (
        "import indexer, sys; from framescout import settings; from framescout.catalog import Catalog\n"
        "report = indexer.index(Catalog.open(sys.argv[1]), [sys.argv[2]], settings=settings.load(ray=sys.argv[3]),"
        " may_go_on=lambda: False)\n"
        "print(report.stopped, report.left)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, catalog, archive, cluster.address],
        capture_output=True, text=True, check=False, env=cluster.environment, timeout=240,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    stopped, left = said.stdout.split()
    assert stopped == "until"
    assert int(left) >= 2


def test_ctrl_c_ends_it_cleanly_and_the_same_command_goes_on(
    program: Program, new_catalog: Callable[[str], Path], archive: Path, cluster: RayCluster, tmp_path: Path
) -> None:
    catalog, longer = new_catalog("catalog"), tmp_path / "longer"
    shutil.copytree(archive, longer, copy_function=os.link)
    make.numbered(longer, "0.mp4", seconds=150, gop=15)  # read first, and long enough to be met at it
    command = [program_path(), "--catalog", catalog, "index", longer, "--ray", cluster.address]
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where tests run in the background
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=cluster.environment)
    signal.signal(signal.SIGINT, before)
    try:
        wait_until(cluster.workers, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=200)
    finally:
        process.kill()
    assert process.returncode == 130, said
    assert "Traceback" not in said
    deadline = time.monotonic() + 60
    while cluster.workers() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert cluster.workers() == []
    index(program, catalog, longer, cluster)
    assert len(facts(catalog)["video"]) == VIDEOS + 1
    assert [row[3] for row in facts(catalog)["quarantine"]] == ["not-video"]


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("version", "this one has 0.0.1; install the same on both"),
        ("weights", "has other weights of the model starter; put the same there"),
        ("footage", "can't read /proc/self/fd/"),
        ("install", "can't run framescout: No module named 'indexer.only_here'; install framescout"),
    ],
)
def test_a_machine_that_differs_is_named_and_nothing_is_quarantined(
    what: str, told: str, new_catalog: Callable[[str], Path], archive: Path, cluster: RayCluster
) -> None:
    catalog, unlike = new_catalog("catalog"), [sys.executable, "-m", "tests.cluster.unlike"]
    said = subprocess.run(
        [*unlike, what, "--catalog", catalog, "index", archive, "--ray", cluster.address],
        capture_output=True, text=True, check=False, env=cluster.environment, timeout=240,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert said.returncode == 3, said.stderr
    assert told in said.stderr
    assert "machine" in said.stderr.lower()
    with Catalog.open(catalog).snapshot() as snapshot:
        assert snapshot.quarantined() == []
        assert list(snapshot.videos()) == []


def test_a_run_whose_head_has_gone_for_long_ends_with_a_sentence(
    new_catalog: Callable[[str], Path], cluster: RayCluster, tmp_path: Path
) -> None:
    catalog = new_catalog("catalog")
    make.numbered(tmp_path, "long.mp4", seconds=150, gop=15)
    said = subprocess.run(
        [sys.executable, "-m", "tests.cluster.unlike", "headless", "--catalog", catalog, "index", tmp_path / "long.mp4",
         "--ray", cluster.address],
        capture_output=True, text=True, check=False, env=cluster.environment, timeout=240,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert said.returncode == 3, said.stderr
    assert f"({cluster.address}) has gone; what was committed is there: start the cluster anew" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("127.0.0.1:1", "can't be reached (Connection refused)"),
        ("nonsense", "is no address of a Ray cluster"),
        ("ray://127.0.0.1:1", "is no address of a Ray cluster"),
    ],
)
def test_a_cluster_that_is_not_there_is_one_sentence(
    address: str, told: str, program: Program, new_catalog: Callable[[str], Path], archive: Path
) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    said = program("--catalog", new_catalog("catalog"), "index", archive, "--ray", address, timeout=120)
    assert said.returncode == 3, said.stderr
    assert told in said.stderr
    assert "Traceback" not in said.stderr


def test_where_no_cluster_runs_auto_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed")
    from indexer.cluster_connection import join

    monkeypatch.setattr(ray, "init", mock.Mock(side_effect=ConnectionError("nothing is there")))
    with pytest.raises(NotAvailableError, match="the Ray cluster auto can't be joined: no Ray cluster runs here; see"):
        join("auto")
