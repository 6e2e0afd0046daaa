"""The Python interface as the README shows it: from a script without a main guard, and from `python -c`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import framescout
import indexer
import query
from framescout.errors import NotAvailableError
from framescout.packages import is_installed
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


def test_a_catalog_tells_its_videos_and_an_answer_becomes_a_data_frame(tmp_path: Path, towers: Path) -> None:
    (tmp_path / "archive").mkdir()
    make.numbered(tmp_path / "archive", "cam01_20260214_221500.mp4", seconds=2)
    (tmp_path / "night").mkdir()
    (tmp_path / "night" / "cache").symlink_to(towers)
    catalog = framescout.open(tmp_path / "night")
    indexer.index(catalog, [tmp_path / "archive"])
    (video,) = catalog.videos()
    assert (Path(video.path).name, video.camera, video.duration) == ("cam01_20260214_221500.mp4", "cam01", 2.0)
    answer = query.search(catalog, "a number")
    if is_installed("pandas") or is_installed("polars"):
        frame = answer.to_dataframe()
        assert len(frame) == len(answer.moments)
        assert list(frame["start"]) == [moment.start for moment in answer.moments]
        assert list(frame.columns)[:3] == ["video", "video_id", "camera"]
    else:
        with pytest.raises(NotAvailableError, match="pip install pandas"):
            answer.to_dataframe()
