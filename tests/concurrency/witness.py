"""The framescout command, which leaves a copy of the catalog after each of its commits: the states that ever were."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from framescout.address import Address, place_of
from framescout.catalog import Catalog
from framescout.catalog.copying import copy
from framescout.catalog.opening import store_of


def _copy_each_state(catalog: Path | Address, states: Path) -> None:
    """Nobody else writes: between a commit and its copy the state stays."""
    commit = DefaultDialect.do_commit
    numbers = itertools.count(len(list(states.iterdir())))
    is_copying = False
    copy_of = _Database(catalog, states.parent / "empty").copy if isinstance(catalog, Address) else _copy_file

    def copying(dialect: Any, connection: Any) -> None:
        nonlocal is_copying
        commit(dialect, connection)
        if is_copying:  # a copy commits, too
            return
        is_copying = True
        copy_of(catalog, states / f"{next(numbers):05}.sqlite")
        is_copying = False

    DefaultDialect.do_commit = copying


def _copy_file(catalog: Path, to: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(catalog / "catalog.sqlite")) as database,
        contextlib.closing(sqlite3.connect(to)) as copied,
    ):
        database.backup(copied)


class _Database:
    """Copies a catalog in PostgreSQL into SQLite files."""

    def __init__(self, catalog: Address, empty: Path) -> None:
        """`empty`: a folder for an empty catalog, which copies begin with."""
        Catalog.open(empty)
        self._empty = empty
        self._source: Any = store_of(catalog)
        self._source.writer = contextlib.nullcontext  # whoever commits has the lock

    def copy(self, _catalog: Address, to: Path) -> None:
        folder = to.with_suffix("")
        folder.mkdir()
        shutil.copyfile(self._empty / "catalog.sqlite", folder / "catalog.sqlite")
        copy(self._source, store_of(folder), lambda _: None)
        _copy_file(folder, to)
        shutil.rmtree(folder)


def main() -> None:
    catalog, states, *command = sys.argv[1:]
    _copy_each_state(place_of(catalog), Path(states))
    from framescout import vectors
    from framescout.cli import main as framescout

    vectors.is_worth_building.__kwdefaults__["few"] = 0  # small archives have an index file too
    sys.argv = ["framescout", "--catalog", catalog, *command]
    framescout()


if __name__ == "__main__":
    main()
