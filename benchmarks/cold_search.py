"""How long a whole search from the shell takes, each in a new process: framescout, the same through torch, and rclip.

    python benchmarks/cold_search.py [--keyframes 100000] [--rounds 7] [--cold] [--rclip PATH] [--before CHECKOUT]
                                     [--like FOLDER ...]

`search` runs in a catalog of made-up keyframes (realistic.py) with its index. "Through torch" is a script that loads
the same model with open_clip, encodes the sentence, reads every embedding out of the same catalog, and takes numpy.
rclip is a program of another environment, named by its path; it gets as many vectors in its own database, of its own
512 dimensions, and a text tower of its own shape with random weights, since its own can't be fetched everywhere.
--before: another state of framescout to hold against this one, with a catalog that it made itself of the same
archive. The ways take turns within a round, after one that warms up. --cold (root, Linux): before each search the
system's page cache is emptied. Processor time is that of the process and of all its threads.
"""

from __future__ import annotations

import argparse
import os
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks.archive import fill, publish
from benchmarks.realistic import find_seeds, stream
from benchmarks.record import recorded
from framescout.embedding import fingerprint, load_text_tower

SENTENCE = "a person climbing a fence"
_SEARCH = "from framescout import cli; getattr(cli, 'run', cli.main)()"  # --before may have no `run`
_THROUGH_TORCH = """
import sqlite3, sys
import numpy as np, torch
from framescout.embedding.loading import load
from framescout.embedding.presets import resolve
loaded = load(resolve("starter"))
with torch.inference_mode():
    vector = loaded.model.encode_text(loaded.tokenizer([sys.argv[2]]), normalize=True)[0].numpy()
query = "SELECT keyframe_count, embeddings FROM indexing ORDER BY first_keyframe_id"
rows = sqlite3.connect(sys.argv[1]).execute(query)
matrix = np.concatenate([np.frombuffer(blob, "<f2").reshape(count, -1) for count, blob in rows])
scores = matrix.astype(np.float32)[:, : len(vector)] @ vector  # the number behind them is framescout's own
print(np.argsort(-scores)[:10] + 1)
"""
_MAKE = """
import sys
from pathlib import Path
from benchmarks.cold_search import make_catalog
make_catalog(Path(sys.argv[1]), int(sys.argv[2]), [Path(each) for each in sys.argv[3:]])
"""
_RCLIP_MODEL = "ViT-B-32-256-datacomp_s34b_b86k"  # the folder in which rclip looks for its towers


@dataclass
class Way:
    """One way to search, and the seconds that it took, by the clock and of the processor."""

    name: str
    command: list[str]
    environment: dict[str, str]
    folder: Path
    taken: list[tuple[float, float]] = field(default_factory=list)

    def run(self) -> tuple[float, float]:
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        done = subprocess.run(self.command, env=self.environment, cwd=self.folder, capture_output=True, check=False)
        clock, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        if done.returncode or not done.stdout.strip():
            raise RuntimeError(f"{self.name} failed: {done.stderr.decode(errors='replace')}")
        return clock, busy

    def middles(self) -> tuple[float, float]:
        """The medians."""
        clocks, busy = zip(*self.taken, strict=True)
        return statistics.median(clocks), statistics.median(busy)


def make_catalog(folder: Path, keyframes: int, like: list[Path]) -> Path:
    """A catalog as `framescout index` leaves it: with its index file and its towers."""
    if (folder / "catalog").exists():
        return folder / "catalog"
    seeds = find_seeds(folder, like=like)
    catalog = fill(folder / "catalog", stream(seeds, keyframes), seeds.dimensions)
    publish(catalog, seeds.trial)
    with catalog.snapshot() as snapshot:
        snapshot.file_columns()
    load_text_tower("starter", fingerprint("starter"), catalog.cache_folder)
    return catalog.folder


def make_rclip_data(folder: Path, count: int) -> Path:
    """What `rclip` keeps in its data folder: a database of so many vectors, and its towers."""
    if folder.exists():
        return folder
    towers = folder / _RCLIP_MODEL
    towers.mkdir(parents=True)
    (towers / "visual.onnx").touch()  # asked for, and not opened by a search for words
    write_text_tower(towers / "textual.onnx")
    import open_clip

    vocabulary = Path(open_clip.__file__).with_name("bpe_simple_vocab_16e6.txt.gz")
    (folder / "tokenizer").mkdir()
    (folder / "tokenizer" / vocabulary.name).write_bytes(vocabulary.read_bytes())
    random = np.random.default_rng(1)
    with sqlite3.connect(folder / "db.sqlite3") as database:
        database.execute(
            "CREATE TABLE images (id INTEGER PRIMARY KEY, deleted BOOLEAN, filepath TEXT NOT NULL UNIQUE, modified_at "
            "DATETIME NOT NULL, size INTEGER NOT NULL, vector BLOB NOT NULL, indexing BOOLEAN, hash TEXT)"
        )
        database.execute("CREATE UNIQUE INDEX existing_images ON images(filepath) WHERE deleted IS NULL")
        database.execute("CREATE INDEX hash_index ON images(hash) WHERE deleted IS NULL")
        database.execute("CREATE TABLE db_version (version INTEGER)")
        database.execute("INSERT INTO db_version VALUES (4)")
        for number in range(count):
            row = random.normal(size=512).astype(np.float32)
            database.execute(
                "INSERT INTO images (filepath, modified_at, size, vector) VALUES (?, 1, 1, ?)",
                (f"{folder / 'pictures'}/{number}.jpg", (row / np.linalg.norm(row)).tobytes()),
            )
    database.close()
    (folder / "pictures").mkdir()
    return folder


def write_text_tower(path: Path) -> None:
    """open_clip's ViT-B/32 with random weights, as rclip asks for it."""
    import open_clip
    import torch

    model = open_clip.create_model("ViT-B-32").eval()
    model.forward = model.encode_text
    ids = open_clip.get_tokenizer("ViT-B-32")([SENTENCE])
    torch.backends.mha.set_fastpath_enabled(False)  # its fused operator has no ONNX form
    torch.onnx.export(model, (ids,), str(path), input_names=["input"], output_names=["output"], dynamo=False)


def empty_page_cache() -> None:
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3\n")


def measure(ways: list[Way], rounds: int, *, is_cold: bool) -> None:
    """Each way once a round, after a round that warms up."""
    for number in range(rounds + 1):
        for way in ways:
            if is_cold and number:
                empty_page_cache()
            taken = way.run()
            print(f"round {number}: {way.name} {taken[0]:.2f} s", file=sys.stderr, flush=True)
            if number:
                way.taken.append(taken)


def table(ways: list[Way]) -> str:
    """As Markdown; the ratio says how much of each way's median processor time the first one takes."""
    _, first = ways[0].middles()
    lines = ["| | median, s | least, s | most, s | processor, s | least | ratio |", "|---|---|---|---|---|---|---|"]
    for way in ways:
        clock, busy = way.middles()
        clocks = [taken for taken, _ in way.taken]
        figures = (clock, min(clocks), max(clocks), busy, min(taken for _, taken in way.taken), first / busy)
        lines.append(f"| {way.name} | {' | '.join(f'{figure:.2f}' for figure in figures)} |")
    return "\n".join(lines)


def find_ways(
    folder: Path, keyframes: int, like: list[Path], rclip: Path | None = None, before: Path | None = None
) -> list[Way]:
    """All that are asked for; everything that they need is made."""
    catalog = make_catalog(folder, keyframes, like)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    search = [sys.executable, "-c", _SEARCH, "--catalog", str(catalog), "search", SENTENCE]
    through_torch = [sys.executable, "-c", _THROUGH_TORCH, str(catalog / "catalog.sqlite"), SENTENCE]
    ways = [
        Way("`framescout search`", search, environment, folder),
        Way("the same through torch", through_torch, environment, folder),
    ]
    if before:
        own, environment_before = folder / "before", environment | {"PYTHONPATH": str(before)}
        make = [sys.executable, "-c", _MAKE, str(own), str(keyframes), *map(str, like)]
        own.mkdir(exist_ok=True)
        subprocess.run(make, env=environment_before, cwd=before, check=True)
        there = [str(own / "catalog") if each == str(catalog) else each for each in search]
        ways.append(Way("`framescout search` before", there, environment_before, folder))
    if rclip:
        data = make_rclip_data(folder / "rclip", keyframes)
        environment = environment | {"RCLIP_DATADIR": str(data), "HF_HUB_OFFLINE": "1"}
        del environment["PYTHONPATH"]
        ways.append(
            Way("`rclip --no-indexing`", [str(rclip), "--no-indexing", SENTENCE], environment, data / "pictures")
        )
    return ways


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keyframes", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cold", action="store_true")
    parser.add_argument("--rclip", type=lambda given: Path(given).absolute())
    parser.add_argument("--before", type=lambda given: Path(given).absolute())
    parser.add_argument("--like", type=Path, nargs="*", default=[])
    parser.add_argument(
        "--folder", type=Path, help="Keep what is made here, for the next run [default: nothing is kept]."
    )
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        ways = find_ways(folder.absolute(), given.keyframes, given.like, given.rclip, given.before)
        measure(ways, given.rounds, is_cold=given.cold)
    print(f"{given.keyframes} keyframes, {given.rounds} rounds, page cache {'emptied' if given.cold else 'warm'}\n")
    print(table(ways))


if __name__ == "__main__":
    with recorded(__file__):
        main()
