"""Footage that changes under the reader: it is left for the next run, which takes it as it is then."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import indexer
from framescout import settings
from framescout.catalog import Catalog
from indexer.hashing import content_hash
from indexer.verify import check
from tests.footage import make


def vanish(path: Path, _other: Path) -> None:
    path.unlink()


def shrink(path: Path, _other: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def become_another(path: Path, other: Path) -> None:
    """At once, as a recorder that writes beside it and renames."""
    shutil.copy(other, path.with_suffix(".new")).rename(path)


def be_overwritten(path: Path, other: Path) -> None:
    """In place, with what is as long and bears the old time again but for a nanosecond."""
    facts, data = path.stat(), other.read_bytes()
    with path.open("rb+") as file:
        file.write(data[: facts.st_size].ljust(facts.st_size, b"\0"))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 1))


@pytest.mark.parametrize("change", [vanish, shrink, become_another, be_overwritten])
def test_footage_that_changes_while_it_is_read_is_left_for_the_next_run(
    catalog: Catalog, archive: Path, change: Callable[[Path, Path], None]
) -> None:
    path, other = archive / "b.mp4", make.numbered(archive.parent, "other.mp4", seconds=4, gop=9)
    changed = []

    def once() -> bool:
        if not changed:
            change(path, other)
        changed.append(True)
        return True

    chosen = settings.load(workers=1)
    report = indexer.index(catalog, [path], settings=chosen, may_go_on=once)
    assert report.indexed == []
    said = "being written while it was read" if path.exists() else "the file can't be read (No such file or directory)"
    assert said in report.quarantined[str(path)]
    assert check(catalog) == []

    assert indexer.index(catalog, [archive], settings=chosen).left == 0
    with catalog.snapshot() as snapshot:
        quarantined = {file.path: file.reason for file in snapshot.quarantined()}
        known = {video.path: video.content_hash for video in snapshot.videos()}
    assert "changed" not in quarantined.values()
    assert (str(path) in known or str(path) in quarantined) is path.exists()
    if str(path) in known:
        assert known[str(path)] == content_hash(path)
    assert len(known) == 2 + (str(path) in known)
    assert check(catalog) == []
