"""What the commit of a video costs: `commit_video` into a catalog on disk, for a short clip, ten minutes and two hours.

    python benchmarks/commits.py [--videos 200]

The catalog grows as it does in an index run, with one writer. `flushing` is what the disk takes by itself: a write and
an fsync of as many bytes as the embeddings have.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import framescout
from benchmarks.archive import video
from benchmarks.record import recorded
from framescout.catalog import Catalog

DIMENSIONS = 384
LENGTHS = {"a clip of 3": 3, "10 minutes, 300": 300, "2 hours, 3,600": 3600}
"""Keyframes."""


def milliseconds(job: Callable[[int], object], count: int) -> tuple[float, float, float]:
    """Median and 95th percentile of wall-clock time, and processor time on average; of `job`, by number."""
    walls, before = [], time.process_time()
    for number in range(count):
        started = time.perf_counter()
        job(number)
        walls.append(1000 * (time.perf_counter() - started))
    busy = 1000 * (time.process_time() - before) / count
    return statistics.median(walls), statistics.quantiles(walls, n=20)[-1], busy


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=200)
    arguments = parser.parse_args()
    print("milliseconds a video\n\n| keyframes | commit p50 | p95 | processor | flushing p50 |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(dir=".") as folder:
        catalog = framescout.open(Path(folder) / "catalog")
        with catalog.writer() as writer, (Path(folder) / "plain").open("wb", buffering=0) as plain:
            model = writer.model("starter", "made up", DIMENSIONS)
            for name, length in LENGTHS.items():
                rows = np.random.default_rng(length).normal(size=(length, DIMENSIONS)).astype(np.float16)
                count = max(5, min(arguments.videos, 30_000 // length))
                first = catalog_size(catalog)

                def commit(number: int, rows: np.ndarray = rows, first: int = first) -> None:
                    writer.commit_video(video(first + number, rows), model)

                def flush(_: int, rows: np.ndarray = rows) -> None:
                    plain.write(rows.tobytes())
                    os.fsync(plain.fileno())

                p50, p95, busy = milliseconds(commit, count)
                flushed = milliseconds(flush, count)
                print(f"| {name} | {p50:.1f} | {p95:.1f} | {busy:.1f} | {flushed[0]:.1f} |")


def catalog_size(catalog: Catalog) -> int:
    """Videos in it."""
    with catalog.snapshot() as snapshot:
        return int(snapshot.totals().videos)


if __name__ == "__main__":
    with recorded(__file__):
        main()
