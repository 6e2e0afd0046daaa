"""How long the web app takes for a question while others ask too.

    python benchmarks/serving.py [--keyframes 100000] [--clients 8] [--seconds 20] [--indexing]

Makes a catalog of vectors sampled around real ones (the demo's landscapes, in shots of near-duplicates), starts
`framescout serve` on it, warms it up, and asks different sentences from several clients at once. With --indexing,
another process goes on committing videos to the same catalog meanwhile.
"""

from __future__ import annotations

import argparse
import multiprocessing
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request
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


def keep_committing(folder: Path, seeds: Path) -> None:
    """In a process of its own: a video each second, until it is ended."""
    catalog, rows = Catalog.open(folder), np.load(seeds)
    with catalog.writer() as writer:
        with catalog.snapshot() as snapshot:
            model = snapshot.active_model()
        for number in range(10**6, 2 * 10**6):
            writer.commit_video(video(number, rows), model)
            time.sleep(1.0)


def ask(address: str, texts: list[str], until: float, taken: list[float]) -> None:
    """One client."""
    for text in texts:
        if time.perf_counter() > until:
            return
        started = time.perf_counter()
        query = urllib.parse.urlencode({"text": text})
        urllib.request.urlopen(f"{address}/api/search?{query}").read()
        taken.append(time.perf_counter() - started)


def measure(address: str, clients: int, seconds: float) -> np.ndarray:
    """Milliseconds of each answer."""
    texts = [f"{word} {place} {number}" for number in range(200) for word in WORDS for place in PLACES]
    ask(address, texts[:20], time.perf_counter() + 60, [])
    taken: list[float] = []
    until = time.perf_counter() + seconds
    threads = [
        threading.Thread(target=ask, args=(address, texts[20 + number :: clients], until, taken))
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
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="serving-"))
    catalog = build(folder, arguments.keyframes)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("framescout")
    command = [program, "--catalog", catalog.folder, "serve", "--port", str(port), "--exports", folder / "exports"]
    other = multiprocessing.get_context("spawn").Process(
        target=keep_committing, args=(catalog.folder, folder / "seeds.npy")
    )
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        time.sleep(3)
        print("| clients | answers a second | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|")
        if arguments.indexing:
            other.start()
            time.sleep(3)
        for clients in sorted({1, arguments.clients}):
            taken = measure(f"http://127.0.0.1:{port}", clients, arguments.seconds)
            p50, p95, p99 = np.percentile(taken, [50, 95, 99])
            print(f"| {clients} | {len(taken) / arguments.seconds:.1f} | {p50:.0f} | {p95:.0f} | {p99:.0f} |")
        server.terminate()
    if arguments.indexing:
        other.terminate()
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
