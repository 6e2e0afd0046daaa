"""Tables of moments and of events in terminals of several widths."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

import indexer
from framescout import export_log
from framescout.catalog import Catalog
from query.answer import Answer
from query.engine import Engine
from query.events import watch
from query.events.definition import Event
from query.present import verdict
from tests.conftest import program_path
from tests.terminal import run_in_terminal

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no pseudo-terminals")

NAMES = ["20260214_221500.mp4", "entrance-hall_night_shift.mp4", "監視カメラ.mp4", "a b.mp4"]
FOLDER = "/mnt/archive of 2026/cameras/cam01"

SHOW = f"""
from datetime import UTC, datetime
from query.answer import Answer, Moment, SequenceStep
from query.present import show
recorded = datetime(2026, 2, 14, 22, 15, tzinfo=UTC)
steps = (SequenceStep("x", 0.0, 1.0), SequenceStep("goes", 9.0, 1.0))
show(Answer({{"text": "x"}}, "starter", 7, True, tuple(
    Moment(f"{FOLDER}/{{name}}", 1, "cam", recorded if has_time else None, 75.5, 80, 76, 0.3, 0.8, 4, similar, then)
    for name, has_time, similar, then in zip({NAMES!r}, (True, False, True, True), (3, 0, 0, 0), ((), (), (), steps))
)))
"""


def words_of(said: str) -> list[str]:
    """The lines without what colours them and what they lead to."""
    return re.sub(r"\x1b\[[\d;]*m|\x1b\]8;[^\x1b]*\x1b\\", "", said).splitlines()


def test_an_answer_without_moments_says_why() -> None:
    empty = Answer({"text": "x"}, "starter", 7, False, ())
    assert verdict(empty) == "no match in 7 keyframes"
    assert "no such page" in str(verdict(replace(empty, query={"text": "x", "page": "9"})))
    assert "filters leave nothing" in str(verdict(replace(empty, keyframes_searched=0)))


@pytest.mark.parametrize(
    ("width", "heads"),
    [
        (60, "n from sure video"),
        (80, "n from to sure recorded video"),
        (100, "n from to confidence recorded video"),
        (140, "n from to confidence recorded video"),
    ],
)
def test_every_name_is_whole_and_every_path_on_one_line(width: int, heads: str) -> None:
    said, code = run_in_terminal([sys.executable, "-c", SHOW], width=width)
    first, *rows = words_of(said)
    assert (code, first.split()) == (0, heads.split())
    assert all(cell_len(line) <= width for line in (first, *rows))
    assert "> 0:00:09.0 goes" in rows[-1]  # beside the path or below it
    rows = [row for row in rows if "0:01:15.5" in row]
    assert len(rows) == len(NAMES)
    for row, name in zip(rows, NAMES, strict=True):
        assert f"/{name}" in row
        assert FOLDER in row or "…/" in row


def test_a_search_and_its_events_fit_a_terminal(catalog: Catalog, tmp_path: Path, landscapes: Path) -> None:
    archive = tmp_path / "a folder with a long name" / "another one"
    archive.mkdir(parents=True)
    shutil.copytree(landscapes, archive, dirs_exist_ok=True)
    indexer.index(catalog, [archive])
    watch(Engine(catalog), {"sunset over the sea": Event(prompts=("a sunset over the sea",), threshold=0.1)})
    moments = [{"video": str(video), "start": 0.0, "end": 1.0} for video in archive.rglob("*.mp4")]
    export_log.begin(catalog.folder, who="anna", by="page", folder=archive / "clips", moments=moments, query={})
    at = [program_path(), "--catalog", catalog.folder]
    for command in (["search", "trees in a meadow"], ["events"], ["events", "list"], ["log"]):
        for width in (60, 140):
            said, code = run_in_terminal([*at, *command], width=width)
            lines = words_of(said)
            assert (code, "\t" in said) == (0, False), said
            assert all(cell_len(line) <= width for line in lines if "no confident match" not in line), said
            if command == ["log"]:
                assert ("clips" in lines[1], "videos" in lines[0]) == (True, width > 100), said
            elif command != ["events", "list"]:
                assert all("mp4" in line and "….mp4" not in line for line in lines[1:] if ":" in line), said
