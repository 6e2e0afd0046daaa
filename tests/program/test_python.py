"""The Python interface as the README shows it: from a script without a main guard, and from `python -c`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import framescout
from tests.footage import make

ROOT = Path(__file__).parents[2]


@pytest.fixture
def written(tmp_path: Path, towers: Path) -> str:
    """The README's example, with an archive in place of /footage."""
    (example,) = re.findall(
        r"^## From Python\n+```python\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL
    )
    archive = tmp_path / "archive"
    archive.mkdir()
    for number in range(3):
        make.numbered(archive, f"cam{number}.mp4", seconds=2 + number)
    folder = tmp_path / "night" / "cache"
    folder.parent.mkdir()
    folder.symlink_to(towers)
    assert '"/footage"' in example
    return str(example.replace("/footage", str(archive)))


@pytest.mark.parametrize("way", ["a file", "python -c"])
def test_the_readmes_example_runs_as_it_is_written(tmp_path: Path, written: str, way: str) -> None:
    script = tmp_path / "script.py"
    script.write_text(written)
    call = [sys.executable, script] if way == "a file" else [sys.executable, "-c", written]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    with framescout.open(tmp_path / "night").snapshot() as snapshot:
        assert snapshot.quarantined() == []
        assert len(snapshot.videos()) == 3
    shown = done.stdout.splitlines()
    assert shown
    assert len(json.loads((tmp_path / "clips" / "manifest.json").read_text())["clips"]) == len(shown)
