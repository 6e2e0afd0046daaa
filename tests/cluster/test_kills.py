"""Six trials of killing parts of a cluster; `python -m tests.cluster` does as many as you like."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from framescout.catalog import Catalog
from tests.cluster.facts import facts
from tests.cluster.running import NoClusterError, RayCluster, ray_cluster
from tests.cluster.trial import World, attempt, make_world
from tests.footage import make

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, towers: Path) -> World:
    return make_world(tmp_path_factory.mktemp("kills"), towers)


@pytest.mark.parametrize(("way", "number"), [("worker", 1), ("worker", 2), ("node", 1), ("driver", 1)])
def test_whatever_is_killed_the_catalog_is_that_of_one_machine(
    way: str, number: int, cluster: RayCluster, world: World
) -> None:
    attempt(world, cluster, way, random.Random(f"{way}/{number}"))


def test_a_run_outlives_the_head_s_control_process(world: World, towers: Path) -> None:
    pytest.importorskip("ray", reason="Ray is not installed")
    try:
        with ray_cluster(towers) as doomed:
            attempt(world, doomed, "head", random.Random("head/1"))
    except NoClusterError as error:
        pytest.skip(str(error))


def test_a_video_that_kills_its_workers_ends_in_quarantine(cluster: RayCluster, towers: Path, tmp_path: Path) -> None:
    archive, catalog = tmp_path / "archive", tmp_path / "catalog"
    archive.mkdir()
    shutil.copytree(towers, catalog / "cache", copy_function=os.link)
    for seconds, name in enumerate(("a.mp4", "poison.mp4", "z.mp4"), start=4):
        make.numbered(archive, name, seconds=seconds)
    said = subprocess.run(
        [sys.executable, "-m", "tests.cluster.unlike", "poison", "--catalog", catalog, "index", archive,
         "--ray", cluster.address],
        capture_output=True, text=True, check=False, env=cluster.environment, timeout=240,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "quarantined" in said.stderr
    with Catalog.open(catalog).snapshot() as snapshot:
        (bad,) = snapshot.quarantined()
    assert bad.path.endswith("poison.mp4")
    assert (bad.reason, bad.detail) == ("decoder-died", "4 processes of the Ray cluster died on it")
    assert len(facts(catalog)["video"]) == 2
