"""Our vector index beside others, on the same vectors, one query at a time, at equal recall.

    python benchmarks/search_peers.py [--keyframes 20000] [--dimensions 385] [--rounds 3] [--like FOLDER ...]
                                      [--peers PYTHON] [--engines NAME ...] [--keep FOLDER] [--result FILE]

Each engine builds its store, then is asked with each of its settings; the first one that finds 98 of the exact hundred
best is chosen. Then the engines are asked in turn, each time in a new process, and the medians of the rounds count.
PYTHON is an interpreter that has the peers:

    pip install numpy hnswlib usearch lancedb qdrant-client sqlite-vec pysqlite3 milvus-lite pymilvus faiss-cpu

With --keep, stores and vectors are kept there, and used again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.realistic import find_seeds, questions, stream
from benchmarks.record import recorded
from benchmarks.search_engines import ENGINES
from framescout.vectors.exact import merge, nothing

WANTED = 0.98
_AT, _QUERIES = 100, 512
_SCRIPT = Path(__file__).with_name("search_engines.py")


@dataclass(frozen=True)
class World:
    """Vectors, queries and exact answers in a folder, and who reads them."""

    folder: Path
    peers: str

    def run(self, what: str, engine: str, *more: str) -> dict[str, Any]:
        """One step of one engine in a process of its own; {"error": ...} where it can't."""
        python = sys.executable if engine == "framescout" else self.peers
        files = [str(self.folder / name) for name in ("rows.npy", "queries.npy", "exact.npy")]
        command = [python, str(_SCRIPT), what, engine, *files, str(self.store(engine)), *more]
        environment = {**os.environ, "PYTHONPATH": str(_SCRIPT.parents[1])}
        done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
        if done.returncode:
            return {"error": (done.stderr.strip() or "no word of why").splitlines()[-1]}
        result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
        return result

    def store(self, engine: str) -> Path:
        return self.folder / "".join(letter if letter.isalnum() else "_" for letter in engine)

    def kept(self, what: str, engine: str) -> dict[str, Any]:
        """The step's result, from an earlier run where there is one."""
        path = self.store(engine).with_suffix(f".{what}.json")
        if not path.exists():
            path.write_text(json.dumps(self.run(what, engine)))
        result: dict[str, Any] = json.loads(path.read_text())
        return result


def prepare(folder: Path, keyframes: int, dimensions: int, like: Sequence[Path]) -> None:
    """Write the vectors, the queries and the exact answers, where they aren't there."""
    folder.mkdir(parents=True, exist_ok=True)
    if (folder / "exact.npy").exists():
        return
    seeds = find_seeds(folder, dimensions, like)
    rows = np.lib.format.open_memmap(folder / "rows.npy", "w+", np.float16, (keyframes, dimensions))
    queries = questions(seeds, keyframes, _QUERIES)
    ids, scores = nothing(len(queries), _AT)
    done = 0
    for part in stream(seeds, keyframes):
        rows[done : done + len(part)] = part
        numbers = np.arange(done, done + len(part))
        found = queries @ part.astype(np.float32).T
        ids, scores = merge(ids, scores, np.broadcast_to(numbers, found.shape), found)
        done += len(part)
    rows.flush()
    np.save(folder / "queries.npy", queries)
    np.save(folder / "exact.npy", ids)


def choose(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """The quickest that finds enough; where none does, the one that finds most."""
    enough = [run for run in runs if run["recall@100"] >= WANTED]
    return min(enough, key=lambda run: run["ms"][0]) if enough else max(runs, key=lambda run: run["recall@100"])


def compare(world: World, engines: Sequence[str], rounds: int) -> list[dict[str, Any]]:
    """A row an engine: what it took to build, to open and to ask."""
    rows: list[dict[str, Any]] = []
    ready: list[dict[str, Any]] = []
    for name in engines:
        print(f"{name}: building and tuning", file=sys.stderr)
        built = world.kept("build", name)
        tuned = built if "error" in built else world.kept("ask", name)
        rows.append({"engine": name, "error": tuned.get("error"), "built": built, "tuned": tuned, "rounds": []})
        if "error" not in tuned:
            rows[-1]["chosen"] = choose(tuned["runs"])["knob"]
            ready.append(rows[-1])
    for number in range(rounds):
        print(f"round {number + 1}", file=sys.stderr)
        for row in ready:
            row["rounds"].append(world.run("ask", row["engine"], json.dumps([row["chosen"]])))
    return rows


def summarise(row: dict[str, Any]) -> dict[str, Any]:
    """Medians of the rounds."""
    rounds = row["rounds"]
    middle = statistics.median
    return {
        **{f"p{p}": middle(r["runs"][0]["ms"][i] for r in rounds) for i, p in enumerate((50, 95, 99))},
        **{f"recall@{k}": middle(r["runs"][0][f"recall@{k}"] for r in rounds) for k in (10, 100)},
        **{kind: middle(r["memory"][kind] for r in rounds) for kind in ("resident", "own")},
        "open": middle(r["open"] for r in rounds),
    }


COLUMNS = ("engine", "setting", "recall@10", "recall@100", "p50 ms", "p95", "p99", "p50 / ours", "resident MB",
           "of it own", "file MB", "open s", "build processor s", "build peak MB")  # fmt: skip


def table(rows: list[dict[str, Any]]) -> None:
    """Print it as Markdown."""
    ours = next((summarise(row)["p50"] for row in rows if row["engine"] == "framescout" and row["rounds"]), None)
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for row in rows:
        if row["error"]:
            print(f"| {row['engine']} | {row['error']} |")
            continue
        found, built = summarise(row), row["built"]
        ratio = f"{found['p50'] / ours:.2f}" if ours else ""
        print(
            f"| {row['engine']} | {row['chosen'] or ''} | {found['recall@10']:.3f} | {found['recall@100']:.3f} "
            f"| {found['p50']:.2f} | {found['p95']:.2f} | {found['p99']:.2f} | {ratio} | {found['resident']:.0f} "
            f"| {found['own']:.0f} | {built['size']:.0f} | {found['open']:.2f} | {built['processor']:.0f} "
            f"| {built['peak']:.0f} |"
        )


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyframes", type=int, default=20_000)
    parser.add_argument("--dimensions", type=int, default=385)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--like", type=Path, nargs="*", default=[])
    parser.add_argument("--peers", default=sys.executable)
    parser.add_argument("--engines", nargs="*", default=list(ENGINES))
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--result", type=Path, help="where search_plot.py finds everything as JSON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        world = World(arguments.keep or Path(made) / "world", arguments.peers)
        prepare(world.folder, arguments.keyframes, arguments.dimensions, arguments.like)
        rows = compare(world, arguments.engines, arguments.rounds)
        table(rows)
        if arguments.result:
            arguments.result.write_text(json.dumps(rows))


if __name__ == "__main__":
    with recorded(__file__):
        main()
