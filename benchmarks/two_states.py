"""What indexing takes with this state of the program and with another one, in turn: processor time and catalog size.

    python benchmarks/two_states.py OTHER FOLDER [FOLDER ...] [--rounds 2]

OTHER is a checkout of the other state, for which this interpreter has all packages. Each catalog is begun with one
video, so that the towers are there; then the whole folder is indexed. Prints the least of the rounds.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.record import recorded

THIS = Path(__file__).resolve().parents[1]
SUFFIXES = {".mp4", ".avi", ".mkv", ".mov", ".webm"}
MB = 1e6


def index(state: Path, catalog: Path, what: Path) -> tuple[float, float]:
    """Seconds of processor time and of the clock."""
    program = [sys.executable, "-c", "from framescout.cli import run; run()", "--catalog", str(catalog), "index"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    environment = os.environ | {"PYTHONPATH": str(state)}
    subprocess.run([*program, str(what)], check=True, env=environment, cwd=state, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return busy, time.monotonic() - began


def size_of(path: Path) -> float:
    """MB of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    return sum(each.stat().st_size for each in files) / MB


def main() -> None:
    """Index, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("other", type=Path)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    states = {"other": arguments.other.resolve(), "this": THIS}
    print("footage | state | processor s | clock s | catalog.sqlite MB | catalog without cache/ MB | all MB")
    for folder in arguments.folders:
        videos = sorted(path for path in folder.resolve().rglob("*") if path.suffix.lower() in SUFFIXES)
        took: dict[str, list[tuple[float, float]]] = {name: [] for name in states}
        sizes = {}
        for _ in range(arguments.rounds):
            for name, state in states.items():
                with tempfile.TemporaryDirectory() as temporary:
                    catalog = Path(temporary) / "catalog"
                    index(state, catalog, videos[0])
                    took[name].append(index(state, catalog, folder.resolve()))
                    whole = size_of(catalog)
                    sizes[name] = (size_of(catalog / "catalog.sqlite"), whole - size_of(catalog / "cache"), whole)
        for name, rounds in took.items():
            busy, clock = (min(each) for each in zip(*rounds, strict=True))
            shown = " | ".join(f"{size:.2f}" for size in sizes[name])
            print(f"{folder.name}, {len(videos)} videos | {name} | {busy:.1f} | {clock:.1f} | {shown}")


if __name__ == "__main__":
    with recorded(__file__):
        main()
