"""One trial: an index run on a cluster, something killed in the middle, and the catalog beside that of one machine."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from framescout.catalog import Catalog
from indexer.verify import check
from tests.cluster.facts import facts
from tests.cluster.running import RayCluster
from tests.conftest import program_path
from tests.footage import make

WAYS = ("worker", "node", "driver", "head")
"""What is killed: the process of a task, a machine's raylet, the run itself, the head's control process."""

VIDEOS = 8
_PATIENCE = 240.0  # seconds, for a run


@dataclass(frozen=True)
class World:
    """Footage, and the catalog that an undisturbed run on one machine makes of it."""

    archive: Path
    towers: Path
    alone: Path

    def new_catalog(self, name: str) -> Path:
        """An empty one beside it, whose cache has the towers."""
        catalog = self.alone.parent / name
        shutil.rmtree(catalog, ignore_errors=True)
        shutil.copytree(self.towers, catalog / "cache", copy_function=os.link)
        return catalog

    def index(self, catalog: Path) -> None:
        """On this machine alone, to a good end."""
        ended = subprocess.run(_command(self, catalog), capture_output=True, text=True, check=False, timeout=_PATIENCE)
        assert ended.returncode == 0, ended.stderr


def make_world(folder: Path, towers: Path) -> World:
    """Make the footage and index it on this machine alone."""
    archive = folder / "archive" / "cam07"
    archive.mkdir(parents=True)
    for number in range(VIDEOS):
        make.numbered(archive, f"numbered{number}.mp4", seconds=6 + number, gop=10 + 5 * number)
    make.garbage(archive, "broken.mp4")
    world = World(archive, towers, folder / "alone")
    world.index(world.new_catalog("alone"))
    return world


def attempt(world: World, cluster: RayCluster, way: str, chance: random.Random) -> int:
    """Kill once in an index run; return how many videos had been committed.

    Raises:
        AssertionError: the run didn't come to its end, or a fact differs from that of one machine.
    """
    catalog = world.new_catalog("together")
    command = _command(world, catalog, "--ray", cluster.address)
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=cluster.environment)
    try:
        committed = _wait_for(chance.randrange(VIDEOS - 2), catalog, cluster, process)
        _kill(way, cluster, process, chance)
        _, said = process.communicate(timeout=_PATIENCE)
    finally:
        process.kill()
        process.wait(_PATIENCE)
    if way == "node":
        cluster.add_node()
    if way == "driver":
        assert process.returncode == -signal.SIGKILL, said
        again = subprocess.run(
            command, capture_output=True, text=True, check=False, env=cluster.environment, timeout=_PATIENCE
        )
        assert again.returncode == 0, again.stderr
    elif way == "head" and process.returncode == 3:  # the rest took longer than a run waits for a head
        assert "has gone; what was committed is there" in said
        world.index(catalog)
    else:
        assert process.returncode == 0, said
    assert facts(catalog) == facts(world.alone)
    assert check(Catalog.open(catalog)) == []
    return committed


def _command(world: World, catalog: Path, *more: str) -> Sequence[str]:
    return [program_path(), "--catalog", str(catalog), "index", str(world.archive), "--quiet", *more]


def _wait_for(count: int, catalog: Path, cluster: RayCluster, process: subprocess.Popen[str]) -> int:
    """Return once so many videos are committed and tasks are at work."""
    while process.poll() is None:
        committed = _committed(catalog)
        if committed >= count and cluster.workers():
            return committed
        time.sleep(0.02)
    assert process.stderr
    raise AssertionError(f"the run was over before: {process.stderr.read()}")


def _committed(catalog: Path) -> int:
    with contextlib.suppress(sqlite3.OperationalError):  # nothing is there yet
        uri = f"file:{catalog / 'catalog.sqlite'}?mode=ro"
        with contextlib.closing(sqlite3.connect(uri, uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM indexing").fetchone()[0])
    return 0


def _kill(way: str, cluster: RayCluster, process: subprocess.Popen[str], chance: random.Random) -> None:
    match way:
        case "worker":
            workers = cluster.workers()
            if workers:  # else its task has just ended, and the trial is one without a kill
                chance.choice(workers).kill()
        case "node":
            cluster.kill_node()
        case "driver":
            process.kill()
        case "head":
            os.kill(cluster.head, signal.SIGKILL)
