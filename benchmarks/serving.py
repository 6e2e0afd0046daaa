"""How long the web app takes for a question while others ask too.

    python benchmarks/serving.py [--keyframes 100000] [--clients 8] [--seconds 20] [--indexing]

Makes a catalog of vectors sampled around real ones (the demo's landscapes, in shots of near-duplicates), starts
`framescout serve` on it, warms it up, and asks different sentences from several clients at once. With --indexing,
`framescout index` reads an archive of 1080p clips into the same catalog meanwhile. The clients run on the same machine,
and what they need counts.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path

import numpy as np

import framescout
import indexer
from framescout import vectors
from framescout.catalog import Catalog
from framescout.catalog.records import FileIdentity, IndexedVideo, Keyframe, Probe, ReadEnd, Recording
from framescout.commands.demo import make_archive
from framescout.timeline import Span

A_VIDEO, A_SHOT = 200, 8  # keyframes
WORDS = ("a person", "two people", "a car", "a dog", "trees", "the sea", "mountains", "a house", "snow", "a bicycle")
COLOURS = (
    "red", "blue", "green", "black", "white", "yellow", "grey", "brown", "old", "new", "large", "small", "broken",
)  # fmt: skip
THINGS = (
    "umbrella", "bag", "door", "fence", "table", "chair", "bench", "lamp", "wall", "window", "bottle", "box", "ladder",
    "sign", "tree", "tent", "boat", "truck", "suitcase", "ball", "hat", "coat", "phone", "camera", "bus", "bridge",
)  # fmt: skip
PLACES = ("at night", "in a street", "in a meadow", "by the sea", "indoors", "in the rain", "at sunset", "on a road")


def video(number: int, seeds: np.ndarray) -> IndexedVideo:
    """A video of made-up vectors: each shot around a mixture of two real ones."""
    random = np.random.default_rng(number)
    shots = A_VIDEO // A_SHOT
    mixed = seeds[random.integers(0, len(seeds), shots)] + random.normal(0, 0.06, (shots, seeds.shape[1]))
    rows = np.repeat(mixed, A_SHOT, axis=0) + random.normal(0, 0.01, (A_VIDEO, seeds.shape[1]))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    keyframes = tuple(Keyframe(i, Fraction(2), 2.0 * i, Span(2.0 * i, 2.0 * i + 2.0)) for i in range(A_VIDEO))
    length = 2.0 * A_VIDEO
    return IndexedVideo(
        FileIdentity(f"/made-up/{number}.mp4", 1, 1, f"made up {number}"),
        Probe(length, 25.0, False, 640, 360, 0, Fraction(1), 0.0, "h264", False, None),
        Recording(None, None, f"cam{number % 10}"), ReadEnd(length, True), keyframes, rows.astype(np.float16),
        "balanced",
    )  # fmt: skip


def build(folder: Path, keyframes: int) -> Catalog:
    """A catalog of so many keyframes, with its index file."""
    make_archive(folder / "archive")
    catalog = framescout.open(folder / "catalog")
    indexer.index(catalog, [folder / "archive"])
    with catalog.writer() as writer, catalog.snapshot() as snapshot:
        model = snapshot.active_model()
        assert model
        seeds = np.concatenate([block.embeddings for block in snapshot.blocks(model.id)]).astype(np.float32)
        np.save(folder / "seeds.npy", seeds)
        for number in range(-(-keyframes // A_VIDEO)):
            writer.commit_video(video(number, seeds), model)
    with catalog.snapshot() as snapshot:
        built = vectors.build(snapshot, model, catalog.vectors_folder)
    with catalog.writer() as writer:
        writer.publish_generation(model_id=model.id, **asdict(built))
    return catalog


def make_clips(folder: Path, count: int) -> Path:
    """An archive of 15 s of 1080p H.264, so many times: of the same pictures, but each another file."""
    from indexing import make_footage

    archive = folder / "clips"
    archive.mkdir()
    content = make_footage(folder, 0.25).read_bytes()
    for number in range(count):  # an empty box at the end, which players pass over
        (archive / f"{number}.mp4").write_bytes(content + b"\0\0\0\x10free" + number.to_bytes(8, "big"))
    return archive


def ask(port: int, texts: list[str], until: float, taken: list[float]) -> None:
    """One client."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for text in texts:
        if time.perf_counter() > until:
            return
        started = time.perf_counter()
        connection.request("GET", f"/api/search?{urllib.parse.urlencode({'text': text})}")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        taken.append(time.perf_counter() - started)


def sentences() -> list[str]:
    """27,040 different ones, in an order that is always the same."""
    every = [" ".join(parts) for parts in itertools.product(WORDS, PLACES, ["near a"], COLOURS, THINGS)]
    random.Random(1).shuffle(every)
    return every


def measure(port: int, clients: int, seconds: float, texts: list[str]) -> np.ndarray:
    """Milliseconds of each answer; no sentence of `texts` is asked twice."""
    ask(port, texts[:20], time.perf_counter() + 60, [])
    taken: list[float] = []
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=ask, args=(port, texts[20 + number :: clients], until, taken))
        for number in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return np.array(taken) * 1000


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="Measure the web app under load.")
    parser.add_argument("--keyframes", type=int, default=100_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--indexing", action="store_true")
    parser.add_argument("--clips", type=int, default=400, help="of the archive that is indexed meanwhile")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="serving-"))
    catalog = build(folder, arguments.keyframes)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = [Path(sys.executable).with_name("framescout"), "--catalog", catalog.folder]
    serve = [*program, "serve", "--port", str(port), "--exports", folder / "exports"]
    with subprocess.Popen(serve, stdout=subprocess.DEVNULL) as server:
        time.sleep(4)
        runs = [False, True] if arguments.indexing else [False]
        archive = make_clips(folder, arguments.clips) if arguments.indexing else None
        texts = sentences()
        print("| clients | index run | answers a second | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|---|")
        for number, indexing in enumerate(runs):
            other = subprocess.Popen([*program, "index", "--quiet", archive]) if indexing else None
            time.sleep(3 if indexing else 0)
            for place, clients in enumerate(sorted({1, arguments.clients})):
                taken = measure(port, clients, arguments.seconds, texts[2 * number + place :: 4])
                p50, p95, p99 = np.percentile(taken, [50, 95, 99])
                goes_on = "no" if other is None else "goes on" if other.poll() is None else "ended before"
                rate = len(taken) / arguments.seconds
                print(f"| {clients} | {goes_on} | {rate:.1f} | {p50:.0f} | {p95:.0f} | {p99:.0f} |", flush=True)
            if other:
                other.terminate()
                other.wait()
        server.terminate()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
