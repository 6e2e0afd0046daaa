"""Opens a catalog, whichever store its truth is in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from framescout import settings as configuration
from framescout.address import Address, place_of, vectors_at
from framescout.cached import Cache
from framescout.catalog.block_cache import BlockCache
from framescout.catalog.reader import Reader, Readers
from framescout.catalog.snapshot import Snapshot
from framescout.catalog.sqlite import LARGEST_LOG
from framescout.catalog.sqlite_store import SqliteStore
from framescout.errors import DamagedCatalogError, NotAvailableError
from framescout.packages import install_command
from framescout.recording import Rules, Said
from framescout.roots import Roots
from framescout.settings import Settings

if TYPE_CHECKING:  # what writes is imported when something is written: SQLAlchemy takes longer than a search
    from sqlalchemy import Engine

    from framescout.catalog.holder import Holder
    from framescout.catalog.marks import AlertMarks
    from framescout.catalog.pending import PendingAlerts
    from framescout.catalog.records import Video
    from framescout.catalog.salvage import Salvage
    from framescout.catalog.saved import SavedSearches
    from framescout.catalog.store import Store
    from framescout.catalog.writing import Writer


class Catalog:
    """An open catalog. Any number of processes may read; one may write."""

    def __init__(self, store: Store, *, stays: bool = False, settings: Settings | None = None) -> None:
        self.store = store
        """What keeps its truth."""
        self.stays = stays
        """Whether it was opened to be asked again and again."""
        self._readers = Readers(store.session, BlockCache() if stays else None, lambda: self.roots)
        self._given = settings

    @classmethod
    def open(
        cls, where: str | Path | Address, *, create: bool = True, stays: bool = False, settings: Settings | None = None
    ) -> Catalog:
        """Open the catalog in the folder or at the address `where`, upgrading an older one.

        Of a folder's a copy is made before it is upgraded.

        `stays`: for a process that asks again and again; connections, and embeddings that were read, are kept.
        `settings`: by which times and cameras are read; without them those in force.

        Raises:
            CatalogNotFoundError: there is none, and `create` is false; or the server can't be reached.
            CatalogTooNewError: a newer framescout wrote it.
            DamagedCatalogError: what is there is not a readable catalog.
            NotAvailableError: the server is too old, its rights are missing, or psycopg is.
            UsageError: it looks like an address, and is none of a PostgreSQL database.
        """
        store = store_of(place_of(where))
        store.prepare(create=create)
        return cls(store, stays=stays, settings=settings)

    @classmethod
    def salvage(cls, where: str | Path | Address) -> Salvage:
        """Let a sound catalog with all that can be saved take the place of a damaged one, which is kept beside it.

        Raises:
            CatalogLockedError: another process writes to it.
            DamagedCatalogError: it is another program's database, or older than seals, or no file.
            DiskFullError: there is no room for both; nothing was changed.
        """
        from framescout.catalog.salvage import salvage

        place = place_of(where)
        if isinstance(place, Address):
            raise DamagedCatalogError(f"the database {place} is damaged; restore a backup of it")
        return salvage(place.expanduser().absolute())

    @property
    def folder(self) -> Path:
        """Where this machine keeps what is derived from it, a file of settings, and its log of exports."""
        return self.store.folder

    @cached_property
    def settings(self) -> Settings:
        """Those that it was opened with, else those in force."""
        return self._given or configuration.load(catalog=self.folder)

    @cached_property
    def roots(self) -> Roots:
        """Where this machine has the roots of paths."""
        return Roots(self.settings.roots)

    @property
    def rules(self) -> Rules:
        """By which times and cameras are read now: the settings, and what was said of folders and cameras."""
        with self.store.sentences(), self._readers.reader() as reader:
            return self._rules(reader)

    def _rules(self, reader: Reader) -> Rules:
        said = self._with_folders(self.store.said(reader), self.roots.here)
        return Rules(self.settings.timezone, self.settings.camera_pattern or None, said)

    def say(self, every: Iterable[Said]) -> None:
        """Put what is said of folders and cameras in the place of what was said before; it counts at once."""
        self.store.say(self._with_folders(every, self.roots.stored))

    def _with_folders(self, every: Iterable[Said], turned: Callable[[str], str]) -> tuple[Said, ...]:
        """The same, said of folders that are turned into this machine's, or into stored ones."""
        return tuple(
            msgspec.structs.replace(each, folder=turned(each.folder)) if each.folder is not None else each
            for each in every
        )

    @property
    def vectors_folder(self) -> Path:
        """Where vector index files lie; derived, made on first use."""
        return self._derived("vectors")

    @property
    def vectors_place(self) -> Path | str:
        """Where vector indexes are: the folder of their files, or below the address that the settings give to datasets.

        Several catalogs may have the same address: each has a part of its own there, which an index run names.
        """
        address = vectors_at(self.settings.vectors)
        if not address:
            return self.vectors_folder
        with self.snapshot() as snapshot:
            identity = snapshot.identity()
        return f"{address}/catalog-{identity:013x}" if identity is not None else f"{address}/not-indexed-yet"

    @property
    def cache_folder(self) -> Path:
        """Where exported towers and pictures lie; derived, made on first use."""
        return self._derived("cache")

    @property
    def log_bytes(self) -> int:
        """Size of the write-ahead log: what was committed and could not be moved into the database yet."""
        return self.store.log_bytes

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
        with self.store.sentences(), self._readers.reader() as reader:
            yield Snapshot(reader, self._rules(reader), Cache(self.folder / "cache"))

    @contextlib.contextmanager
    def writer(self) -> Iterator[Writer]:
        """Hold the right to write.

        Raises:
            CatalogLockedError: another process holds it.
        """
        from framescout.catalog.writing import Writer

        with self.store.sentences(), self.store.writer() as (engine, note):
            writer = Writer(engine, note, self.roots)
            writer.name_paths()
            yield writer

    def holder(self) -> Holder | None:
        """Who writes now; as `Store.holder`."""
        return self.store.holder()

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
        """What the database's own check finds wrong; empty where all is well."""
        return self.store.check()

    @cached_property
    def _engine(self) -> Engine:
        """For what is written without the writer's lock."""
        return self.store.engine()

    def _derived(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def store_of(place: Path | Address) -> Store:
    """The store in this folder or at this address.

    Raises:
        NotAvailableError: the packages that it needs are not installed.
    """
    if isinstance(place, Address):
        try:
            from framescout.catalog.postgresql_store import PostgresqlStore
        except ImportError as error:
            raise NotAvailableError(
                f"a catalog in a database needs a package more ({error}); run: {install_command('psycopg')}"
            ) from error
        return PostgresqlStore(place)
    return SqliteStore(place.expanduser().absolute())
