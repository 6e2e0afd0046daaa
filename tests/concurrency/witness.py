"""The framescout command, which leaves a copy of the catalog after each of its commits: the states that ever were."""

from __future__ import annotations

import contextlib
import itertools
import sqlite3
import sys
from pathlib import Path
from typing import Any

from sqlalchemy.engine.default import DefaultDialect


def _copy_each_state(catalog: Path, states: Path) -> None:
    """Nobody else writes: between a commit and its copy the state stays."""
    commit = DefaultDialect.do_commit
    numbers = itertools.count(len(list(states.iterdir())))

    def copying(dialect: Any, connection: Any) -> None:
        commit(dialect, connection)
        with (
            contextlib.closing(sqlite3.connect(catalog / "catalog.sqlite")) as database,
            contextlib.closing(sqlite3.connect(states / f"{next(numbers):05}.sqlite")) as copy,
        ):
            database.backup(copy)

    DefaultDialect.do_commit = copying


def main() -> None:
    catalog, states, *command = sys.argv[1:]
    _copy_each_state(Path(catalog), Path(states))
    from framescout import vectors
    from framescout.cli import main as framescout

    vectors.is_worth_building.__kwdefaults__["few"] = 0  # small archives have an index file too
    sys.argv = ["framescout", "--catalog", catalog, *command]
    framescout()


if __name__ == "__main__":
    main()
