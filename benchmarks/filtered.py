"""How long the filters of a question take in an archive of many short videos, each in a new process.

    python benchmarks/filtered.py [--videos 300000] [--rounds 3] [--before CHECKOUT] [--folder FOLDER]

The catalog has one keyframe a video; ten cameras, a hundred days. It is filled with SQL, since the catalog's own writer
commits each video by itself. A process opens it and turns a question's filters into ranges of keyframe ids; imports,
encoding and ranking are not counted. --before: another state of framescout, whose catalog its own code begins. The
states take turns, after a round that warms up. Processor time, medians.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.record import recorded
from benchmarks.states import parser_of, run_in, states_of

QUESTIONS: dict[str, dict[str, Any]] = {
    "camera": {"cameras": ["cam03"]},
    "a day": {"after": "2026-02-14", "before": "2026-02-15"},
    "hours of the day": {"hours": "22:00-05:00"},
    "hours and camera": {"hours": "22:00-05:00", "cameras": ["cam03"]},
    "path and a day": {"paths": ["cam03/*"], "after": "2026-02-14", "before": "2026-02-15"},
}
_ASK = """
import json, sys, time
from datetime import UTC
from framescout.catalog import Catalog
from query.filters import wanted_ranges
from query.request import Query
query = Query.from_json({"text": "x", **json.loads(sys.argv[2])})
catalog = Catalog.open(sys.argv[1])
began = time.process_time()
with catalog.snapshot() as snapshot:
    model = snapshot.active_model()
    state = (snapshot.space(model),) if hasattr(snapshot, "space") else (snapshot, model.id)
    ranges = wanted_ranges(*state, query, UTC)
taken = time.process_time() - began
print(json.dumps([taken, int((ranges[:, 1] - ranges[:, 0]).sum())]))
"""
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
        run_in(state, _BEGIN, str(folder))
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


def ask(catalog: Path, state: Path, filters: dict[str, Any]) -> tuple[float, int]:
    """Seconds of processor time, and how many keyframes pass."""
    taken, count = json.loads(run_in(state, _ASK, str(catalog), json.dumps(filters)))
    return taken, count


def table(taken: dict[str, dict[str, list[float]]]) -> str:
    """As Markdown; the ratio is of now to before."""
    lines = [f"| filter | {' | '.join(f'{name}, s' for name in taken)} | ratio |", "|---|" + "---|" * (len(taken) + 1)]
    for asked in QUESTIONS:
        middles = [statistics.median(own[asked]) for own in taken.values()]
        lines.append(f"| {asked} | {' | '.join(f'{each:.3f}' for each in middles)} | {middles[0] / middles[-1]:.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Command line."""
    parser = parser_of(__doc__, rounds=3)
    parser.add_argument("--videos", type=int, default=300_000)
    given = parser.parse_args()
    states = states_of(given.before)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).absolute()
        catalogs = {name: make_catalog(folder / name, given.videos, state) for name, state in states.items()}
        for kept in (catalogs["now"] / "cache").glob("files-*"):
            kept.unlink()
        first, _ = ask(catalogs["now"], states["now"], QUESTIONS["camera"])
        taken: dict[str, dict[str, list[float]]] = {name: {asked: [] for asked in QUESTIONS} for name in states}
        for number in range(given.rounds + 1):
            for asked, filters in QUESTIONS.items():
                answers = {name: ask(catalogs[name], state, filters) for name, state in states.items()}
                if len({count for _, count in answers.values()}) > 1:
                    raise RuntimeError(f"the states differ in {asked}: {answers}")
                for name, (seconds, _) in answers.items():
                    if number:
                        taken[name][asked].append(seconds)
    print(f"{given.videos} videos, {given.rounds} rounds; the states agree on how many keyframes pass\n")
    print(table(taken))
    print(f"\nNow the very first one, which derives all times and cameras and keeps them, takes {first:.1f} s.")


if __name__ == "__main__":
    with recorded(__file__):
        main()
