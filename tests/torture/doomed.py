"""The framescout command, run so that it kills itself at one of the points where it touches its catalog's files.

Points are found, not listed: Python's audit events for files, every SQL statement that writes, both sides of every
COMMIT, fsync, and FAISS's writing of an index, which is also left half done. A first run with --trace names them.
"""

from __future__ import annotations

import argparse
import itertools
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_OURS = ("framescout", "indexer", "query", "migrations")
_FILE_EVENTS = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.utime", "os.link"}


class Points:
    """Counts the points that are passed; the chosen one is the last thing that the process does."""

    def __init__(self, catalog: Path, fatal: int | None, trace: Path | None) -> None:
        self._catalog = str(catalog)
        self._fatal = fatal
        self._trace = trace
        self._numbers = itertools.count()

    def passed(self, what: str) -> None:
        number = next(self._numbers)
        if self._trace:
            _append(self._trace, f"{_where()}: {what}")
        if number == self._fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _FILE_EVENTS or (event == "open" and _writes(arguments)):
            path = os.fsdecode(arguments[0]) if isinstance(arguments[0], str | bytes | os.PathLike) else ""
            if path.startswith(self._catalog):
                self.passed(f"{event} *{Path(path).suffix}")


def _writes(arguments: tuple[Any, ...]) -> bool:
    return bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC))


def _where() -> str:
    """The innermost function of ours on the stack."""
    frame = sys._getframe(2)
    while frame:
        module = frame.f_globals.get("__name__", "")
        file = Path(frame.f_code.co_filename)
        if module.partition(".")[0] in _OURS or file.parent.name == "versions":
            return f"{file.stem}.{frame.f_code.co_name}"
        frame = frame.f_back
    return "?"


def _append(path: Path, line: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{line}\n".encode())
    os.close(handle)


def _watch_database(points: Points) -> None:
    from sqlalchemy import Engine, event
    from sqlalchemy.engine.default import DefaultDialect

    thread = threading.local()

    @event.listens_for(Engine, "before_cursor_execute")
    def _statement(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        words = statement.split()
        if words[0].upper() not in {"SELECT", "PRAGMA", "BEGIN", "WITH"}:
            thread.has_written = True
            points.passed(" ".join(words[:3]).lower())

    commit = DefaultDialect.do_commit

    def committing(dialect: Any, connection: Any) -> None:
        wrote, thread.has_written = getattr(thread, "has_written", False), False
        if wrote:
            points.passed("before commit")
        commit(dialect, connection)
        if wrote:
            points.passed("after commit")

    DefaultDialect.do_commit = committing


def _watch_syncs(points: Points) -> None:
    sync = os.fsync

    def syncing(handle: Any) -> None:
        points.passed("fsync")
        sync(handle)

    os.fsync = syncing


def _watch_faiss(points: Points) -> None:
    import faiss

    write = faiss.write_index

    def writing(index: Any, path: str) -> None:
        points.passed("before the index file")
        write(index, path)
        whole = Path(path).read_bytes()
        os.truncate(path, len(whole) // 2)
        points.passed("half of the index file")
        Path(path).write_bytes(whole)
        points.passed("after the index file")

    faiss.write_index = writing


def _keep_journal(journal: Path) -> None:
    """Note each video whose commit was reported as done: it must be there ever after."""
    from framescout.catalog.writing import Writer

    commit_video: Callable[..., int] = Writer.commit_video

    def noted(writer: Writer, indexed: Any, model: Any) -> int:
        video_id = commit_video(writer, indexed, model)
        _append(journal, f"{indexed.file.content_hash} {model.fingerprint}")
        return video_id

    Writer.commit_video = noted


def _build_small_indexes(exact_at_most: int | None) -> None:
    """Archives of a few videos have no vector index unless the least size for one is none."""
    from framescout import vectors
    from framescout.vectors import build

    vectors.is_worth_building.__kwdefaults__["few"] = 0
    if exact_at_most is not None:
        build.EXACT_AT_MOST = exact_at_most


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--catalog", type=Path, required=True)
    parser.add_argument("--fatal", type=int, help="die at the point of this number")
    parser.add_argument("--trace", type=Path, help="write the points' names there")
    parser.add_argument("--journal", type=Path, help="write the videos there whose commit was reported")
    parser.add_argument("--exact-at-most", type=int)
    parser.add_argument("command", nargs="+")
    given = parser.parse_args()
    points = Points(given.catalog, given.fatal, given.trace)
    _build_small_indexes(given.exact_at_most)
    _watch_database(points)
    _watch_syncs(points)
    _watch_faiss(points)
    if given.journal:
        _keep_journal(given.journal)
    sys.addaudithook(points.audit)
    from framescout.cli import main as framescout

    sys.argv = ["framescout", "--catalog", str(given.catalog), *given.command]
    framescout()


if __name__ == "__main__":
    main()
