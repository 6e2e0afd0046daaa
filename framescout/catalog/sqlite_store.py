"""Keeps a catalog's truth in a folder, as catalog.sqlite with a lock beside it."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from framescout.catalog import lock, schema
from framescout.catalog.holder import Holder
from framescout.catalog.reader import Reader
from framescout.catalog.sqlite import SqliteSession, connect, sentence_of
from framescout.errors import CatalogNotFoundError
from framescout.recording import Said, said

if TYPE_CHECKING:  # SQLAlchemy takes longer to import than a search
    from sqlalchemy import Engine


class SqliteStore:
    """The truth of the catalog in a folder; see `Store`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._path = folder / "catalog.sqlite"

    def __str__(self) -> str:
        return str(self.folder)

    def prepare(self, *, create: bool) -> None:
        """As `Store.prepare`; of an older schema a copy is made before."""
        if not create and not self._path.is_file():
            raise CatalogNotFoundError(f"there is no catalog in {self.folder}; make one with: framescout index FOLDER")
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogNotFoundError(
                f"the catalog folder {self.folder} can't be made ({error.strerror}); choose another with --catalog"
            ) from error
        with sentences(self._path):
            schema.prepare(self._path)

    def session(self) -> SqliteSession:
        """A new session to read with."""
        return SqliteSession.of(self._path)

    def engine(self) -> Engine:
        """For what is written without the writer's lock: SQLite's own suffices for writes that small."""
        from framescout.catalog.writable import writable

        return writable(self._path)

    @contextlib.contextmanager
    def writer(self) -> Iterator[tuple[Engine, lock.Note]]:
        """As `Store.writer`."""
        from sqlalchemy import QueuePool

        from framescout.catalog.writable import writable

        with lock.writer_lock(self.folder) as note:
            # its connection stays open: the last one that closes folds the log into the database, after each video
            engine = writable(self._path, poolclass=QueuePool)
            try:
                yield engine, note
            finally:
                engine.dispose()

    def holder(self) -> Holder | None:
        """As `Store.holder`."""
        return lock.holder(self.folder)

    def said(self, reader: Reader) -> tuple[Said, ...]:
        """As `Store.said`, from a file in the folder: of now, whatever state is read."""
        return said.read(self.folder)

    def say(self, every: Iterable[Said]) -> None:
        """As `Store.say`."""
        said.write(self.folder, every)

    def sentences(self) -> contextlib.AbstractContextManager[None]:
        """Turns SQLite's errors into sentences."""
        return sentences(self.folder)

    def check(self) -> list[str]:
        """As `Store.check`: SQLite's integrity check."""
        with self.sentences(), contextlib.closing(connect(self._path)) as connection:
            rows = connection.execute("PRAGMA integrity_check").fetchall()
            broken = connection.execute("PRAGMA foreign_key_check").fetchall()
        return [str(row) for (row,) in rows if row != "ok"] + [f"a row of {row[0]} points to nothing" for row in broken]

    def size_bytes(self) -> int:
        """Bytes of all files below the folder."""
        return size_below(self.folder)

    @property
    def log_bytes(self) -> int:
        """Of the write-ahead log."""
        try:
            return (self.folder / "catalog.sqlite-wal").stat().st_size
        except OSError:
            return 0


def size_below(folder: Path) -> int:
    """Bytes of all files below `folder`; one that goes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


@contextlib.contextmanager
def sentences(where: Path) -> Iterator[None]:
    """Turn SQLite's troubles into sentences."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:  # its own sentence may hold bytes of a damaged schema
        raise sentence_of(error, where) from error
