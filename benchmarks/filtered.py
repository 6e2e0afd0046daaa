"""How long the filters of a question take in an archive of many videos, each in a new process; and bytes a keyframe.

    python benchmarks/filtered.py [--videos 300000] [--keyframes 1] [--dimensions 0] [--rounds 3]
        [--before CHECKOUT] [--folder FOLDER]

The catalog has --keyframes of each video, one to three seconds apart; ten cameras, a hundred days. It is filled with
SQL, since the catalog's own writer commits each video by itself. Filters read no embeddings, so that --dimensions of
these may be few; 0 are those of the starter model. A process opens it and turns a question's filters into ranges of
keyframe ids; imports, encoding and ranking are not counted. --before: another state of framescout, whose catalog its
own code begins. The states take turns, after a round that warms up. Processor time, medians.
"""

from __future__ import annotations

import contextlib
import json
import os
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
began, at = time.process_time(), time.monotonic()
with catalog.snapshot() as snapshot:
    model = snapshot.active_model()
    state = (snapshot.space(model),) if hasattr(snapshot, "space") else (snapshot, model.id)
    ranges = wanted_ranges(*state, query, UTC)
taken = time.process_time() - began, time.monotonic() - at
print(json.dumps([*taken, int((ranges[:, 1] - ranges[:, 0]).sum())]))
"""
_FIRST, _SPAN = datetime(2025, 12, 1, tzinfo=UTC), timedelta(days=100)
_BEGIN = """
import sys
from msgspec.structs import replace
from fractions import Fraction
from pathlib import Path
import numpy as np
import framescout
from benchmarks.archive import video
from framescout.catalog.records import Keyframe
from framescout.embedding import fingerprint, load_text_tower
from framescout.timeline import Span
folder, count, dimensions = Path(sys.argv[1]), *map(int, sys.argv[2:])
tower = None if dimensions else load_text_tower("starter", fingerprint("starter"), folder / "towers")
rows = np.zeros((count, dimensions or tower.dimensions), np.float16)
rows[:, 0] = 1
pts = (1001 * np.random.default_rng(1).integers(30, 91, count + 1).cumsum()).tolist()  # frames of 1001/30000 s
pts = [0, *pts]
every = [each / 30000 for each in pts]
keyframes = tuple(Keyframe(pts[i], Fraction(1, 30000), every[i], Span(*every[i:i + 2])) for i in range(count))
catalog = framescout.open(folder / "catalog")
with catalog.writer() as writer:
    model = writer.model("starter", fingerprint("starter"), rows.shape[1])
    writer.activate(model)
    writer.commit_video(replace(video(0, rows), keyframes=keyframes), model)
if tower:
    (folder / "towers").rename(catalog.cache_folder)
"""


def make_catalog(
    folder: Path, videos: int, state: Path, *, keyframes: int = 1, dimensions: int = 0, archive: Path | None = None
) -> Path:
    """A catalog of this state of framescout with so many videos, and so many keyframes of each.

    `dimensions`: of their vectors; 0: the starter model's. `archive`: where the files of all but the first lie, empty
    but for a hole; without it there are none.
    """
    if not (folder / "catalog").exists():
        folder.mkdir(parents=True, exist_ok=True)
        run_in(state, _BEGIN, str(folder), str(keyframes), str(dimensions))
        with contextlib.closing(sqlite3.connect(folder / "catalog" / "catalog.sqlite")) as database, database:
            database.execute("PRAGMA cache_size = -200000")
            _multiply(database, videos, archive)
    return folder / "catalog"


def _multiply(database: sqlite3.Connection, videos: int, archive: Path | None) -> None:
    """Write the one video of a catalog again and again, each with a path, a time and vectors of its own."""
    random = np.random.default_rng(1)
    templates = {name: _rows(database, name)[0] for name in ("video", "file", "indexing")}
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    copies = [_copy_of_first(database, name) for name in tables & {"keyframe", "keyframe_times"}]
    old = templates["video"].keys() & {"tags"} == set()  # times and cameras were stored then
    count = templates["indexing"]["keyframe_count"]
    dimensions = len(templates["indexing"]["embeddings"]) // (2 * count)
    for number in range(2, videos + 1):
        at = (_FIRST + _SPAN * (number / videos)).replace(microsecond=0)
        camera = f"cam{number % 10:02d}"
        vectors = random.normal(size=(count, dimensions))
        seal = {"seal": f"9:{random.bytes(16).hex()}"}
        known = {"recorded_at": f"{at:%Y-%m-%d %H:%M:%S.%f}", "recorded_from": "name", "camera": camera} if old else {}
        path = (archive or Path("/made-up")) / camera / f"{at:%Y%m%d_%H%M%S}.mp4"
        _put(database, "video", templates["video"] | known | seal | {"id": number, "content_hash": f"made {number}"})
        own = {"id": number, "video_id": number, "path": str(path) if old else os.fsencode(path)}
        _put(database, "file", templates["file"] | seal | own | (_stamp(path, number) if archive else {}))
        matrix = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f2").tobytes()
        before = count * (number - 1)
        indexing = {"video_id": number, "first_keyframe_id": before + 1, "embeddings": matrix}
        _put(database, "indexing", templates["indexing"] | indexing)
        for copy in copies:
            database.execute(copy, (before, number))
    database.execute("UPDATE state SET value = ? WHERE key = 'next_keyframe_id'", (count * videos + 1,))


def _stamp(path: Path, number: int) -> dict[str, int]:
    """What the catalog notes of the file, which is made where there is none yet."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.truncate(path, 1_000_000 + number)
    facts = path.stat()
    return {"size_bytes": facts.st_size, "mtime_ns": facts.st_mtime_ns}


def _rows(database: sqlite3.Connection, table: str) -> list[dict[str, Any]]:
    cursor = database.execute(f"SELECT * FROM {table}")
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor]


def _copy_of_first(database: sqlite3.Connection, table: str) -> str:
    """A statement that writes the first video's rows of keyframes again: ?1 added to their ids, of the video ?2."""
    names = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
    given = {"id": "id + ?1", "first_keyframe_id": "first_keyframe_id + ?1", "video_id": "?2"}
    columns = ", ".join(given.get(name, name) for name in names)
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {columns} FROM {table} WHERE video_id = 1"


def _put(database: sqlite3.Connection, table: str, *rows: dict[str, Any]) -> None:
    names, marks = ", ".join(f'"{name}"' for name in rows[0]), ", ".join("?" * len(rows[0]))
    values = ([*row.values()] for row in rows)
    database.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", values)


def bytes_a_keyframe(catalog: Path, keyframes: int) -> tuple[float, float]:
    """Of the whole catalog file but its embeddings, and of the keyframes' own tables and indexes."""
    with contextlib.closing(sqlite3.connect(catalog / "catalog.sqlite")) as database:
        query = "SELECT name, tbl_name, sum(pgsize) FROM dbstat JOIN sqlite_master USING (name) GROUP BY name"
        pages = database.execute(query).fetchall()
    own = sum(size for _, table, size in pages if table in ("keyframe", "keyframe_times"))
    every = sum(size for name, _, size in pages if name != "indexing")
    return every / keyframes, own / keyframes


def ask(catalog: Path, state: Path, filters: dict[str, Any]) -> tuple[float, float, int]:
    """Seconds of processor time and of the clock, and how many keyframes pass."""
    busy, clock, count = json.loads(run_in(state, _ASK, str(catalog), json.dumps(filters)))
    return busy, clock, count


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
    parser.add_argument("--keyframes", type=int, default=1)
    parser.add_argument("--dimensions", type=int, default=0)
    given = parser.parse_args()
    states = states_of(given.before)
    with tempfile.TemporaryDirectory() as temporary:
        folder = (given.folder or Path(temporary)).absolute()
        size = {"keyframes": given.keyframes, "dimensions": given.dimensions}
        catalogs = {name: make_catalog(folder / name, given.videos, state, **size) for name, state in states.items()}
        for kind in ("files-*", "ranges-*"):
            for kept in (catalogs["now"] / "cache").glob(kind):
                kept.unlink()
        first, *_ = ask(catalogs["now"], states["now"], QUESTIONS["camera"])
        taken: dict[str, dict[str, list[float]]] = {name: {asked: [] for asked in QUESTIONS} for name in states}
        for number in range(given.rounds + 1):
            for asked, filters in QUESTIONS.items():
                answers = {name: ask(catalogs[name], state, filters) for name, state in states.items()}
                if len({count for *_, count in answers.values()}) > 1:
                    raise RuntimeError(f"the states differ in {asked}: {answers}")
                for name, (seconds, *_) in answers.items():
                    if number:
                        taken[name][asked].append(seconds)
        sizes = {name: bytes_a_keyframe(own, given.videos * given.keyframes) for name, own in catalogs.items()}
    print(f"{given.videos} videos with {given.keyframes} keyframes each, {given.rounds} rounds;")
    print(f"the states agree on how many keyframes pass\n\n{table(taken)}\n")
    print("| bytes a keyframe | all but embeddings | its own tables and indexes |\n|---|---|---|")
    for name, (every, own) in sizes.items():
        print(f"| {name} | {every:.1f} | {own:.1f} |")
    print(f"\nNow the very first one, which derives all times and cameras and keeps them, takes {first:.1f} s.")


if __name__ == "__main__":
    with recorded(__file__):
        main()
