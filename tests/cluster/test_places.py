"""Machines of a cluster that have footage at places of their own, that lie at one site, that have a GPU."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.facts import facts
from tests.cluster.running import RayCluster
from tests.conftest import Program
from tests.footage import make
from tests.waiting import wait_until

pytestmark = pytest.mark.slow
Index = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def index(program: Program, cluster: RayCluster, towers: Path, tmp_path: Path) -> Index:
    """Index into a catalog of this name, with these settings; on the cluster, else alone."""

    def run(name: str, settings: str, *more: str, alone: bool = False) -> subprocess.CompletedProcess[str]:
        catalog, file = tmp_path / name, tmp_path / "own.toml"
        if not catalog.exists():
            shutil.copytree(towers, catalog / "cache", copy_function=os.link)
        file.write_text(settings)
        where = [] if alone else ["--ray", cluster.address]
        return program(
            "--catalog", catalog, "--config", file, "index", tmp_path / "here", *where, *more,
            env=cluster.environment, timeout=240,
        )  # fmt: skip

    return run


def test_each_machine_reads_a_root_at_its_own_place(index: Index, cluster: RayCluster, tmp_path: Path) -> None:
    here, roots = tmp_path / "here", '[roots]\narchive = "{}"'
    (here / "cam1").mkdir(parents=True)
    for number in range(4):
        make.numbered(here / "cam1", f"numbered{number}.mp4", seconds=4 + number)
    make.garbage(here, "broken.mp4")
    for site in ("berlin", "bonn"):
        shutil.copytree(here, tmp_path / site)
    with cluster.settings(**{site: roots.format(tmp_path / site) for site in ("berlin", "bonn")}):
        for name, alone in (("alone", True), ("together", False)):
            said = index(name, roots.format(here), alone=alone)
            assert said.returncode == 0, said.stderr
        assert facts(tmp_path / "together") == facts(tmp_path / "alone")
        assert len(facts(tmp_path / "together")["video"]) == 4
        make.numbered(here, "only-here.mp4", seconds=3)
        said = index("together", roots.format(here))
    assert said.returncode == 3, said.stderr
    assert "only-here.mp4 (No such file or directory); look whether the root archive is mounted there" in said.stderr
    assert str(tmp_path / "b") in said.stderr


def test_footage_of_a_site_is_read_by_its_machines_alone(index: Index, cluster: RayCluster, tmp_path: Path) -> None:
    """Each machine has the footage of its own site alone: a video that came to the other would end the run."""
    here, roots, own = tmp_path / "here", [], {}
    for site, other in (("berlin", "bonn"), ("bonn", "berlin")):
        (here / site).mkdir(parents=True)
        for number in range(3):
            make.numbered(here / site, f"{site}{number}.mp4", seconds=3 + number, gop=10 + len(site))
        shutil.copytree(here / site, tmp_path / "at" / site)
        roots.append(f'{site} = "{here / site}"')
        own[site] = f'[roots]\n{site} = "{tmp_path / "at" / site}"\n{other} = "/nowhere"'
    settings = "\n".join(["[roots]", *roots, "[ray_sites]", *(f'"{here / site}" = "{site}"' for site in own)])
    with cluster.settings(**own):
        said = index("together", settings)
    assert said.returncode == 0, said.stderr
    assert index("alone", settings, alone=True).returncode == 0
    assert facts(tmp_path / "together") == facts(tmp_path / "alone")


def test_videos_that_take_a_gpu_go_where_one_is_and_share_a_process(
    index: Index, cluster: RayCluster, tmp_path: Path
) -> None:
    (tmp_path / "here").mkdir()
    for number in range(5):
        make.numbered(tmp_path / "here", f"numbered{number}.mp4", seconds=3 + number)
    seen: set[int] = set()
    ended = threading.Event()

    def look() -> None:
        while not ended.wait(0.02):
            seen.update(process.pid for process in cluster.workers())

    looking = threading.Thread(target=look)
    looking.start()
    try:
        with cluster.settings(bonn="this is no file of settings"):  # whoever reads it ends the run
            said = index("together", "ray_gpus_per_video = 0.5")
    finally:
        ended.set()
        looking.join()
    assert said.returncode == 0, said.stderr
    assert len(facts(tmp_path / "together")["video"]) == 5
    assert 1 <= len(seen) <= 2  # not one a video


def test_what_no_machine_can_read_is_one_sentence(index: Index, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    make.numbered(tmp_path / "here", "numbered.mp4")
    said = index("catalog", f'ray_gpus_per_video = 1\nray_sites = {{"{tmp_path}/here" = "bonn"}}')
    assert said.returncode == 3, said.stderr
    assert "with the label site=bonn has a processor and 1 of a GPU for a video; start one" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_run_ends_where_the_last_machine_of_a_site_is_gone_for_good(
    cluster: RayCluster, towers: Path, tmp_path: Path
) -> None:
    here, settings = tmp_path / "here", tmp_path / "own.toml"
    here.mkdir()
    make.numbered(here, "numbered.mp4", seconds=150, gop=15)
    settings.write_text(f'ray_sites = {{"{here}" = "bonn"}}')
    shutil.copytree(towers, tmp_path / "catalog" / "cache", copy_function=os.link)
    command = [
        sys.executable, "-m", "tests.cluster.unlike", "hasty", "--catalog", tmp_path / "catalog", "--config", settings,
        "index", here, "--ray", cluster.address,
    ]  # fmt: skip
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env=cluster.environment, cwd=Path(__file__).parents[2]
    )
    try:
        wait_until(cluster.workers, process)
        cluster.kill_node()
        _, said = process.communicate(timeout=120)
    finally:
        process.kill()
        cluster.add_node()
    assert process.returncode == 3, said
    assert "no machine of the Ray cluster with the label site=bonn has a processor for a video" in said
