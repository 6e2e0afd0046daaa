"""Where a catalog's truth is kept: what every such store gives, and which one a place stands for."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from framescout.address import Address
from framescout.catalog.reader import Reader
from framescout.catalog.session import Session
from framescout.errors import NotAvailableError
from framescout.recording import Said

if TYPE_CHECKING:  # what writes is imported when something is written
    from sqlalchemy import Engine


class Note(Protocol):
    """Who writes to a catalog, and how far the work is, for other processes to read."""

    def say(self, **facts: int) -> None:
        """Add to what is said; where that can't be written, others know no better."""


class Store(Protocol):
    """The truth of one catalog."""

    folder: Path
    """Where this machine keeps what is derived from it."""

    def __str__(self) -> str:
        """Its place, as a person writes it."""

    def prepare(self, *, create: bool) -> None:
        """Bring it to the newest schema; make it where there is none and `create` is true.

        Raises:
            CatalogNotFoundError: there is none, or it can't be reached.
            CatalogTooNewError: a newer framescout wrote it; nothing was touched.
            DamagedCatalogError: what is there is no catalog.
        """

    def session(self) -> Session:
        """A new session to read with."""

    def engine(self) -> Engine:
        """For what is written without the writer's lock."""

    def writer(self) -> AbstractContextManager[tuple[Engine, Note]]:
        """The writer's lock, held.

        Raises:
            CatalogLockedError: another process holds it.
        """

    def holder(self) -> dict[str, Any] | None:
        """Who writes now, and how far an index run is; None where nobody does.

        {"pid": ..., "since": ..., "files_done": ..., "files": ..., "bytes_done": ..., "bytes": ...}; the last four are
        None where nothing is known of them.
        """

    def said(self, reader: Reader) -> tuple[Said, ...]:
        """What was said of folders and cameras, in the state that `reader` is in."""

    def say(self, every: Iterable[Said]) -> None:
        """Put what is said in the place of what was said before."""

    def sentences(self) -> AbstractContextManager[None]:
        """Turns the database's errors into sentences."""

    def check(self) -> list[str]:
        """What the database's own check finds wrong; empty where all is well."""

    def size_bytes(self) -> int:
        """Of the truth and what is derived from it on this machine."""

    @property
    def log_bytes(self) -> int:
        """Of what was committed and could not be moved into the database file yet."""


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
                f"a catalog in a database needs a package more ({error}); run: python3 -m pip install 'psycopg[binary]'"
            ) from error
        return PostgresqlStore(place)
    from framescout.catalog.sqlite_store import SqliteStore

    return SqliteStore(place.expanduser().absolute())
