"""What is said to be durable is on the disk in the right order; what fails or is left behind takes no room."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from framescout import export_log, settings
from framescout.catalog import Catalog, salvage
from framescout.catalog.copying import copy
from framescout.catalog.opening import store_of
from framescout.catalog.schema import back_up
from framescout.durable import delete_abandoned, write_durably, write_whole
from framescout.exported import MARKER, note_exported
from framescout.recording import Said, said
from framescout.vectors.files import write_index
from query.clips.atomic_files import write_text
from tests.framescout.conftest import DiskCalls


def say(folder: Path) -> list[Path]:
    said.write(folder, [Said(camera="gate")])
    return [folder / said.FILE_NAME]


def back_a_catalog_up(folder: Path) -> list[Path]:
    with contextlib.closing(sqlite3.connect(folder / "a.sqlite")) as database:
        database.execute("CREATE TABLE t (x)")
    back_up(folder / "a.sqlite", folder / "b.sqlite")
    return [folder / "b.sqlite"]


def copy_a_catalog(folder: Path) -> list[Path]:
    source, target = folder / "source", folder / "target"
    Catalog.open(source)
    (source / export_log.NAME).write_text("{}\n")
    (source / settings.FILE).write_text("")
    (source / "vectors").mkdir(exist_ok=True)
    (source / "vectors" / "one").write_bytes(b"1")
    copy(store_of(source), store_of(target), lambda _: None)
    return [target / export_log.NAME, target / settings.FILE, target / "vectors" / "one"]


def write_an_index(folder: Path) -> list[Path]:
    def write(path: Path) -> None:
        path.write_bytes(b"1")

    name, _ = write_index(write, folder, "index")
    return [folder / name]


def put_a_salvaged_one_in_place(folder: Path) -> list[Path]:
    for name in ("new", "damaged"):
        (folder / name).write_bytes(name.encode())
    salvage.put_in_place(folder / "new", folder / "damaged")
    return [folder / "damaged"]


def write_a_list(folder: Path) -> list[Path]:
    write_text(folder / "list.edl", "text", overwrite=False)
    return [folder / "list.edl"]


def note_clips(folder: Path) -> list[Path]:
    note_exported(folder, ["a.mp4"])
    return [folder / MARKER]


@pytest.mark.parametrize(
    "write",
    [
        say,
        back_a_catalog_up,
        copy_a_catalog,
        write_an_index,
        put_a_salvaged_one_in_place,
        write_a_list,
        note_clips,
    ],
)
def test_content_is_on_the_disk_before_its_name_and_the_name_when_it_returns(
    write: Callable[[Path], list[Path]], tmp_path: Path, disk_calls: DiskCalls
) -> None:
    targets = write(tmp_path)
    assert all(path.is_file() for path in targets)
    assert [path.name for path in targets if not disk_calls.is_durable(path)] == []


def test_a_link_stays_a_link_and_a_file_keeps_its_mode(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    file, link = tmp_path / "dotfiles" / "a.toml", tmp_path / "link.toml"
    file.write_bytes(b"old")
    file.chmod(0o606)  # which a usual umask would change
    link.symlink_to(Path("dotfiles") / "a.toml")
    write_durably(link, b"new")
    assert (link.is_symlink(), file.read_bytes(), file.stat().st_mode & 0o777) == (True, b"new", 0o606)


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path) -> None:
    write_durably(tmp_path / "folder" / "new", b"")
    (tmp_path / "other").touch()
    assert (tmp_path / "folder" / "new").stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("write", [write_whole, write_durably])
def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    write: Callable[[Path, bytes], None], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()  # no file can take its place
    with pytest.raises(OSError, match="folder"):
        write(tmp_path / "folder", b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_only_what_nobody_works_on_any_more_is_deleted(tmp_path: Path) -> None:
    for name in ("unfinished-old", "unfinished-new", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "towers").write_bytes(b"1")
        (tmp_path / f"{name}.part").write_bytes(b"1")
    for path in tmp_path.glob("*"):
        if "new" not in path.name:
            os.utime(path, (time.time() - 25 * 3600,) * 2)
    delete_abandoned(tmp_path, "unfinished-*")
    assert {path.name for path in tmp_path.iterdir()} == {
        "unfinished-new", "unfinished-new.part", "other", "other.part",
    }  # fmt: skip
