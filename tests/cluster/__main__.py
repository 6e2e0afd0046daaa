"""Kills parts of a Ray cluster while it indexes, and compares the catalog with that of one machine, bit for bit.

python -m tests.cluster --trials 200 --seed 7 --json cluster.json
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, suppress
from pathlib import Path

import click

from framescout.embedding import load_embedder
from tests.cluster.running import NoClusterError, RayCluster, ray_cluster
from tests.cluster.trial import WAYS, attempt, make_world

_TRIES = 5  # to start a cluster


@click.command()
@click.option("--trials", type=int, default=20, show_default=True, help="How many kills.")
@click.option("--seed", type=int, default=1, show_default=True)
@click.option("--json", "report", type=click.Path(path_type=Path), help="Write what came of it there too.")
def main(trials: int, seed: int, report: Path | None) -> None:
    """Kill a worker, a node, the run or the head's control process. Exit status 1 where a catalog differs."""
    root = Path(tempfile.mkdtemp(prefix="fs-kills-"))
    towers = root / "towers"
    load_embedder("starter", cache=towers).keep_background(towers)
    world = make_world(root, towers)
    done: Counter[str] = Counter()
    failures: list[str] = []
    began = time.monotonic()
    cluster: RayCluster | None = None
    with ExitStack() as stack:
        for number in range(trials):
            chance = random.Random(f"{seed}/{number}")
            way = WAYS[number % len(WAYS)]
            try:
                cluster = cluster or _started(stack, towers)
                committed = attempt(world, cluster, way, chance)
                click.echo(f"{number}: {way} killed after {committed} videos, {time.monotonic() - began:.0f} s")
                done[way] += 1
            except NoClusterError as error:
                click.echo(f"{number}: {way} not tried, {error}".splitlines()[0], err=True)
                cluster = None
            except Exception as error:
                failures.append(f"trial {number}, {way}: {type(error).__name__}: {error}")
                click.echo(failures[-1], err=True)
                done[way] += 1
                cluster = None
            if way == "head":  # the cluster is none any more
                cluster = None
            if cluster is None:
                stack.close()
            if report:
                report.write_text(_told(seed, time.monotonic() - began, done, failures))
    click.echo(f"{sum(done.values())} trials, {len(failures)} failed")
    shutil.rmtree(root)
    sys.exit(bool(failures))


def _told(seed: int, seconds: float, done: Counter[str], failures: list[str]) -> str:
    return json.dumps({"seed": seed, "seconds": round(seconds), "trials": done, "failures": failures}, indent=1)


def _started(stack: ExitStack, towers: Path) -> RayCluster:
    """A new cluster; on a busy machine Ray may give up before one is there."""
    for _ in range(_TRIES - 1):
        with suppress(NoClusterError):
            return stack.enter_context(ray_cluster(towers))
    return stack.enter_context(ray_cluster(towers))


if __name__ == "__main__":
    main()
