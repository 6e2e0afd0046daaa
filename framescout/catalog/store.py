"""What the catalog asks of whatever keeps its truth; read by type checkers alone, so that no search waits for it."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from sqlalchemy import Engine

from framescout.catalog.holder import Holder
from framescout.catalog.reader import Reader
from framescout.catalog.session import Session
from framescout.recording import Said


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

    def holder(self) -> Holder | None:
        """Who writes now; None where nobody does."""

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
