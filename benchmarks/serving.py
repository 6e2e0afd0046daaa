"""How long the web app takes for a question while others ask too.

    python benchmarks/serving.py [--keyframes 100000] [--clients 8] [--pause 1] [--seconds 20] [--indexing]

Makes a catalog of vectors that lie as real ones do (realistic.py; the more footage and pictures of your own lie in the
folders of --like, the more so), starts
`framescout serve` on it, warms it up, and asks different sentences: from one client, from several that look at each
answer for a while (--pause, seconds on the average), and from several that never pause. With --indexing, `framescout
index` reads an archive of 1080p clips into the same catalog meanwhile. The clients run on the same machine, and what
they need counts (clients.py).
"""

from __future__ import annotations

import argparse
import itertools
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

import framescout
from benchmarks.archive import publish, video
from benchmarks.clients import ask_at_once
from benchmarks.footage import make_footage
from benchmarks.realistic import gather, stream
from benchmarks.record import recorded
from framescout.catalog import Catalog

PROGRAM = str(Path(sys.executable).with_name("framescout"))
WORDS = ("a person", "two people", "a car", "a dog", "trees", "the sea", "mountains", "a house", "snow", "a bicycle")
COLOURS = (
    "red", "blue", "green", "black", "white", "yellow", "grey", "brown", "old", "new", "large", "small", "broken",
)  # fmt: skip
THINGS = (
    "umbrella", "bag", "door", "fence", "table", "chair", "bench", "lamp", "wall", "window", "bottle", "box", "ladder",
    "sign", "tree", "tent", "boat", "truck", "suitcase", "ball", "hat", "coat", "phone", "camera", "bus", "bridge",
)  # fmt: skip
PLACES = ("at night", "in a street", "in a meadow", "by the sea", "indoors", "in the rain", "at sunset", "on a road")


def build(folder: Path, keyframes: int, like: Sequence[Path] = ()) -> Catalog:
    """A catalog of the demo's archive, the footage in `like`, and so many keyframes more; with its index file."""
    seeds = gather(folder, like)
    catalog = framescout.open(folder / "catalog")
    with catalog.snapshot() as snapshot:
        model = snapshot.active_model()
    assert model
    with catalog.writer() as writer:
        for number, rows in enumerate(stream(seeds, keyframes)):
            writer.commit_video(video(number, rows), model)
    publish(catalog, seeds.trial)
    return catalog


@contextmanager
def served(catalog: Catalog, log: IO[str] | None = None) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """The port and the process of `framescout serve`; what it says goes to `log`, else only troubles to stderr."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    exports = catalog.folder.parent / "exports"
    given = ("--port", str(port), "--exports", str(exports))
    command = [PROGRAM, "--catalog", str(catalog.folder), "serve", *given]
    with subprocess.Popen(command, stdout=log or subprocess.DEVNULL, stderr=log) as server:
        time.sleep(4)
        yield port, server
        server.terminate()


def make_clips(folder: Path, count: int) -> Path:
    """An archive of 20 s of 1080p H.264, so many times: of the same pictures, but each another file."""
    archive = folder / "clips"
    archive.mkdir()
    content = make_footage(folder, "1080p-h264", 1 / 3).read_bytes()
    for number in range(count):  # an empty box at the end, which players pass over
        (archive / f"{number}.mp4").write_bytes(content + b"\0\0\0\x10free" + number.to_bytes(8, "big"))
    return archive


def sentences() -> list[str]:
    """27,040 different ones, in an order that is always the same."""
    every = [" ".join(parts) for parts in itertools.product(WORDS, PLACES, ["near a"], COLOURS, THINGS)]
    random.Random(1).shuffle(every)
    return every


def measure(port: int, clients: int, seconds: float, texts: list[str], pause: float = 0.0) -> np.ndarray:
    """Milliseconds of each answer; no sentence of `texts` is asked twice."""
    ask_at_once(port, 1, 60, texts[:20])
    return np.array(ask_at_once(port, clients, seconds, texts[20:], pause)) * 1000


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="Measure the web app under load.")
    parser.add_argument("--keyframes", type=int, default=100_000)
    parser.add_argument("--like", type=Path, nargs="*", default=[], help="folders of footage and pictures")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--pause", type=float, default=1.0, help="of each client after an answer, seconds")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--indexing", action="store_true")
    parser.add_argument("--clips", type=int, default=400, help="of the archive that is indexed meanwhile")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="serving-"))
    catalog = build(folder, arguments.keyframes, arguments.like)
    with served(catalog) as (port, _):
        runs = [False, True] if arguments.indexing else [False]
        texts = sentences()
        index = [PROGRAM, "--catalog", str(catalog.folder), "index", "--quiet"]
        if arguments.indexing:
            index.append(str(make_clips(folder, arguments.clips)))
        print("| clients | pause s | index run | answers a second | p50 ms | p95 ms | p99 ms |")
        print("|---|---|---|---|---|---|---|")
        ways = [(1, 0.0), (arguments.clients, arguments.pause), (arguments.clients, 0.0)]
        for number, indexing in enumerate(runs):
            other = subprocess.Popen(index) if indexing else None
            time.sleep(3 if indexing else 0)
            for place, (clients, pause) in enumerate(ways):
                own = texts[len(ways) * number + place :: len(ways) * len(runs)]
                taken = measure(port, clients, arguments.seconds, own, pause)
                p50, p95, p99 = np.percentile(taken, [50, 95, 99])
                goes_on = "no" if other is None else "goes on" if other.poll() is None else "ended before"
                asked = f"| {clients} | {pause:g} | {goes_on} | {len(taken) / arguments.seconds:.1f}"
                print(f"{asked} | {p50:.0f} | {p95:.0f} | {p99:.0f} |", flush=True)
            if other:
                other.terminate()
                other.wait()
    shutil.rmtree(folder)


if __name__ == "__main__":
    with recorded(__file__):
        main()
