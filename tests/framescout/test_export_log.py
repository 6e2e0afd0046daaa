"""The log of exports: what is written is read, and nothing of it is ever lost to a torn line."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from framescout import export_log
from tests.conftest import Program

MOMENT = {"video": "/archive/cam01/a \udce9.mp4", "start": 1.5, "end": 4.0, "peak": 2.0}


def begin(folder: Path, who: str = "anna", **others: Any) -> str:
    told: dict[str, Any] = {"by": "web", "folder": folder / "clips", "moments": [MOMENT], "pad": 2.0, "query": {}}
    return export_log.begin(folder, who=who, **told | others)


def test_what_is_written_is_read_in_its_order(tmp_path: Path) -> None:
    assert export_log.read(tmp_path) == ([], 0)
    first, second = begin(tmp_path), begin(tmp_path, "ben", query={"text": "a dog"})
    export_log.end(tmp_path, first, "done")
    exports, unreadable = export_log.read(tmp_path)
    assert [(each.id, each.who, each.state) for each in exports] == [(first, "anna", "done"), (second, "ben", "begun")]
    assert exports[0].moments == [{"video": MOMENT["video"], "start": 1.5, "end": 4.0}]
    assert (exports[1].query, exports[1].pad, unreadable) == ({"text": "a dog"}, 2.0, 0)


def test_a_line_that_a_power_cut_tore_costs_that_line_alone(tmp_path: Path) -> None:
    kept = begin(tmp_path)
    begin(tmp_path, "torn")
    path = tmp_path / export_log.NAME
    whole = path.read_bytes()
    for length in range(whole.index(b"\n") + 1, len(whole)):
        path.write_bytes(whole[:length])
        later = begin(tmp_path, "later")
        exports, unreadable = export_log.read(tmp_path)
        is_whole = length == len(whole) - 1  # all but its end
        assert [each.id for each in exports if each.who != "torn"] == [kept, later]
        assert unreadable == (0 if is_whole or whole[:length].endswith(b"\n") else 1)


def test_lines_of_many_at_once_stay_whole(tmp_path: Path) -> None:
    many = [MOMENT | {"start": float(number)} for number in range(500)]
    with ThreadPoolExecutor(8) as threads:
        made = [threads.submit(begin, tmp_path, f"who{number}", moments=many) for number in range(40)]
    exports, unreadable = export_log.read(tmp_path)
    assert ({each.id for each in exports}, unreadable) == ({each.result() for each in made}, 0)
    assert all(len(each.moments) == 500 for each in exports)


@pytest.mark.parametrize("line", [b"[]", b"7", b'{"state": "done"}', b'{"id": "x", "at": "yesterday"}', b"\xff", b"{"])
def test_a_line_that_is_none_is_counted(tmp_path: Path, line: bytes) -> None:
    (tmp_path / export_log.NAME).write_bytes(line + b"\n")
    kept = begin(tmp_path)
    exports, unreadable = export_log.read(tmp_path)
    assert ([each.id for each in exports], unreadable) == ([kept], 1)


@pytest.mark.parametrize(
    "changed",
    [{"moments": [{}]}, {"moments": 5}, {"moments": [5]}, {"moments": [{"video": 5}]}, {"who": 5}, {"id": ["x"]}],
)
def test_a_line_that_was_changed_is_counted(tmp_path: Path, changed: dict[str, Any]) -> None:
    begin(tmp_path)
    path = tmp_path / export_log.NAME
    path.write_text(json.dumps(json.loads(path.read_text()) | changed) + "\n" + "[" * 100_000 + "\n")
    kept = begin(tmp_path)
    exports, unreadable = export_log.read(tmp_path)
    assert ([each.id for each in exports], unreadable) == ([kept], 2)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    begin(tmp_path)
    assert (tmp_path / export_log.NAME).stat().st_mode & 0o777 == 0o600


def test_framescout_log_prints_it(tmp_path: Path, program: Program) -> None:
    from framescout.catalog import Catalog

    Catalog.open(tmp_path)
    none = program("--catalog", tmp_path, "log", timeout=200)
    assert (none.returncode, none.stdout, none.stderr.strip()) == (0, "", "nothing was exported yet")
    export_log.end(tmp_path, begin(tmp_path), "failed")
    begin(tmp_path, "ben")
    (line, other) = program("--catalog", tmp_path, "log", timeout=200).stdout.splitlines()
    assert line.split("\t")[1:5] == ["anna", "web", "1", "failed"]
    assert other.split("\t")[4] == "begun"
    (last,) = json.loads(program("--catalog", tmp_path, "log", "--limit", "1", "--json", timeout=200).stdout)
    assert (last["who"], last["moments"][0]["end"]) == ("ben", 4.0)
    begin(tmp_path, "a\x1b[31mb")
    assert program("--catalog", tmp_path, "log", timeout=200).stdout.splitlines()[2].split("\t")[1] == r"a\x1b[31mb"
