"""The example notebook: committed without outputs, and it runs from top to bottom in a kernel of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "example.ipynb"


def printed(cell: dict[str, Any]) -> str:
    """What a cell wrote, and the words of what it showed."""
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in cell["outputs"]]
    return "".join(texts)


def test_it_is_committed_without_outputs() -> None:
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


@pytest.mark.slow
def test_it_runs_and_shows_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("nbclient", "ipykernel", "pandas"):
        pytest.importorskip(name, reason=f"{name} is not installed (pip install '.[dev]')")
    import nbclient
    import nbformat

    for name in ("TMPDIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbclient.NotebookClient(notebook, timeout=240, startup_timeout=120, kernel_name="python3").execute(cwd=tmp_path)
    made, read, videos, found, night, cut, then = (printed(cell) for cell in notebook.cells if cell.cell_type == "code")
    assert "cam01_20260214_221500.mp4" in made
    assert read.count("done:") == 4
    assert "4 videos indexed" in read
    assert len(videos.splitlines()) == 4
    assert "holiday.mp4" in found.splitlines()[1]
    assert "2026-02-14 22:15" in night
    assert cut.startswith("holiday_0-00-06.000.mp4 6.00 s")
    assert "image/png" in notebook.cells[-3].outputs[-1].data
    assert then.startswith("holiday.mp4")
