"""What a second run costs that finds nothing new: the whole `framescout index`, started anew each time.

    python benchmarks/second_run.py [--files 100000] [--rounds 5]

The files are empty but for a hole of their own length, 1,000 to a folder; the catalog knows each of them, as if it had
been indexed: a video, three keyframes and their embeddings in the starter model's width. Beside the whole command the
table shows what it can't do without: looking at every file (scandir and stat) and reading every row of the files.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import framescout
from benchmarks.record import recorded
from framescout.embedding import fingerprint, load_embedder

A_FOLDER = 1000
KEYFRAMES = 3
COMMAND = [sys.executable, "-c", "from framescout.cli import main; main()"]


def make_archive(folder: Path, count: int) -> list[os.stat_result]:
    facts = []
    for number in range(count):
        path = folder / path_of(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        os.truncate(path, 1_000_000 + number)
        facts.append(path.stat())
    return facts


def path_of(number: int) -> str:
    return f"camera-{number // A_FOLDER:03}/{number:06}.mp4"


def make_catalog(folder: Path, archive: Path, facts: list[os.stat_result]) -> None:
    """Rows as the indexer writes them, in one transaction; the model's towers lie in the cache."""
    catalog = framescout.open(folder)
    model = load_embedder("starter", cache=catalog.cache_folder)
    with catalog.writer() as writer:
        writer.activate(writer.model("starter", fingerprint("starter"), model.dimensions))
    rows = list(enumerate(facts, 1))
    matrix = bytes(2 * KEYFRAMES * model.dimensions)
    with sqlite3.connect(folder / "catalog.sqlite") as connection:
        insert(connection, "video", (video_row(number) for number, _ in rows))
        insert(connection, "file", (file_row(archive, number, stat) for number, stat in rows))
        insert(connection, "indexing", (indexing_row(number, matrix) for number, _ in rows))
        insert(connection, "keyframe", (row for number, _ in rows for row in keyframe_rows(number)))
        connection.execute("INSERT INTO state VALUES ('next_keyframe_id', ?)", [KEYFRAMES * len(rows) + 1])


def video_row(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "content_hash": f"{number:040x}",
        "duration": 6.0,
        "frame_rate": 25.0,
        "is_variable_rate": 0,
        "width_px": 1920,
        "height_px": 1080,
        "rotation": 0,
        "sample_aspect_ratio": "1",
        "start_offset": 0.0,
        "codec": "h264",
        "has_audio": 0,
        "read_to": 6.0,
        "is_complete": 1,
        "end_detail": "",
        "indexed_at": "2026-01-01 00:00:00.000000",
    }


def file_row(archive: Path, number: int, stat: os.stat_result) -> dict[str, Any]:
    path = os.fsencode(archive / path_of(number - 1))
    return {
        "id": number,
        "path": path,
        "size_bytes": stat.st_size,
        "mtime_ns": stat.st_mtime_ns,
        "video_id": number,
    }


def indexing_row(number: int, matrix: bytes) -> dict[str, Any]:
    return {
        "video_id": number,
        "model_id": 1,
        "density": "balanced",
        "first_keyframe_id": KEYFRAMES * (number - 1) + 1,
        "keyframe_count": KEYFRAMES,
        "time_base_numerator": 1,
        "time_base_denominator": 12800,
        "embeddings": matrix,
    }


def keyframe_rows(number: int) -> Iterator[dict[str, Any]]:
    for position in range(KEYFRAMES):
        start = 2.0 * position
        yield {
            "id": KEYFRAMES * (number - 1) + position + 1,
            "video_id": number,
            "pts": round(start * 12800),
            "time": start,
            "span_start": start,
            "span_end": start + 2.0,
        }


def insert(connection: sqlite3.Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows)
    statement = f"INSERT INTO {table} ({', '.join(first)}) VALUES ({', '.join(f':{name}' for name in first)})"
    connection.execute(statement, first)
    connection.executemany(statement, rows)


def look(folder: str) -> None:
    """scandir and stat of every file, and nothing else."""
    for entry in os.scandir(folder):
        if entry.is_dir():
            look(entry.path)
        else:
            entry.stat()


def read_rows(catalog: Path) -> None:
    with sqlite3.connect(catalog / "catalog.sqlite") as connection:
        connection.execute("SELECT path, size_bytes, mtime_ns, video_id, gone_at FROM file").fetchall()


def run(catalog: Path, archive: Path) -> None:
    said = subprocess.run(
        [*COMMAND, "--catalog", str(catalog), "index", str(archive)], check=True, stderr=subprocess.PIPE, text=True
    ).stderr
    assert "unchanged" in said, said


def seconds(job: Callable[[], object]) -> float:
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        archive, catalog = Path(name).resolve() / "archive", Path(name).resolve() / "catalog"
        make_catalog(catalog, archive, make_archive(archive, arguments.files))
        jobs: dict[str, Callable[[], object]] = {
            "scandir and stat": lambda: look(str(archive)),
            "reading the rows": lambda: read_rows(catalog),
            "index, nothing new": lambda: run(catalog, archive),
        }
        run(catalog, archive)  # builds the vector index
        taken: dict[str, list[float]] = {job: [] for job in jobs}
        for _ in range(arguments.rounds):
            for job, do in jobs.items():
                taken[job].append(seconds(do))
        size = (catalog / "catalog.sqlite").stat().st_size
    print(f"{arguments.files:,} files, a catalog of {size / 2**20:.0f} MiB, {arguments.rounds} rounds\n")
    print("| | seconds | lowest | highest |\n|---|---|---|---|")
    for job, rows in taken.items():
        print(f"| {job} | {statistics.median(rows):.2f} | {min(rows):.2f} | {max(rows):.2f} |")


if __name__ == "__main__":
    with recorded(__file__):
        main()
