"""Creates the catalog's tables, upgrades an older catalog after making a copy, and refuses a newer one.

Alembic is imported only where there is something to create or upgrade.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from framescout.durable import sync
from framescout.errors import CatalogTooNewError, DamagedCatalogError
from framescout.resources import bundled

NEWEST = "0009"
"""Revision of the newest migration; a test ties it to the folder."""


def prepare(engine: Engine, path: Path) -> None:
    """Bring the catalog at `path` to the newest schema.

    Raises:
        CatalogTooNewError: a newer framescout wrote it; nothing was touched.
        DamagedCatalogError: it is a SQLite file, but no catalog.
    """
    with engine.connect() as connection:
        if _revision(connection) == NEWEST:
            return
    with engine.connect().execution_options(begin="IMMEDIATE") as connection, connection.begin():
        revision = _revision(connection)  # once more: another process may have been faster
        if revision == NEWEST:
            return
        if revision is not None and revision > NEWEST:
            raise CatalogTooNewError(
                f"the catalog {path.parent} has schema {revision}, newer than this framescout's {NEWEST}; "
                "upgrade framescout to open it"
            )
        if revision is None and inspect(connection).get_table_names():
            raise DamagedCatalogError(f"{path} is a database, but not framescout's; choose another --catalog folder")
        if revision is not None:
            back_up(path, path.with_name(f"{path.name}.before-{NEWEST}"))
        _upgrade(connection)


def back_up(path: Path, target: Path) -> None:
    """Copy the committed state of the SQLite file `path` to `target`, durable when it returns."""
    unfinished = target.with_name(f"{target.name}.part")
    source, copy = sqlite3.connect(path), sqlite3.connect(unfinished)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    sync(unfinished)
    unfinished.replace(target)


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return str(revision) if revision is not None else None


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(bundled("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, NEWEST)
