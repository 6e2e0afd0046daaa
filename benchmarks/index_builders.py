"""How long one machine and two of a Ray cluster take to index the vectors of a Lance dataset.

    python benchmarks/index_builders.py [--keyframes 260000] [--like FOLDER ...] [--rounds 3]

The machines are nodes of one core on this machine, and Lance is kept to one thread (LANCE_CPU_THREADS), so that two
have twice the processors. Timed are the whole build, and the part of it that the cluster does. What one process does
alone is writing the dataset, learning the partitions, and finding how many of them a question needs.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.archive import fill
from benchmarks.realistic import find_seeds, stream
from benchmarks.record import recorded
from framescout.catalog import Catalog
from framescout.embedding import load_embedder
from framescout.vectors.lance_sets import LanceSets
from indexer.cluster_index import ClusterIndexing
from tests.cluster.running import SETTINGS, ray_cluster

DIMENSIONS = 385
NODES = (1, 2)


class Timed:
    """An `AddIndex` by a cluster that says how long it took."""

    def __init__(self, cluster: str) -> None:
        self._add_index, self.seconds = ClusterIndexing(cluster), 0.0

    def __call__(self, dataset: Any, centres: np.ndarray) -> Any:
        began = time.monotonic()
        added = self._add_index(dataset, centres)
        self.seconds = time.monotonic() - began
        return added


def build(catalog: Catalog, place: Path, cluster: str, sentences: np.ndarray) -> tuple[float, float]:
    """Seconds of the whole build, and of what the cluster does."""
    timed, began = Timed(cluster), time.monotonic()
    with catalog.snapshot() as snapshot:
        (model,) = snapshot.models()
        LanceSets(str(place), timed).publish(snapshot.space(model), sentences)
    return time.monotonic() - began, timed.seconds


def compare(folder: Path, keyframes: int, like: Sequence[Path], rounds: int) -> None:
    """Print the table."""
    seeds = find_seeds(folder, DIMENSIONS, like)
    catalog = fill(folder / "catalog", stream(seeds, keyframes), DIMENSIONS)
    towers = folder / "towers"
    load_embedder("starter", cache=towers)
    taken: dict[int, list[tuple[float, float]]] = {nodes: [] for nodes in NODES}
    for number in range(rounds):
        for nodes in NODES:
            with ray_cluster(towers, nodes) as cluster:
                taken[nodes].append(build(catalog, folder / f"sets{number}-{nodes}", cluster.address, seeds.trial))
    print(f"{keyframes:,} x {DIMENSIONS}, {rounds} rounds; medians\n")
    print("| machines | whole build, s | of it by the cluster, s |\n|---|---|---|")
    for nodes, rows in taken.items():
        print(f"| {nodes} | " + " | ".join(f"{statistics.median(each):.1f}" for each in zip(*rows, strict=True)) + " |")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyframes", type=int, default=260_000)
    parser.add_argument("--like", type=Path, nargs="*", default=[])
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()
    os.environ.update(SETTINGS, LANCE_CPU_THREADS="1")  # of this process too: it joins the cluster
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), given.keyframes, given.like, given.rounds)


if __name__ == "__main__":
    with recorded(__file__):
        main()
