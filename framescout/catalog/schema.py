"""Creates the catalog's tables, upgrades an older catalog after making a copy, and refuses a newer one.

SQLAlchemy and Alembic are imported only where there is something to create or upgrade.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from framescout.catalog.sqlite import connect
from framescout.durable import replace
from framescout.errors import CatalogTooNewError, DamagedCatalogError, UnfinishedCopyError
from framescout.resources import bundled

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from framescout.catalog.session import Session

NEWEST = "0012"
"""Revision of the newest migration; a test ties it to the folder."""
UNFINISHED = "copying"
"""Stands in the place of a revision while a catalog is copied from elsewhere."""


def prepare(path: Path) -> None:
    """Bring the catalog at `path` to the newest schema.

    Raises:
        CatalogTooNewError: a newer framescout wrote it; nothing was touched.
        DamagedCatalogError: it is a SQLite file, but no catalog.
    """
    with contextlib.closing(connect(path)) as database:
        revision = _revision(database)
        if revision == NEWEST:
            return
        if revision == UNFINISHED:
            raise unfinished(path.parent)
    from framescout.catalog.writable import plain, writable

    with writable(path).begin() as connection:
        written = plain(connection)
        revision = _revision(written)  # once more: another process may have been faster
        if revision == NEWEST:
            return
        if revision is not None and revision > NEWEST:
            raise CatalogTooNewError(
                f"the catalog {path.parent} has schema {revision}, newer than this framescout's {NEWEST}; "
                "upgrade framescout to open it"
            )
        if revision is None and _tables(written):
            raise DamagedCatalogError(f"{path} is a database, but not framescout's; choose another --catalog folder")
        if revision is not None:
            back_up(path, path.with_name(f"{path.name}.before-{NEWEST}"))
        upgrade(connection)


def unfinished(place: object) -> UnfinishedCopyError:
    """What is told of a catalog into which another is still being copied."""
    return UnfinishedCopyError(f"a copy into {place} has not ended; run the same framescout catalog copy again")


def back_up(path: Path, target: Path) -> None:
    """Copy the committed state of the SQLite file `path` to `target`, durable when it returns."""
    unfinished = target.with_name(f"{target.name}.part")
    source, copy = sqlite3.connect(path), sqlite3.connect(unfinished)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    replace(unfinished, target)


def _revision(database: Session | sqlite3.Connection) -> str | None:
    if "alembic_version" not in _tables(database):
        return None
    row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(row[0]) if row else None


def _tables(database: Session | sqlite3.Connection) -> set[str]:
    own = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~'"
    return {name for (name,) in database.execute(own)}


def upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, in the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(bundled("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, NEWEST)
