"""How long a filtered search from the shell takes in an archive of many short videos, each in a new process.

    python benchmarks/filtered.py [--videos 300000] [--rounds 5] [--before CHECKOUT] [--folder FOLDER]

The catalog has one keyframe a video; ten cameras, a hundred days. It is filled with SQL, since the catalog's own
writer commits each video by itself. --before: another state of framescout, whose catalog its own code begins. The ways
take turns, after a round that warms up; figures are medians. "More" is what a filter takes beyond a search without one.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.cold_search import _SEARCH, SENTENCE, Way
from benchmarks.record import recorded

QUESTIONS: dict[str, tuple[str, ...]] = {
    "no filter": (),
    "`--camera cam03`": ("--camera", "cam03"),
    "`--after DAY --before DAY`": ("--after", "2026-02-14", "--before", "2026-02-15"),
    "`--time 22:00-05:00 --camera cam03`": ("--time", "22:00-05:00", "--camera", "cam03"),
    "`--path 'cam03/*' --after DAY`": ("--path", "cam03/*", "--after", "2026-02-14"),
}
_FIRST, _SPAN = datetime(2025, 12, 1, tzinfo=UTC), timedelta(days=100)
_BEGIN = """
import sys
from pathlib import Path
import numpy as np
from benchmarks.archive import fill
from framescout.embedding import fingerprint, load_text_tower
folder = Path(sys.argv[1])
tower = load_text_tower("starter", fingerprint("starter"), folder / "towers")
row = np.zeros((1, tower.dimensions), np.float16)
row[0, 0] = 1
catalog = fill(folder / "catalog", [row], tower.dimensions)
(folder / "towers").rename(catalog.cache_folder)
"""


def make_catalog(folder: Path, videos: int, state: Path) -> Path:
    """A catalog of this state of framescout with so many videos."""
    if not (folder / "catalog").exists():
        folder.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"PYTHONPATH": str(state)}
        subprocess.run([sys.executable, "-c", _BEGIN, str(folder)], env=environment, cwd=state, check=True)
        with contextlib.closing(sqlite3.connect(folder / "catalog" / "catalog.sqlite")) as database, database:
            _multiply(database, videos)
    return folder / "catalog"


def _multiply(database: sqlite3.Connection, videos: int) -> None:
    """Write the one video of a catalog again and again, each with a path, a time and a vector of its own."""
    random = np.random.default_rng(1)
    templates = {name: _row(database, name) for name in ("video", "file", "indexing", "keyframe")}
    old = templates["video"].keys() & {"tags"} == set()  # times and cameras were stored then
    dimensions = len(templates["indexing"]["embeddings"]) // 2
    for number in range(2, videos + 1):
        at = _FIRST + _SPAN * (number / videos)
        camera = f"cam{number % 10:02d}"
        vector = random.normal(size=dimensions)
        seal = {"seal": f"9:{random.bytes(16).hex()}"}
        known = {"recorded_at": f"{at:%Y-%m-%d %H:%M:%S.%f}", "recorded_from": "name", "camera": camera} if old else {}
        path = f"/made-up/{camera}/{at:%Y%m%d_%H%M%S}.mp4"
        _put(database, "video", templates["video"] | known | seal | {"id": number, "content_hash": f"made {number}"})
        own = {"id": number, "video_id": number, "path": path if old else path.encode()}
        _put(database, "file", templates["file"] | seal | own)
        matrix = (vector / np.linalg.norm(vector)).astype("<f2").tobytes()
        indexing = {"video_id": number, "first_keyframe_id": number, "embeddings": matrix}
        _put(database, "indexing", templates["indexing"] | indexing)
        _put(database, "keyframe", templates["keyframe"] | {"id": number, "video_id": number})
    database.execute("UPDATE state SET value = ? WHERE key = 'next_keyframe_id'", (videos + 1,))


def _row(database: sqlite3.Connection, table: str) -> dict[str, Any]:
    cursor = database.execute(f"SELECT * FROM {table}")
    return dict(zip((column[0] for column in cursor.description), cursor.fetchone(), strict=True))


def _put(database: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names, marks = ", ".join(f'"{name}"' for name in row), ", ".join("?" * len(row))
    database.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", [*row.values()])


def ways_of(name: str, catalog: Path, state: Path, folder: Path) -> list[Way]:
    """One a question."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPATH": str(state), "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    search = [sys.executable, "-c", _SEARCH, "--catalog", str(catalog), "search", SENTENCE]
    return [Way(f"{name}: {asked}", [*search, *options], environment, folder) for asked, options in QUESTIONS.items()]


def table(states: dict[str, list[Way]]) -> str:
    """As Markdown; the ratios are of now to before."""
    lines = [f"| processor, s | {' | '.join(states)} | ratio | more | ratio of more |"]
    lines.append("|---|" + "---|" * (len(states) + 3))
    busy = {name: [way.middles()[1] for way in ways] for name, ways in states.items()}
    for number, asked in enumerate(QUESTIONS):
        taken = [each[number] for each in busy.values()]
        more = [each[number] - each[0] for each in busy.values()]
        is_compared = len(taken) > 1
        ratio = f"{taken[0] / taken[1]:.2f}" if is_compared else "-"
        ratio_of_more = f"{more[0] / more[1]:.2f}" if is_compared and number else "-"
        figures = " | ".join(f"{each:.2f}" for each in taken)
        beyond = " : ".join(f"{each:.2f}" for each in more)
        lines.append(f"| {asked} | {figures} | {ratio} | {beyond} | {ratio_of_more} |")
    return "\n".join(lines)


def main(given: Sequence[str] | None = None) -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--before", type=lambda given: Path(given).absolute())
    parser.add_argument("--folder", type=Path, help="Keep what is made here, for the next run.")
    asked = parser.parse_args(given)
    here = Path(__file__).parents[1]
    with tempfile.TemporaryDirectory() as temporary:
        folder = (asked.folder or Path(temporary)).absolute()
        states = {"now": here} | ({"before": asked.before} if asked.before else {})
        ways = {
            name: ways_of(name, make_catalog(folder / name, asked.videos, state), state, folder)
            for name, state in states.items()
        }
        firsts: list[tuple[float, float]] = []
        for number in range(asked.rounds + 1):
            for way in (way for pair in zip(*ways.values(), strict=True) for way in pair):
                taken = way.run()
                (way.taken if number else firsts).append(taken)
    print(f"{asked.videos} videos, {asked.rounds} rounds\n")
    print(table(ways))
    clocks = {name: statistics.median(clock for way in own[1:] for clock, _ in way.taken) for name, own in ways.items()}
    print("\nBy the clock, median of all filtered searches: " + ", ".join(f"{n} {c:.2f} s" for n, c in clocks.items()))
    print(f"The very first filtered search, which derives times and cameras: {firsts[len(ways)][0]:.1f} s now.")


if __name__ == "__main__":
    with recorded(__file__):
        main()
