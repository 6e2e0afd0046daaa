"""How long searches take in a large archive, and what its vector index costs.

    python benchmarks/searching.py [--keyframes 100000] [--dimensions 385] [--like FOLDER ...] [--plain] [--rounds 3]

Vectors are those of realistic.py. A hundredth of them comes after the index file was built, and is read from the
catalog. Building, and asking, run in processes of their own, whose memory is measured. With 385 dimensions the whole
`framescout search` is measured too, started anew each time. --plain: instead of a catalog, which would take hours to
write, a plain file holds the embeddings.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
from msgspec.structs import asdict

from benchmarks.archive import fill, publish, video
from benchmarks.realistic import A_VIDEO, Seeds, find_seeds, questions, stream
from benchmarks.realistic import video as made_up
from benchmarks.record import recorded
from benchmarks.search_engines import memory
from framescout import vectors
from framescout.catalog import Catalog
from framescout.catalog.blocks import EmbeddingBlock
from framescout.catalog.records import Generation, Model
from framescout.vectors import VectorIndex, store_in, tidy
from framescout.vectors.exact import search_blocks
from framescout.vectors.recall import recall

_QUERIES, _BATCH, _AT = 256, 32, 100


@dataclass(frozen=True)
class Plain:
    """What a Space says of embeddings, out of a plain file of (N, D) float16: the videos of 1, 2, ..."""

    folder: Path
    dimensions: int
    count: int

    @property
    def model(self) -> Model:
        return Model(1, "made up", "", self.dimensions)

    @property
    def snapshot(self) -> Self:
        return self

    def keyframe_count(self, *, below: int | None = None) -> int:
        return self.count if below is None else min(self.count, below - 1)

    def next_keyframe_id(self) -> int:
        return self.count + 1

    def video_ranges(self) -> np.ndarray:
        numbers = np.arange(self.count // A_VIDEO)
        return np.stack([numbers, numbers * A_VIDEO + 1, (numbers + 1) * A_VIDEO + 1], axis=1)

    def blocks(self, *, from_keyframe_id: int = 0, video_ids: Iterable[int] | None = None) -> Iterator[EmbeddingBlock]:
        first = -(-max(0, from_keyframe_id - 1) // A_VIDEO)
        size = A_VIDEO * self.dimensions
        with (self.folder / "rows.f2").open("rb") as file:
            for number in range(first, self.count // A_VIDEO) if video_ids is None else sorted(video_ids):
                file.seek(number * size * 2)
                rows = np.frombuffer(file.read(size * 2), np.float16).reshape(A_VIDEO, -1)
                yield EmbeddingBlock(number, number * A_VIDEO + 1, rows)

    def generation(self) -> Generation | None:
        facts = json.loads((self.folder / "generation.json").read_text())
        return Generation(id=1, model_id=1, built_at=datetime.now(UTC), **facts)

    def publish(self, sentences: np.ndarray) -> None:
        built = vectors.store_in(self.folder).publish(self, sentences)  # type: ignore[arg-type]
        (self.folder / "generation.json").write_text(json.dumps(asdict(built)))


@dataclass(frozen=True)
class World:
    folder: Path
    keyframes: int
    dimensions: int
    is_plain: bool

    @property
    def covered(self) -> int:
        """Keyframes in the index file."""
        return self.keyframes // A_VIDEO * 99 // 100 * A_VIDEO

    def seeds(self) -> Seeds:
        return find_seeds(self.folder, self.dimensions)

    def catalog(self) -> Catalog:
        return Catalog.open(self.folder / "catalog", stays=True)  # as the server does

    @contextmanager
    def space(self, *, has_rest: bool) -> Iterator[Any]:
        if self.is_plain:
            yield Plain(self.folder, self.dimensions, self.keyframes if has_rest else self.covered)
            return
        with self.catalog().snapshot() as snapshot:
            yield snapshot.space(snapshot.models()[0])

    @property
    def vectors(self) -> Path:
        return self.folder if self.is_plain else self.catalog().vectors_folder


def write(world: World) -> None:
    """Write the embeddings: all, or all but the last hundredth into a catalog."""
    if world.is_plain:
        with (world.folder / "rows.f2").open("wb") as file:
            for rows in stream(world.seeds(), world.keyframes):
                file.write(rows.data)
    else:
        fill(world.folder / "catalog", stream(world.seeds(), world.covered), world.dimensions)


def build(world: World) -> dict[str, Any]:
    """Build the index of all but the last hundredth."""
    sentences = world.seeds().trial
    if world.is_plain:
        archive = Plain(world.folder, world.dimensions, world.covered)
        started = time.perf_counter()
        archive.publish(sentences)
    else:
        started = time.perf_counter()
        publish(world.catalog(), sentences)
    took = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    size = sum(path.stat().st_size for path in world.vectors.glob("*.faiss"))
    return {"seconds": took, "processor": used.ru_utime + used.ru_stime, "peak": used.ru_maxrss / 1024,
            "size": size / 2**20}  # fmt: skip


def add_rest(world: World) -> None:
    """Commit the last hundredth."""
    if world.is_plain:
        return
    catalog = world.catalog()
    with catalog.snapshot() as snapshot:
        (model,) = snapshot.models()
    with catalog.writer() as writer:
        for number in range(world.covered // A_VIDEO, world.keyframes // A_VIDEO):
            writer.commit_video(video(number, made_up(world.seeds(), number)), model)


def keep_committing(world: World) -> None:
    """In a process of its own: a video twice a second, until it is ended."""
    catalog, seeds = world.catalog(), world.seeds()
    with catalog.writer() as writer:
        with catalog.snapshot() as snapshot:
            (model,) = snapshot.models()
        for number in range(10**6, 2 * 10**6):
            writer.commit_video(video(number, made_up(seeds, number)), model)
            time.sleep(0.5)


def ask(world: World, *, has_rest: bool) -> dict[str, Any]:
    """Open the index, and ask everything of it; milliseconds and recall by what was asked."""
    before, started = memory(), time.perf_counter()
    with world.space(has_rest=has_rest) as space:
        queries = questions(world.seeds(), world.covered, _QUERIES)
        preparing = time.perf_counter()
        index = VectorIndex.open(space, store_in(world.vectors), few=0)
        index.search(queries[:1], _AT)
        opened = time.perf_counter() - preparing
        if has_rest:
            return {"with a delta of 1 %": timed(lambda q: index.search(q, _AT), queries, 1)}
        result: dict[str, Any] = {"open": opened, "started": preparing - started}
        result["one"] = timed(lambda q: index.search(q, _AT), queries, 1) | {"memory": grown(before)}
        result["batches"] = timed(lambda q: index.search(q, _AT), queries, _BATCH)
        result["one"] |= found(space, index, queries, None)
        for name, ranges in filters(space.video_ranges()).items():
            result[name] = timed(partial(index.search, limit=_AT, ranges=ranges), queries[::2], 1)
            result[name] |= found(space, index, queries[::4], ranges)
    return result


def grown(before: dict[str, float]) -> dict[str, float]:
    after = memory()
    return {name: after[name] - before[name] for name in after}


def filters(videos: np.ndarray) -> dict[str, np.ndarray]:
    """Ranges of ids: of a hundredth of the videos, and of every second one."""
    random = np.random.default_rng(3)
    hundredth = np.sort(random.choice(len(videos), max(1, len(videos) // 100), replace=False))
    return {"narrow filter": tidy(videos[hundredth, 1:]), "wide filter": tidy(videos[::2, 1:])}


def timed(search: Callable[[np.ndarray], Any], queries: np.ndarray, at_once: int) -> dict[str, Any]:
    """Milliseconds a query."""
    parts = [queries[start : start + at_once] for start in range(0, len(queries), at_once)]
    for part in parts[:4]:
        search(part)
    taken = []
    for part in parts:
        started = time.perf_counter()
        search(part)
        taken.append((time.perf_counter() - started) * 1000 / len(part))
    return {"ms": np.percentile(taken, [50, 95, 99]).tolist()}


def found(space: Any, index: VectorIndex, queries: np.ndarray, ranges: np.ndarray | None) -> dict[str, Any]:
    """recall@10 and @100 against every embedding; of sentences alone besides, the first half of the queries."""
    exact, _ = search_blocks(queries, space.blocks(), _AT, ranges)
    ids, _ = index.search(queries, _AT, ranges)
    half = len(queries) // 2
    shares = {f"recall@{k}": recall(ids[:, :k], exact[:, :k]) for k in (10, 100)}
    return shares | {"sentences": recall(ids[:half], exact[:half])}


def command(world: World, rounds: int) -> dict[str, float]:
    """Seconds of the whole `framescout search`."""
    program = Path(sys.executable).with_name("framescout")
    asked = [str(program), "--catalog", str(world.folder / "catalog"), "search", "a person climbing a fence"]

    def once() -> float:
        started = time.perf_counter()
        subprocess.run(asked, check=True, capture_output=True)
        return time.perf_counter() - started

    return {"first": once(), "then": statistics.median(once() for _ in range(rounds))}


def step(world: World, what: str) -> dict[str, Any]:
    """Run one step in a new process of this script."""
    given = [str(world.folder), str(world.keyframes), str(world.dimensions), str(int(world.is_plain))]
    done = subprocess.run([sys.executable, __file__, "--step", what, *given], check=True, stdout=subprocess.PIPE)
    result: dict[str, Any] = json.loads(done.stdout.decode().strip().splitlines()[-1])
    return result


def measure(world: World, rounds: int) -> dict[str, Any]:
    """Everything, in order."""
    write(world)
    result: dict[str, Any] = {"build": step(world, "build"), "rounds": [step(world, "ask") for _ in range(rounds)]}
    add_rest(world)
    result["rest"] = step(world, "ask-rest")
    if world.is_plain:
        return result
    other = multiprocessing.get_context("spawn").Process(target=keep_committing, args=(world,))
    other.start()
    time.sleep(3)
    result["writing"] = step(world, "ask-rest")
    other.terminate()
    other.join()
    if world.dimensions == 385:
        result["command"] = command(world, rounds)
    return result


def report(result: dict[str, Any]) -> None:
    """Print it as Markdown."""
    built, rounds = result["build"], result["rounds"]
    print(f"built in {built['seconds']:.0f} s ({built['processor']:.0f} s of processor)")
    print(f"at most {built['peak']:.0f} MB resident; file {built['size']:.0f} MB")
    print(f"opened and asked once in {statistics.median(r['open'] for r in rounds):.3f} s\n")
    print("| | p50 ms | p95 | p99 | recall@10 | recall@100 | of sentences |\n|---|---|---|---|---|---|---|")
    for name in ("one", "batches", "narrow filter", "wide filter"):
        row(name, np.median([r[name]["ms"] for r in rounds], axis=0), rounds[0][name])
    for name in ("rest", "writing"):
        if name in result:
            row({"rest": "with a delta of 1 %", "writing": "the same, while an indexer writes"}[name],
                np.array(result[name]["with a delta of 1 %"]["ms"]), {})  # fmt: skip
    print(f"\nmemory after asking: {rounds[0]['one']['memory']}")
    if "command" in result:
        print(f"`framescout search`: first {result['command']['first']:.2f} s, then {result['command']['then']:.2f} s")


def row(name: str, ms: np.ndarray, shares: dict[str, Any]) -> None:
    known = [f"{shares[key]:.3f}" if key in shares else "" for key in ("recall@10", "recall@100", "sentences")]
    print(f"| {name} | {' | '.join(f'{value:.2f}' for value in ms)} | {' | '.join(known)} |")


def main() -> None:
    """Measure and print; or one step, whose result is printed as JSON."""
    if sys.argv[1:2] == ["--step"]:
        what, folder, keyframes, dimensions, is_plain = sys.argv[2:]
        world = World(Path(folder), int(keyframes), int(dimensions), is_plain == "1")
        result = build(world) if what == "build" else ask(world, has_rest=what == "ask-rest")
        sys.stdout.write(f"\n{json.dumps(result)}\n")
        return
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyframes", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=385)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--like", type=Path, nargs="*", default=[])
    parser.add_argument("--plain", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        find_seeds(Path(folder), like=arguments.like)
        report(
            measure(World(Path(folder), arguments.keyframes, arguments.dimensions, arguments.plain), arguments.rounds)
        )


if __name__ == "__main__":
    with recorded(__file__):
        main()
