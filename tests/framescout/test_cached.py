"""Entries of the cache: read as they were written, or not at all."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from framescout.cached import Cache, Entry

every_kind = pytest.mark.parametrize("entry", list(Entry))


@every_kind
def test_an_entry_is_read_as_it_was_written_and_only_under_its_key(entry: Entry, tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    assert cache.read(entry, "one") is None
    cache.write(entry, "one", b"data")
    assert cache.read(entry, "one") == b"data"
    (path,) = cache.paths(entry)
    path.rename(path.with_name(path.name.replace("one", "other")))
    assert (cache.read(entry, "one"), cache.read(entry, "other")) == (None, None)


@every_kind
def test_what_is_not_as_it_was_written_is_listed_whatever_its_kind(entry: Entry, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for each in Entry:
        cache.write(each, "whole", b"data")
    cache.write(entry, "damaged", b"data")
    assert cache.damaged() == []
    path = tmp_path / entry.format("damaged")
    path.write_bytes(path.read_bytes()[:-1])
    assert cache.damaged() == [path]
    cache.drop(entry)
    assert cache.damaged() == cache.paths(entry) == []
    assert sum(len(cache.paths(each)) for each in Entry) == len(Entry) - 1


def test_what_was_not_used_for_the_longest_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    for number in range(10):
        cache.write(Entry.PICTURE, str(number), b"x" * 984)  # and 16 bytes of a checksum
        os.utime(tmp_path / Entry.PICTURE.format(number), (number, number))
    cache.touch(Entry.PICTURE, "0")
    cache.shrink(Entry.PICTURE, 10_000)
    assert len(cache.paths(Entry.PICTURE)) == 10
    cache.shrink(Entry.PICTURE, 4_000)
    assert {path.stem for path in cache.paths(Entry.PICTURE)} == {"0", "8", "9"}


def test_what_a_kill_left_is_deleted_a_day_later(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    cache.write(Entry.PICTURE, "one", b"data")
    cache.write(Entry.SAMPLE, "one", b"data")
    left = [cache.folder / name for name in ("tmpa.part", "pictures/tmpb.part", "unfinished-c/tower.onnx")]
    left[2].parent.mkdir()
    for path in left:
        path.write_bytes(b"half of it")
    cache.tidy()
    assert all(path.is_file() for path in left)
    for path in (*left, left[2].parent):
        os.utime(path, (time.time() - 25 * 3600,) * 2)
    cache.shrink(Entry.PICTURE, 10_000)
    assert [path for path in left if path.exists()] == []
    assert cache.read(Entry.PICTURE, "one") == cache.read(Entry.SAMPLE, "one") == b"data"
