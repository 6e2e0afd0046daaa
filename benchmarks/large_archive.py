"""Filters, a second run, `status` and the catalog's bytes, in an archive of 300,000 videos with 30 million keyframes.

    python benchmarks/large_archive.py [--videos 300000] [--keyframes 100] [--dimensions 8] [--rounds 3]
        [--before CHECKOUT] [--folder FOLDER]

The files are there, empty but for a hole; the catalog knows each of them, as that of filtered.py does, and an index
file, which an index run checks and does not open: the one here is no index. Vectors are --dimensions wide, so that two
catalogs fit on a disk; 0 is the starter's width. Each run is a new process; the states take turns. Printed is the least
of the rounds, which other work on the machine disturbs least: processor time, seconds of the clock, and memory at its
peak, which counts from this script's own on: a run that makes no catalog tells it best. "first": with nothing in cache/
that is derived from the catalog; an index run leaves it there.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from benchmarks.filtered import QUESTIONS, ask, make_catalog
from benchmarks.record import recorded
from benchmarks.states import parser_of, run_in, states_of

_COMMAND = [sys.executable, "-c", "from framescout.cli import main; main()"]
_PUBLISH = """
import sys
import framescout
try:
    from framescout.file_checksums import FileChecksum
except ImportError:  # an older state, which keeps them elsewhere
    from framescout.cached import FileChecksum
catalog, count = framescout.open(sys.argv[1]), int(sys.argv[2])
path = catalog.vectors_folder / "made-up.faiss"
path.write_bytes(b"no index")
checksum = FileChecksum.of(path)
facts = {"kind": "ivf-int8", "vector_count": count, "covers_below": count + 1, "nprobe": 1, "recall": 1.0}
with catalog.snapshot() as snapshot:
    model = snapshot.active_model()
with catalog.writer() as writer:
    writer.publish_generation(model_id=model.id, file_name=path.name, checksum=str(checksum), **facts)
"""


class Cost(NamedTuple):
    """Of one run."""

    busy: float
    clock: float
    mib: float = 0.0


def run(catalog: Path, state: Path, *command: str) -> Cost:
    """A command of this state: seconds of processor time, of the clock, MiB at the peak."""
    began = time.monotonic()
    process = subprocess.Popen(
        [*_COMMAND, "--catalog", str(catalog), *command],
        cwd=state, env=os.environ | {"PYTHONPATH": str(state)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"framescout {' '.join(command)} ended with {process.returncode}")
    return Cost(usage.ru_utime + usage.ru_stime, time.monotonic() - began, usage.ru_maxrss / 1024)


def forget(catalog: Path) -> None:
    """What is derived from the catalog's rows."""
    for kind in ("files-*", "ranges-*"):
        for kept in (catalog / "cache").glob(kind):
            kept.unlink()


def filtered(catalog: Path, state: Path, name: str, *, first: bool = False) -> Cost:
    """A question's filters."""
    if first:
        forget(catalog)
    busy, clock, _ = ask(catalog, state, QUESTIONS[name])
    return Cost(busy, clock)


def bytes_of(catalog: Path) -> dict[str, int]:
    """Of the tables and their indexes."""
    query = """
        SELECT CASE WHEN tbl_name IN ('keyframe', 'keyframe_times') THEN 'times of keyframes' WHEN name = 'indexing'
        THEN 'embeddings' WHEN tbl_name IN ('video', 'file') THEN 'videos and files' ELSE 'all else' END, sum(pgsize)
        FROM dbstat JOIN sqlite_master USING (name) GROUP BY 1"""
    with contextlib.closing(sqlite3.connect(catalog / "catalog.sqlite")) as database:
        return dict(database.execute(query))


def sizes(catalogs: dict[str, Path], keyframes: int) -> str:
    """As Markdown, in bytes a keyframe."""
    of = {name: bytes_of(catalog) for name, catalog in catalogs.items()}
    kinds = ["times of keyframes", "videos and files", "all else", "embeddings"]
    rows = [(kind, [each.get(kind, 0) for each in of.values()]) for kind in kinds]
    rows.append(("all but embeddings", [sum(each.values()) - each["embeddings"] for each in of.values()]))
    rows.append(("all", [sum(each.values()) for each in of.values()]))
    lines = [
        f"| {kind} | {' | '.join(f'{size / keyframes:.1f}' for size in own)} | {own[0] / max(own[-1], 1):.2f} |"
        for kind, own in rows
    ]
    return "\n".join([f"| bytes a keyframe | {' | '.join(of)} | ratio |", "|---|" + "---|" * (len(of) + 1), *lines])


def table(taken: dict[str, dict[str, list[Cost]]]) -> str:
    """As Markdown; the ratio is of now to before, in processor time."""
    states = [*next(iter(taken.values()))]
    lines = [
        f"| | {' | '.join(f'{name}, s | clock, s | MiB' for name in states)} | ratio |",
        "|---|" + "---|" * (3 * len(states) + 1),
    ]
    for task, of in taken.items():
        least = [Cost(*(min(each) for each in zip(*costs, strict=True))) for costs in of.values()]
        cells = (f"{each.busy:.3f} | {each.clock:.3f} | {f'{each.mib:.0f}' if each.mib else ''}" for each in least)
        lines.append(f"| {task} | {' | '.join(cells)} | {least[0].busy / least[-1].busy:.3f} |")
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = parser_of(__doc__, rounds=3)
    parser.add_argument("--videos", type=int, default=300_000)
    parser.add_argument("--keyframes", type=int, default=100)
    parser.add_argument("--dimensions", type=int, default=8)
    given = parser.parse_args()
    states, count = states_of(given.before), given.videos * given.keyframes
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).resolve()
        archive = folder / "archive"
        catalogs = {}
        for name, state in states.items():
            size = {"keyframes": given.keyframes, "dimensions": given.dimensions}
            is_there = (folder / name / "catalog").exists()
            catalogs[name] = make_catalog(folder / name, given.videos, state, archive=archive, **size)
            if not is_there:
                run_in(state, _PUBLISH, str(catalogs[name]), str(count))
        tasks: dict[str, Callable[[Path, Path], Cost]] = {
            "filter by camera, first": partial(filtered, name="camera", first=True),
            **{f"filter by {name}": partial(filtered, name=name) for name in QUESTIONS},
            "index, nothing new": lambda catalog, state: run(catalog, state, "index", str(archive)),
            "status": lambda catalog, state: run(catalog, state, "status"),
        }
        counts = {name: {ask(catalogs[of], state, QUESTIONS[name])[-1] for of, state in states.items()}
                  for name in QUESTIONS}  # fmt: skip
        if any(len(each) > 1 for each in counts.values()):
            raise RuntimeError(f"the states differ in what passes the filters: {counts}")
        taken: dict[str, dict[str, list[Cost]]] = {task: {name: [] for name in states} for task in tasks}
        for _ in range(given.rounds):
            for task, do in tasks.items():
                for name, state in states.items():
                    taken[task][name].append(do(catalogs[name], state))
        said = sizes(catalogs, count)
    print(f"{given.videos:,} videos with {given.keyframes} keyframes each of {given.dimensions or 384} dimensions,")
    print(f"{given.rounds} rounds; the states agree on how many keyframes pass each filter\n\n{table(taken)}\n\n{said}")


if __name__ == "__main__":
    with recorded(__file__):
        main()
