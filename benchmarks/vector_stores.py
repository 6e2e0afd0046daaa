"""FAISS files and Lance datasets on the same vectors: recall under filters, time of questions and builds, memory.

    python benchmarks/vector_stores.py [--keyframes 200000] [--dimensions 385] [--like FOLDER ...] [--keep FOLDER]

Vectors and questions are those of search_peers.py: half sentences, half keyframes. A filter leaves whole videos, drawn
at random, or a part of one. Each question is asked by itself, in two ways: as framescout asks, which reads up to 20,000
vectors from the catalog in place of the index; and through the index in any case. Both stores are tuned with the same
sentences. Each store is built, and asked, in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import asdict

from benchmarks.archive import fill
from benchmarks.realistic import A_VIDEO, find_seeds, questions, stream
from benchmarks.record import recorded
from framescout import vectors
from framescout.catalog import Catalog
from framescout.vectors.exact import search_blocks
from framescout.vectors.recall import AT, recall
from framescout.vectors.search import FEW

STORES = ("faiss", "lance")
SHARES = (1.0, 0.5, 0.1, 0.01, 0.001)
_QUERIES = 100


def store_of(name: str, catalog: Catalog) -> vectors.IndexStore:
    """Of a catalog, by its name here."""
    return vectors.store_in(catalog.vectors_folder if name == "faiss" else str(catalog.vectors_folder / "sets"))


def filtered(keyframes: int, share: float) -> np.ndarray | None:
    """(M, 2) ranges of keyframe ids: whole videos, or a part of one."""
    if share == 1:
        return None
    wanted, videos = int(share * keyframes), keyframes // A_VIDEO
    chosen = np.random.default_rng(9).permutation(videos)[: max(1, wanted // A_VIDEO)]
    first = chosen * A_VIDEO + 1
    return vectors.tidy(np.stack([first, first + min(A_VIDEO, wanted)], axis=1))


def build(folder: Path, name: str) -> dict[str, Any]:
    """Build an index in this process, and make it the current one."""
    catalog = Catalog.open(folder / name)
    with catalog.snapshot() as snapshot:
        (model,) = snapshot.models()
        trial = find_seeds(folder, model.dimensions).trial
        began, used = time.monotonic(), time.process_time()
        built = store_of(name, catalog).publish(snapshot.space(model), trial)
        took = time.monotonic() - began, time.process_time() - used
    with catalog.writer() as writer:
        writer.publish_generation(model_id=model.id, **asdict(built))
    size = sum(path.stat().st_size for path in catalog.vectors_folder.rglob("*") if path.is_file())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": took, "peak": peak, "bytes": size, "nprobe": built.nprobe, "recall": built.recall}


def ask(folder: Path, name: str) -> dict[str, Any]:
    """Ask every question under every filter; milliseconds and recall by filter and way, and the memory in the end."""
    asked = np.load(folder / "queries.npy")
    catalog = Catalog.open(folder / name, stays=True)
    rows: list[Any] = []
    with catalog.snapshot() as snapshot:
        (model,) = snapshot.models()
        space = snapshot.space(model)
        for few in (FEW, 0):
            index = vectors.VectorIndex.open(space, store_of(name, catalog), few=few)
            assert index.generation is not None
            exact = {share: np.load(folder / f"exact-{share}.npy") for share in SHARES}
            rows += [(few, share, *_asked(index, asked, exact[share], share)) for share in SHARES]
    return {"rows": rows, "resident": _resident()}


def _asked(
    index: vectors.VectorIndex, asked: np.ndarray, exact: np.ndarray, share: float
) -> tuple[float, float, float, float]:
    """p50 and p95 in ms, recall of sentences, of keyframes."""
    assert index.generation is not None
    ranges = filtered(index.generation.vector_count, share)
    index.search(asked[:1], AT, ranges)
    times, found = [], []
    for query in asked:
        began = time.perf_counter()
        found.append(index.search(query[None], AT, ranges)[0][0])
        times.append(1000 * (time.perf_counter() - began))
    half = len(asked) // 2
    middle, late = np.percentile(times, [50, 95])
    return float(middle), float(late), recall(found[:half], exact[:half]), recall(found[half:], exact[half:])


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def prepare(folder: Path, keyframes: int, dimensions: int, like: list[Path]) -> None:
    """A catalog a store, the questions, and what they should find under each filter."""
    seeds = find_seeds(folder, dimensions, like)
    asked = questions(seeds, keyframes, _QUERIES)
    np.save(folder / "queries.npy", asked)
    for name in STORES:
        catalog = fill(folder / name, stream(seeds, keyframes), dimensions)
    with catalog.snapshot() as snapshot:
        (model,) = snapshot.models()
        for share in SHARES:
            blocks = snapshot.space(model).blocks()
            np.save(folder / f"exact-{share}.npy", search_blocks(asked, blocks, AT, filtered(keyframes, share))[0])


def step(folder: Path, what: str, name: str) -> dict[str, Any]:
    """Do it in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.vector_stores", "--step", str(folder), what, name]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(said.stderr)
    answer: dict[str, Any] = json.loads(said.stdout.splitlines()[-1])
    return answer


def compare(folder: Path, keyframes: int, dimensions: int) -> None:
    """Print the tables."""
    print(f"{keyframes:,} x {dimensions}\n")
    print("| store | build s | processor s | peak MB | on disk MB | partitions a question |")
    print("|---|---|---|---|---|---|")
    for name in STORES:
        built = step(folder, "build", name)
        took = " | ".join(f"{seconds:.0f}" for seconds in built["seconds"])
        sizes = " | ".join(f"{built[key] / 2**20:.0f}" for key in ("peak", "bytes"))
        print(f"| {name} | {took} | {sizes} | {built['nprobe']} |", flush=True)
    answers = {name: step(folder, "ask", name) for name in STORES}
    print("\n| store | way | filter leaves | p50 ms | p95 ms | recall@100 of sentences | of keyframes |")
    print("|---|---|---|---|---|---|---|")
    for name, answer in answers.items():
        for few, share, middle, late, *shares in answer["rows"]:
            way = "as framescout asks" if few else "index in any case"
            found = " | ".join(f"{each:.3f}" for each in shares)
            print(f"| {name} | {way} | {share:.1%} | {middle:.1f} | {late:.1f} | {found} |")
    print("\n| store | resident MB after all questions |\n|---|---|")
    for name, answer in answers.items():
        print(f"| {name} | {answer['resident'] / 2**20:.0f} |")


def main() -> None:
    """Compare them, or do one step of that."""
    if sys.argv[1:2] == ["--step"]:
        world, what, name = sys.argv[2:]
        print(json.dumps({"build": build, "ask": ask}[what](Path(world), name)))
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyframes", type=int, default=200_000)
    parser.add_argument("--dimensions", type=int, default=385)
    parser.add_argument("--like", type=Path, nargs="*", default=[])
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = given.keep or Path(made)
        if not (folder / "queries.npy").exists():
            folder.mkdir(parents=True, exist_ok=True)
            prepare(folder, given.keyframes, given.dimensions, given.like)
        compare(folder, given.keyframes, given.dimensions)


if __name__ == "__main__":
    with recorded(__file__):
        main()
