"""The Docker files: the linter finds nothing, and what they name is there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(ROOT.glob("Dockerfile*"))
LINTER = shutil.which("hadolint", path=str(Path(sys.executable).parent))


def test_there_is_one_for_the_processor_and_one_for_cards() -> None:
    assert [path.name for path in FILES] == ["Dockerfile", "Dockerfile.gpu"]


@pytest.mark.skipif(LINTER is None, reason="hadolint is not installed (pip install '.[dev]')")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_the_linter_finds_nothing(path: Path) -> None:
    assert LINTER
    ended = subprocess.run([LINTER, path], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout) == (0, "")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_runs_as_nobody_and_keeps_the_catalog_outside(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001"]
    assert "VOLUME /catalog" in lines
    assert 'ENTRYPOINT ["framescout"]' in lines
    python = next(re.search(r"python:(\d+)\.(\d+)-", line) for line in lines if line.startswith("FROM"))
    assert python
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["requires-python"]
    assert (int(python[1]), int(python[2])) >= tuple(map(int, wanted.removeprefix(">=").split(".")))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_it_installs_is_what_the_project_asks_for(path: Path) -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    for requirement in re.findall(r'"([\w-]+>=[^"]+)"', path.read_text(encoding="utf-8")):
        assert requirement in wanted
    for name in re.findall(r"-r (\S+)", path.read_text(encoding="utf-8")):
        assert (ROOT / name).is_file()
    kept = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert not set(kept) & {"framescout", "indexer", "query", "migrations", "configs", "requirements-small.txt"}
