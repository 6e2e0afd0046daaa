"""A damaged catalog in, a sound one in its place out, with all that can be read and is as it was sealed.

Promised: nothing is saved that is not as it was written; the damaged file stays, whole, beside the new one. Videos that
are lost are read again by the next `index`; labels, events and vector indexes are made again, and are not saved.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from framescout.catalog.readable import readable_rows
from framescout.catalog.seals import FILE, INDEXING, KEYFRAME, KEYFRAMES, MODEL, SEARCH, VIDEO, seal
from framescout.catalog.tables import METADATA
from framescout.errors import DamagedCatalogError, FramescoutError

_LARGEST = 2**53  # a number of the catalog's own beyond this is damage


@dataclass(frozen=True, slots=True)
class Salvage:
    """What was saved of a damaged catalog."""

    videos: int
    of_videos: int | None
    """How many there were, where that could be read."""
    keyframes: int
    searches: int
    damaged: Path
    """Where the damaged file is kept."""

    @property
    def sentence(self) -> str:
        """For a person."""
        of = "" if self.of_videos is None else f" of {self.of_videos}"
        return (
            f"saved {self.videos}{of} videos with {self.keyframes} keyframes, and {self.searches} saved searches; the "
            f"damaged file is kept as {self.damaged}; framescout index reads the other videos again, and labels and "
            "events have to be made anew"
        )


def copy_what_is_sound(damaged: Path, new: Path) -> tuple[int, int | None, int, int]:
    """Fill the empty catalog file `new` from `damaged`; return what Salvage counts.

    Raises:
        DamagedCatalogError: it is another program's database, or older than seals.
    """
    with (
        contextlib.closing(sqlite3.connect(damaged, timeout=30, isolation_level=None)) as source,
        contextlib.closing(sqlite3.connect(new)) as target,
    ):
        with contextlib.suppress(sqlite3.DatabaseError):  # what can't be read is passed over below
            source.execute("PRAGMA writable_schema = ON")  # lets tables be read beside others whose schema is damaged
            source.execute("PRAGMA cell_size_check = ON")
            source.execute("BEGIN IMMEDIATE")  # nobody saves a search meanwhile
        _refuse_strangers(source, damaged)
        saving = _Saving(source, target)
        with target:
            saving.run()
        return saving.videos, _count(source, "video"), saving.keyframes, saving.searches


class _Saving:
    """Copies table by table; what a row points to comes before it."""

    def __init__(self, source: sqlite3.Connection, target: sqlite3.Connection) -> None:
        self._source, self._target = source, target
        self.videos = self.keyframes = self.searches = 0
        self._next_id = 1

    def run(self) -> None:
        videos = {row[0]: row[1:] for row in self._rows("video", (*VIDEO, "seal")) if seal(row[1:-1]) == row[-1]}
        files = list(self._files(videos))
        present = {video_id for video_id, _ in files}
        models = self._models()
        for video_id in sorted(present):
            self._put("video", ("id", *VIDEO, "seal"), (video_id, *videos[video_id]))
        for _, row in files:
            self._put("file", ("id", *FILE, "video_id", "seal"), row)
        used = self._indexings({number: videos[number][0] for number in present}, models)
        self._searches()
        self._state(used)
        self.videos = len(present)

    def _files(self, videos: dict[int, tuple[Any, ...]]) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """(video id, row) of files whose video is saved too."""
        for number, *values, video_id, kept in self._rows("file", (*FILE, "video_id", "seal")):
            if video_id in videos and seal(values, [videos[video_id][0]]) == kept:
                yield video_id, (number, *values, video_id, kept)

    def _models(self) -> dict[int, tuple[Any, ...]]:
        """id -> (name, fingerprint, dimensions or None). The index knows names and fingerprints too."""
        found: dict[int, tuple[Any, ...]] = {}
        with contextlib.suppress(sqlite3.DatabaseError):
            query = "SELECT rowid, name, fingerprint FROM model INDEXED BY sqlite_autoindex_model_1"
            found |= {number: (name, fingerprint, None) for number, name, fingerprint in self._source.execute(query)}
        return found | {row[0]: tuple(row[1:]) for row in self._rows("model", MODEL)}

    def _indexings(self, hashes: dict[int, str], models: dict[int, tuple[Any, ...]]) -> dict[int, int]:
        """Model id -> how many videos were saved of it."""
        used: dict[int, int] = {}
        for _, video_id, model_id, *facts, kept in self._rows("indexing", ("video_id", "model_id", *INDEXING, "seal")):
            first, count, matrix = facts[1], facts[2], facts[5]
            if video_id not in hashes or model_id not in models or not _are_numbers(first, count) or not count:
                continue
            name, fingerprint, dimensions = models[model_id]
            if dimensions is None:
                dimensions = len(matrix) // (2 * count)
            keyframes = self._keyframes(video_id, first, count)
            if seal((hashes[video_id], name, fingerprint, dimensions, *facts), *keyframes) != kept:
                continue
            if model_id not in used:
                self._put("model", ("id", *MODEL), (model_id, name, fingerprint, dimensions))
            self._put("indexing", ("video_id", "model_id", *INDEXING, "seal"), (video_id, model_id, *facts, kept))
            for row in keyframes:
                self._put("keyframe", (*KEYFRAME, "video_id"), (*row, video_id))
            used[model_id] = used.get(model_id, 0) + 1
            self.keyframes += count
            self._next_id = max(self._next_id, first + count)
        return used

    def _keyframes(self, video_id: int, first: int, count: int) -> list[tuple[Any, ...]]:
        with contextlib.suppress(sqlite3.DatabaseError):
            return self._source.execute(KEYFRAMES, (first, first + count - 1, video_id)).fetchall()
        return []

    def _searches(self) -> None:
        for _, *row, kept in self._rows("saved_search", (*SEARCH, "seal")):
            if seal(row) == kept:
                self._put("saved_search", (*SEARCH, "seal"), (*row, kept))
                self.searches += 1
                self._next_id = max(self._next_id, row[SEARCH.index("seen_below")])

    def _state(self, used: dict[int, int]) -> None:
        known = {key: value for _, key, value in self._rows("state", ("key", "value")) if _are_numbers(value)}
        self._put("state", ("key", "value"), ("next_keyframe_id", max(self._next_id, known.get("next_keyframe_id", 1))))
        active = known.get("active_model_id")
        if used:
            active = active if active in used else max(used, key=lambda model_id: used[model_id])
            self._put("state", ("key", "value"), ("active_model_id", active))

    def _rows(self, table: str, columns: tuple[str, ...]) -> Iterator[tuple[Any, ...]]:
        return readable_rows(self._source, table, columns)

    def _put(self, table: str, columns: tuple[str, ...], row: tuple[Any, ...]) -> None:
        marks = ", ".join("?" * len(row))
        self._target.execute(f"INSERT OR IGNORE INTO {table} ({', '.join(columns)}) VALUES ({marks})", row)  # noqa: S608


def put_in_place(new: Path, path: Path) -> Path:
    """Let the whole file `new` take the place of the damaged `path`; return where that one is kept.

    At every moment `path` is one of the two.
    """
    with new.open("rb") as written:
        os.fsync(written.fileno())
    kept = path.with_name(f"{path.name}.damaged-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    log, kept_log = path.with_name(f"{path.name}-wal"), path.with_name(f"{kept.name}-wal")
    os.link(path, kept)
    if log.exists():  # it is damaged too, or it would have been folded in
        os.link(log, kept_log)
        log.unlink()
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    new.replace(path)
    return kept


def fold_log_in(path: Path) -> None:
    """Move what was committed from the write-ahead log into the file, as closing a catalog does.

    Raises:
        FramescoutError: another process has the catalog open.
    """
    with contextlib.suppress(sqlite3.DatabaseError), contextlib.closing(sqlite3.connect(path, timeout=5)) as database:
        if database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
            raise FramescoutError(
                f"another process reads from the catalog {path.parent}; end it (framescout serve, say) and run the "
                "same command again"
            )


def _refuse_strangers(source: sqlite3.Connection, path: Path) -> None:
    with contextlib.suppress(sqlite3.DatabaseError):
        tables = {name for (name,) in source.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        if tables and not tables & {*METADATA.tables, "alembic_version"}:  # damage may have taken some of them
            raise DamagedCatalogError(f"{path} is a database, but not framescout's; choose another --catalog folder")
        columns = {row[1] for row in source.execute("PRAGMA table_info(video)")}
        if columns and "seal" not in columns:
            raise DamagedCatalogError(
                f"the catalog {path} is damaged, and so old that what is sound in it can't be told from what isn't; "
                "restore a copy of it, or index into a new --catalog"
            )


def _count(source: sqlite3.Connection, table: str) -> int | None:
    with contextlib.suppress(sqlite3.DatabaseError):
        return int(source.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608
    return None


def _are_numbers(*values: Any) -> bool:
    return all(isinstance(value, int) and 0 <= value < _LARGEST for value in values)
