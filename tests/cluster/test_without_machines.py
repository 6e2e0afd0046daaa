"""A cluster whose head has no processors, and whose machines are not there or go away."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.running import NoClusterError, RayCluster, ray_cluster
from tests.cluster.test_vector_index import build, command
from tests.conftest import Program
from tests.footage import make
from tests.framescout.vectors.make import LANCE, Archive
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
HANGING = """
import time
from pathlib import Path
from indexer import cluster_index, cluster_watch
cluster_watch.LOOK_EVERY, cluster_watch._QUIET, cluster_watch._LONGEST_ABSENCE = 0.5, 0.5, 1.0
cluster_index.LOOK_EVERY = 0.5
def begins(*_):
    Path(BEGUN).touch()
    time.sleep(3600)
cluster_index.index_part = begins
"""
"""Before a build: whoever indexes a part says that it has begun, and never ends."""


@pytest.fixture(scope="module")
def head(towers: Path) -> Iterator[RayCluster]:
    """Of a cluster that has nothing else."""
    pytest.importorskip("ray", reason="Ray is not installed")
    try:
        with ray_cluster(towers, nodes=0) as running:
            yield running
    except NoClusterError as error:
        pytest.skip(str(error))


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    pytest.importorskip("lance", reason="Lance is not installed")
    made = Archive.make(tmp_path / "catalog", LANCE)
    made.add([50] * 10)
    return made


def test_a_run_without_processors_is_refused(program: Program, head: RayCluster, tmp_path: Path) -> None:
    make.numbered(tmp_path, "numbered.mp4")
    said = program(
        "--catalog", tmp_path / "catalog", "index", tmp_path / "numbered.mp4", "--ray", head.address,
        env=head.environment, timeout=240,
    )  # fmt: skip
    assert said.returncode == 3, said.stderr
    assert f"the Ray cluster {head.address} has no processors; run `ray start` on more machines" in said.stderr


def test_a_vector_index_without_processors_is_refused(archive: Archive, head: RayCluster) -> None:
    said = build(archive, str(archive.catalog.vectors_folder / "sets"), head)
    assert said.returncode == 1
    assert f"3 the Ray cluster {head.address} has no processors; run `ray start` on more machines" in said.stderr
    assert not archive.is_indexed()


def test_a_vector_index_whose_last_machine_goes_is_given_up(archive: Archive, head: RayCluster, tmp_path: Path) -> None:
    begun, place = tmp_path / "begun", archive.catalog.vectors_folder / "sets"
    hanging = command(archive, str(place), head.address, before=HANGING.replace("BEGUN", repr(str(begun))))
    head.add_node()
    process = subprocess.Popen(hanging, stderr=subprocess.PIPE, text=True, env=head.environment)
    try:
        wait_until(begun.exists, process)
        head.kill_node()
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 1
    assert "3 no machine of the Ray cluster has a processor for a part of the vector index; start one; what was" in said
    assert not archive.is_indexed()
