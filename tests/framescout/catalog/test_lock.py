"""The lock of a catalog in a folder is the writer's, and who asks who has it doesn't keep a writer out."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from filelock import FileLock

from framescout.catalog.lock import holder, writer_lock
from framescout.errors import CatalogLockedError


def test_who_asks_for_the_holder_keeps_no_writer_out(tmp_path: Path) -> None:
    asking = FileLock(tmp_path / "writer.lock", thread_local=False)
    asking.acquire(timeout=0)
    threading.Timer(0.05, asking.release).start()
    with writer_lock(tmp_path) as note:
        note.say(files_done=1)
        found = holder(tmp_path)
        assert found
        assert found.files_done == 1
    assert holder(tmp_path) is None


def test_a_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    with writer_lock(tmp_path):
        found = holder(tmp_path)
        assert found
        says = rf"another framescout \(pid {found.pid}\); wait for it"
        with pytest.raises(CatalogLockedError, match=says), writer_lock(tmp_path):
            pass
        (tmp_path / "writer.json").write_text("{")  # as it may be read while it is written
        asked = holder(tmp_path)
        assert asked
        assert asked.to_json() == {
            "pid": 0, "since": "a moment ago", "files_done": None, "files": None, "bytes_done": None, "bytes": None,
        }  # fmt: skip
