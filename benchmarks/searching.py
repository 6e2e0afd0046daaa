"""How long a cold `framescout search` takes in a large catalog: the whole process, started anew each time.

    python benchmarks/searching.py [--keyframes 2600000] [--rounds 3]

The embeddings are made up: 300 a video, around one direction each, as keyframes of one camera lie. So the figures are
of time; whether answers are right is measured elsewhere. 2.6 million keyframes are what a year of footage has at a
keyframe every 12 seconds. A keyframe takes about 1.2 kB of disk, and 0.15 ms to be written and indexed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import framescout
from framescout.catalog import Catalog
from framescout.embedding import load_embedder
from framescout.progress import SilentProgress
from indexer.publish import publish
from tests.framescout.catalog.make import make_indexed

A_VIDEO = 300


def fill(catalog: Catalog, keyframes: int) -> None:
    embedder = load_embedder("starter", cache=catalog.cache_folder)
    random = np.random.default_rng(0)
    with catalog.writer() as writer:
        model = writer.model("starter", embedder.fingerprint, embedder.dimensions)
        writer.activate(model)
        for number in range(keyframes // A_VIDEO):
            middle = random.normal(size=(1, model.dimensions))
            rows = middle / np.linalg.norm(middle) + random.normal(size=(A_VIDEO, model.dimensions)) * 0.02
            rows /= np.linalg.norm(rows, axis=1, keepdims=True)
            writer.commit_video(make_indexed(f"/archive/{number}.mp4", embeddings=rows.astype(np.float16)), model)
        started = time.monotonic()
        publish(catalog, writer, model, SilentProgress())
    print(f"index file built in {time.monotonic() - started:.1f} s")


def search(folder: Path) -> float:
    program = Path(sys.executable).with_name("framescout")
    started = time.monotonic()
    asked = [str(program), "--catalog", str(folder), "search", "a person climbing a fence"]
    subprocess.run(asked, check=True, capture_output=True)
    return time.monotonic() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyframes", type=int, default=2_600_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        fill(framescout.open(folder), arguments.keyframes)
        print(f"first search {search(Path(folder)):.2f} s")
        print(f"then {statistics.median(search(Path(folder)) for _ in range(arguments.rounds)):.2f} s")


if __name__ == "__main__":
    main()
