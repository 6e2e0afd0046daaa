"""`framescout demo`, the first thing that a new user sees, from nothing to a clip."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import Program


@pytest.mark.slow
def test_the_demo_finds_the_right_moment_and_says_where_to_look(program: Program, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = program("demo", folder)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^0:00:06\.0\t0:00:12\.0\t\S+\t.*holiday\.mp4$", done.stdout, re.MULTILINE)
    (clip,) = (folder / "clips").glob("*.mp4")
    assert str(clip) in done.stdout
    assert f"The clip is in {folder / 'clips'}" in done.stdout
    assert program("demo", folder).returncode == 0  # again, over what it left


def test_the_demo_leaves_other_peoples_folders_alone(program: Program, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")
    refused = program("demo", tmp_path)
    assert refused.returncode == 2
    assert "not empty" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
