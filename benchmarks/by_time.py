"""How long the page's filters, calendar, day and list of the archive take in an archive of many short videos.

    python benchmarks/by_time.py [--videos 300000] [--folder FOLDER]

The catalog is that of filtered.py, or the one below --folder: ten cameras, a hundred days. A process that stays, as
`framescout serve` does, asks for each six times. The first time reads what is remembered until something is indexed,
and derives no times and cameras, which the catalog's cache keeps. Seconds: the first by the clock; of the others the
median by the clock, and the least in processor time, which other work on the machine disturbs least.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date
from pathlib import Path

from benchmarks.filtered import make_catalog
from benchmarks.record import recorded
from framescout.catalog import Catalog, Snapshot, Space
from query.days import Archive
from query.facets import facets
from query.request import Query
from query.web.archive import ArchiveList

_AGAIN, _DAY = 5, date(2026, 2, 14)
_FOLDER = "cam03/**"
QUESTIONS = {
    "nothing": Query("x"),
    "a camera": Query("x", cameras=("cam03",)),
    "a folder": Query("x", paths=(_FOLDER,)),
    "hours of the day": Query("x", hours="22:00-05:00"),
    "a day": Query("x", after="2026-02-14", before="2026-02-15"),
}


def space_of(snapshot: Snapshot) -> Space:
    """The keyframes of the catalog's one model."""
    model = snapshot.active_model()
    assert model
    return snapshot.space(model)


def list_archive(snapshot: Snapshot, day: str | None) -> None:
    """What a page of the archive shows."""
    archive = ArchiveList(snapshot, UTC, None, day)
    archive.videos(0, 60)
    assert archive.cameras
    assert archive.days


TASKS: dict[str, Callable[[Snapshot], object]] = {
    **{
        f"facets, filtered by {name}": lambda snapshot, query=query: facets(space_of(snapshot), query, UTC)  # type: ignore[misc]
        for name, query in QUESTIONS.items()
    },
    "calendar": lambda snapshot: Archive(space_of(snapshot), Query("x"), UTC).days(),
    "lanes of a day of 3,000 videos": lambda snapshot: Archive(space_of(snapshot), Query("x"), UTC).on(_DAY),
    "list of the archive, a day": lambda snapshot: list_archive(snapshot, f"{_DAY}"),
    "list of the archive, all": lambda snapshot: list_archive(snapshot, None),
}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=300_000)
    parser.add_argument("--folder", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = make_catalog((given.folder or Path(temporary)).absolute(), given.videos, Path(__file__).parents[1])
        with Catalog.open(folder).snapshot() as snapshot:
            snapshot.file_columns()
        catalog = Catalog.open(folder, stays=True)
        with catalog.snapshot() as snapshot:
            size = f"{len(snapshot.file_columns().ids):,} videos, {space_of(snapshot).keyframe_count():,} keyframes"
        print(f"{size}\n\n| task | first, s | again, s | again, processor s |\n|---|---|---|---|")
        for name, task in TASKS.items():
            (first, _), *others = [timed(catalog, task) for _ in range(1 + _AGAIN)]
            clock, busy = statistics.median(each for each, _ in others), min(each for _, each in others)
            print(f"| {name} | {first:.3f} | {clock:.3f} | {busy:.3f} |")


def timed(catalog: Catalog, task: Callable[[Snapshot], object]) -> tuple[float, float]:
    """Seconds of the clock, and of processor time."""
    began, busy = time.perf_counter(), time.process_time()
    with catalog.snapshot() as snapshot:
        task(snapshot)
    return time.perf_counter() - began, time.process_time() - busy


if __name__ == "__main__":
    with recorded(__file__):
        main()
