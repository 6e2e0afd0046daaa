"""What a Ray cluster of one-core nodes on this machine takes to index, beside a plain run; and what more workers would.

    python benchmarks/cluster.py --footage FOLDER [--videos 80]

Takes so many videos of the folder, spread evenly over it. Processor time is counted, since what else the machine does
changes it least: of a plain run with one decoder, of a run on two nodes, and on one after the other was ended. Four
clips of a second are indexed in the same ways before; what that takes is start-up, and is taken off. The processes of
the cluster are looked at five times a second, so that up to 0.2 s of each that ends are missing. Then each video is
done by itself, as a task does it, and its seconds of decoding and embedding say how long 1 to 4 workers would take
that have nothing to wait for.
"""

from __future__ import annotations

import argparse
import heapq
import os
import pickle
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

from benchmarks.record import recorded
from framescout import __version__, settings
from framescout.embedding import fingerprint, load_embedder
from indexer import on_node
from indexer.events import Job
from indexer.hashing import content_hash
from indexer.on_node import Order, carry_out
from indexer.scan import VideoFile, scan
from indexer.workers import Limits
from tests.cluster.running import RayCluster, ray_cluster
from tests.footage import make

KINDS = ("program", "decoders", "workers", "raylets and head", "agents")
_AGENTS = ("agent", "log_monitor", "dashboard", "monitor.py", "tests.cluster.nodes")

Taken = dict[str, float]
"""Seconds by kind."""


class Bench:
    """Folders of videos, and the model."""

    def __init__(self, root: Path, footage: Path, videos: int) -> None:
        self.root, self.towers = root, root / "towers"
        load_embedder("starter", cache=self.towers).keep_background(self.towers)
        every = [file.path for file in scan([footage])]
        self.archive, self.clips = root / "archive", root / "clips"
        self.archive.mkdir()
        for number, path in enumerate(every[:: max(1, len(every) // videos)][:videos]):
            shutil.copy(path, self.archive / f"{number:04d}{Path(path).suffix}")
        self.clips.mkdir()
        for number in range(4):
            make.numbered(self.clips, f"{number}.mp4", seconds=1, gop=5 + number)

    def run(self, footage: Path, cluster: RayCluster | None) -> tuple[Taken, float]:
        """Index into a new catalog; return seconds of processor time by kind, and of wall-clock time."""
        catalog = self.root / "catalog"
        shutil.rmtree(catalog, ignore_errors=True)
        shutil.copytree(self.towers, catalog / "cache")
        command = [
            str(Path(sys.executable).with_name("framescout")),
            "--catalog",
            str(catalog),
            "index",
            str(footage),
            "--quiet",
        ]
        more = ["--ray", cluster.address] if cluster else ["--workers", "1"]
        environment = cluster.environment if cluster else {**os.environ}
        known = [psutil.Process(cluster.process.pid)] if cluster else []
        first, last = dict(_seconds(known)), dict(_seconds([]))
        began = time.perf_counter()
        process = subprocess.Popen([*command, *more], env=environment)
        while process.poll() is None:
            last |= dict(_seconds([*known, psutil.Process(process.pid)]))
            time.sleep(0.2)
        if process.returncode:
            raise RuntimeError(f"the run failed with exit code {process.returncode}")
        taken: Taken = defaultdict(float)
        for number, (kind, seconds) in last.items():
            taken["program" if number == process.pid else kind] += seconds - first.get(number, (kind, 0.0))[1]
        return taken, time.perf_counter() - began


def _seconds(roots: Sequence[psutil.Process]) -> Iterator[tuple[int, tuple[str, float]]]:
    """Process id, (kind, seconds of processor time), of these processes and all below them."""
    for root in roots:
        with suppress(psutil.Error):
            for process in [root, *root.children(recursive=True)]:
                with suppress(psutil.Error):
                    used = process.cpu_times()
                    yield process.pid, (_kind(process.cmdline()), used.user + used.system)


def _kind(command: Sequence[str]) -> str:
    said = " ".join(command)
    if "multiprocessing" in said:
        return "decoders"
    if "/raylet/raylet" in said or "gcs_server" in said:
        return "raylets and head"
    if said.startswith("ray::DashboardAgent") or any(name in said for name in _AGENTS):
        return "agents"
    return "workers"


def alone(bench: Bench) -> list[tuple[float, float]]:
    """Seconds of processor time of decoding and of embedding each video, one after the other."""
    given = settings.load(catalog=bench.root)
    limits = Limits(given.max_pixels, given.decode_memory, given.decode_timeout, given.decode_on)
    size = load_embedder("starter", cache=bench.towers).image_size
    os.environ["XDG_CACHE_HOME"] = str(bench.root / "own")
    shutil.copytree(bench.towers, bench.root / "own" / "framescout")
    taken = []
    clips = [str(path) for path in sorted(bench.clips.iterdir())]
    for number, file in enumerate([*scan(clips), *scan([bench.archive])]):
        taken.append(_task(number, file, limits, size))
    on_node._end(on_node._decoding_process(limits))
    return taken[len(clips) :]


def _task(key: int, file: VideoFile, limits: Limits, size: tuple[int, int]) -> tuple[float, float]:
    job = Job(key, file, content_hash(file.path), "balanced", size)
    order = pickle.dumps(Order(job, job.file.path, limits, "starter", fingerprint("starter"), 0))
    before, own = _below(), time.process_time()
    carry_out(key, __version__, order)
    return _below() - before, time.process_time() - own


def _below() -> float:
    """Seconds of processor time of the processes below this one, those that ended too."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    living = sum(seconds for number, (_, seconds) in _seconds([psutil.Process()]) if number != os.getpid())
    return living + ended.ru_utime + ended.ru_stime


def makespan(videos: Sequence[float], workers: int) -> float:
    """Seconds until all are done, each begun in their order by the worker that is free first."""
    free = [0.0] * workers
    for seconds in videos:
        heapq.heapreplace(free, free[0] + seconds)
    return max(free)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--footage", type=Path, required=True)
    parser.add_argument("--videos", type=int, default=80)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), given.footage, given.videos)
        runs: dict[str, tuple[Taken, float]] = {}
        runs["plain"] = _after_start(bench, None)
        with ray_cluster(bench.towers) as cluster:
            runs["two nodes"] = _after_start(bench, cluster)
            cluster.kill_node()
            time.sleep(10)
            runs["one node"] = _after_start(bench, cluster)
        each = alone(bench)
    print(f"{len(each)} videos. Seconds of processor time after start-up\n")
    print(f"| run | {' | '.join(KINDS)} | all | to plain | wall-clock time, s |\n|---|{'---|' * (len(KINDS) + 3)}")
    plain = sum(runs["plain"][0].values())
    for name, (taken, wall) in runs.items():
        cells, every = " | ".join(f"{taken[kind]:.1f}" for kind in KINDS), sum(taken.values())
        print(f"| {name} | {cells} | {every:.1f} | {every / plain:.2f} | {wall:.1f} |")
    decoding, embedding = (sum(part) for part in zip(*each, strict=True))
    print(f"\nEach by itself: decoding {decoding:.1f} s, embedding {embedding:.1f} s. Simulated\n")
    print("| workers | seconds | times as fast | of their time they work, % |\n|---|---|---|---|")
    videos = [sum(parts) for parts in each]
    for workers in (1, 2, 3, 4):
        seconds = makespan(videos, workers)
        faster = sum(videos) / seconds
        print(f"| {workers} | {seconds:.1f} | {faster:.2f} | {100 * faster / workers:.0f} |")
    print(f"\nMeasured, one node to two: {runs['one node'][1] / runs['two nodes'][1]:.2f} times as fast.")
    print(f"Load at the end: {os.getloadavg()[0]:.1f}.")


def _after_start(bench: Bench, cluster: RayCluster | None) -> tuple[Taken, float]:
    start, start_wall = bench.run(bench.clips, cluster)
    taken, wall = bench.run(bench.archive, cluster)
    return {kind: taken[kind] - start[kind] for kind in KINDS}, wall - start_wall


if __name__ == "__main__":
    with recorded(__file__):
        main()
