"""Opens a catalog's folder and turns SQLite's errors into sentences."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from framescout import settings as configuration
from framescout.address import Address, place_of
from framescout.cached import Cache
from framescout.catalog import schema
from framescout.catalog.block_cache import BlockCache
from framescout.catalog.lock import writer_lock
from framescout.catalog.reader import LARGEST_LOG, Readers, connect
from framescout.catalog.snapshot import Snapshot
from framescout.errors import CatalogNotFoundError, DamagedCatalogError, DiskFullError, FramescoutError, UsageError
from framescout.recording import Rules, Said, said
from framescout.settings import Settings

if TYPE_CHECKING:  # what writes is imported when something is written: SQLAlchemy takes longer than a search
    from sqlalchemy import Engine

    from framescout.catalog.marks import AlertMarks
    from framescout.catalog.pending import PendingAlerts
    from framescout.catalog.records import Video
    from framescout.catalog.salvage import Salvage
    from framescout.catalog.saved import SavedSearches
    from framescout.catalog.writing import Writer


class Catalog:
    """An open catalog. Any number of processes may read; one may write."""

    def __init__(self, folder: Path, *, stays: bool = False, settings: Settings | None = None) -> None:
        self.folder = folder
        self.stays = stays
        """Whether it was opened to be asked again and again."""
        self._readers = Readers(folder / "catalog.sqlite", BlockCache() if stays else None)
        self._given = settings

    @classmethod
    def open(
        cls, where: str | Path | Address, *, create: bool = True, stays: bool = False, settings: Settings | None = None
    ) -> Catalog:
        """Open the catalog in the folder `where`, upgrading an older one after a copy of it was made.

        `stays`: for a process that asks again and again; connections, and embeddings that were read, are kept.
        `settings`: by which times and cameras are read; without them those in force.

        Raises:
            CatalogNotFoundError: there is none, and `create` is false.
            CatalogTooNewError: a newer framescout wrote it.
            DamagedCatalogError: its file is not a readable catalog.
            UsageError: it looks like the address of a database.
        """
        folder = _folder(where)
        path = folder / "catalog.sqlite"
        if not create and not path.is_file():
            raise CatalogNotFoundError(f"there is no catalog in {folder}; make one with: framescout index FOLDER")
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogNotFoundError(
                f"the catalog folder {folder} can't be made ({error.strerror}); choose another with --catalog"
            ) from error
        with _sentences(path):
            schema.prepare(path)
        return cls(folder, stays=stays, settings=settings)

    @classmethod
    def salvage(cls, where: str | Path | Address) -> Salvage:
        """Let a sound catalog with all that can be saved take the place of a damaged one, which is kept beside it.

        Raises:
            CatalogLockedError: another process writes to it.
            DamagedCatalogError: it is another program's database, or older than seals.
            DiskFullError: there is no room for both; nothing was changed.
        """
        from framescout.catalog.salvage import Salvage, copy_what_is_sound, fold_log_in, put_in_place

        folder = _folder(where)
        path, new = folder / "catalog.sqlite", folder / "catalog.sqlite.part"
        with writer_lock(folder), _sentences(path):
            try:
                fold_log_in(path)
                _delete(new)
                schema.prepare(new)
                counts = copy_what_is_sound(path, new)
                return Salvage(*counts, put_in_place(new, path))
            finally:
                _delete(new)

    @cached_property
    def settings(self) -> Settings:
        """Those that it was opened with, else those in force."""
        return self._given or configuration.load(catalog=self.folder)

    @property
    def rules(self) -> Rules:
        """By which times and cameras are read now: the settings, and what was said of folders and cameras."""
        return Rules(self.settings.timezone, self.settings.camera_pattern or None, said.read(self.folder))

    def say(self, every: Iterable[Said]) -> None:
        """Put what is said of folders and cameras in the place of what was said before; it counts at once."""
        said.write(self.folder, every)

    @property
    def vectors_folder(self) -> Path:
        """Where vector index files lie; derived, made on first use."""
        return self._derived("vectors")

    @property
    def cache_folder(self) -> Path:
        """Where exported towers and pictures lie; derived, made on first use."""
        return self._derived("cache")

    @property
    def log_bytes(self) -> int:
        """Size of the write-ahead log: what was committed and could not be moved into the database yet."""
        try:
            return (self.folder / "catalog.sqlite-wal").stat().st_size
        except OSError:
            return 0

    @property
    def warning(self) -> str | None:
        """A sentence where the log has grown beyond measure."""
        if self.log_bytes <= LARGEST_LOG:
            return None
        return (
            f"the catalog's log has grown to {self.log_bytes / 2**20:.0f} MiB because a process has held an old state "
            "for long; it is written over once that process ends"
        )

    def videos(self) -> list[Video]:
        """Every video, by id: paths, camera, recording time, length in seconds, size in pixels, codec."""
        with self.snapshot() as snapshot:
            return snapshot.videos()

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Read one consistent state, whatever is written meanwhile."""
        with _sentences(self.folder), self._readers.reader() as reader:
            yield Snapshot(reader, self.rules, Cache(self.folder / "cache"))

    @contextlib.contextmanager
    def writer(self) -> Iterator[Writer]:
        """Hold the right to write.

        Raises:
            CatalogLockedError: another process holds it.
        """
        from sqlalchemy import QueuePool

        from framescout.catalog.writable import writable
        from framescout.catalog.writing import Writer

        with writer_lock(self.folder) as note, _sentences(self.folder):
            # its connection stays open: the last one that closes folds the log into the database, after each video
            engine = writable(self.folder / "catalog.sqlite", poolclass=QueuePool)
            try:
                yield Writer(engine, note)
            finally:
                engine.dispose()

    @property
    def saved_searches(self) -> SavedSearches:
        """The questions that are asked again of everything new."""
        from framescout.catalog.saved import SavedSearches

        return SavedSearches(self._readers, self._engine)

    @property
    def alert_marks(self) -> AlertMarks:
        """What people said of alerts."""
        from framescout.catalog.marks import AlertMarks

        return AlertMarks(self._readers, self._engine)

    @property
    def pending_alerts(self) -> PendingAlerts:
        """The alerts that still have to be told."""
        from framescout.catalog.pending import PendingAlerts

        return PendingAlerts(self._readers, self._engine)

    def check(self) -> list[str]:
        """What SQLite's own integrity check finds wrong; empty where all is well."""
        path = self.folder / "catalog.sqlite"
        with _sentences(self.folder), contextlib.closing(connect(path)) as connection:
            rows = connection.execute("PRAGMA integrity_check").fetchall()
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        return [str(row) for (row,) in rows if row != "ok"] + [f"a row of {row[0]} points to nothing" for row in broken]

    @cached_property
    def _engine(self) -> Engine:
        """For what is written without the writer's lock."""
        from framescout.catalog.writable import writable

        return writable(self.folder / "catalog.sqlite")

    def _derived(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return folder


def _folder(where: str | Path | Address) -> Path:
    place = place_of(where)
    if isinstance(place, Address):
        raise UsageError(f"{place} is a database, and a catalog is kept in a folder; name one")
    return place.expanduser().absolute()


def _delete(path: Path) -> None:
    """A database file with its log."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(f"{path.name}{suffix}").unlink(missing_ok=True)


@contextlib.contextmanager
def _sentences(where: Path) -> Iterator[None]:
    """Turn SQLite's troubles into sentences."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # its own sentence may hold bytes of a damaged schema
        raise _sentence(error, where) from error


def _sentence(error: BaseException | None, where: Path) -> FramescoutError:
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if code is not None else None
    if primary == sqlite3.SQLITE_FULL:
        return DiskFullError(f"the disk of {where} is full; free some space and run the same command again")
    if primary == sqlite3.SQLITE_BUSY:
        return FramescoutError(f"the catalog {where} is busy; try again in a moment")
    if primary == sqlite3.SQLITE_IOERR:
        return FramescoutError(f"the disk of {where} fails ({error}); look at it, then run the same command again")
    if primary in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return CatalogNotFoundError(f"the catalog {where} can't be opened for writing ({error}); check its permissions")
    return DamagedCatalogError(
        f"the catalog {where} can't be read ({error}); framescout verify --repair saves what can be saved"
    )
