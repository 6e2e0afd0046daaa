"""Catalog, report and progress of a run are changed by the thread that called it, and by no other."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

import indexer
from framescout import settings
from framescout.catalog import Catalog
from framescout.catalog.lock import Note
from indexer import identify, plan
from indexer.report import Report
from tests.footage import make


class Witness:
    """Notes which threads did what."""

    def __init__(self) -> None:
        self.seen: dict[str, set[int]] = {}

    def note(self, what: str) -> None:
        self.seen.setdefault(what, set()).add(threading.get_ident())


class WatchedList(list[str]):
    def __init__(self, witness: Witness, values: Iterable[str]) -> None:
        super().__init__(values)
        self._witness = witness

    def append(self, value: str) -> None:
        self._witness.note("report list")
        super().append(value)


class WatchedDict(dict[str, str]):
    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def __setitem__(self, name: str, value: str) -> None:
        self._witness.note("report quarantined")
        super().__setitem__(name, value)


class WatchedReport(Report):
    witness: Witness | None = None

    def __setattr__(self, name: str, value: object) -> None:
        if self.witness:
            self.witness.note(f"report {name}")
        super().__setattr__(name, value)


class WatchedProgress:
    def __init__(self, witness: Witness) -> None:
        self._witness = witness

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self._witness.note(f"progress {name}")


def test_one_thread_writes(catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    make.coloured_shots(archive, "colours.mp4")
    make.truncated(archive, "partial.mp4")
    indexer.index(catalog, [archive])
    for name in ("one.mp4", "two.mp4"):  # known footage at new places
        shutil.copy(archive / "colours.mp4", archive / name)
    make.garbage(archive, "broken.mp4")
    make.numbered(archive, "new.mp4")
    make.truncated(archive, "new and partial.mp4", seconds=8)
    witness = Witness()

    def watched_report(**facts: Any) -> Report:
        report = WatchedReport(**facts)
        report.indexed, report.partial, report.known = (WatchedList(witness, ()) for _ in range(3))
        report.quarantined = WatchedDict(witness)
        report.witness = witness
        return report

    def see_sql(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        words = statement.split()
        if words[0] not in {"SELECT", "PRAGMA", "WITH"} and words != ["BEGIN", "DEFERRED"]:  # so a snapshot begins
            witness.note(f"catalog {words[0]}")

    hashed = identify.content_hash

    def see_hashing(path: str) -> str:
        witness.note("hashing")
        return hashed(path)

    monkeypatch.setattr(plan, "Report", watched_report)
    monkeypatch.setattr(identify, "content_hash", see_hashing)
    say = Note.say
    monkeypatch.setattr(Note, "say", lambda note, **facts: (witness.note("note"), say(note, **facts)))
    event.listen(Engine, "before_cursor_execute", see_sql)
    try:
        report = indexer.index(catalog, [archive], settings=settings.load(workers=2), progress=WatchedProgress(witness))
    finally:
        event.remove(Engine, "before_cursor_execute", see_sql)
    assert len(report.known) == 2
    assert len(report.quarantined) == 1
    assert len(report.indexed) == 2
    assert len(report.partial) == 1
    here = {threading.get_ident()}
    hashing = witness.seen.pop("hashing")
    assert not hashing & here  # it goes on beside decoding and embedding
    assert {what for what, threads in witness.seen.items() if threads != here} == set()
    said = {"found", "started", "advanced", "finished", "quarantined", "note"}
    assert {f"progress {what}" for what in said} <= witness.seen.keys()
    assert {"catalog INSERT", "catalog UPDATE", "note", "report list", "report quarantined"} <= witness.seen.keys()
    assert {"report footage", "report left", "report elapsed"} <= witness.seen.keys()
