"""A built wheel, installed into a clean environment with requirements-small.txt: no torch, the same answers."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import framescout
import indexer
from framescout.commands.demo import QUESTION
from tests.conftest import Program

ROOT = Path(__file__).resolve().parents[2]
SMALL = ROOT / "requirements-small.txt"
MOST_BYTES = 600_000_000
NOT_NEEDED = {("tokenizers", "huggingface-hub")}  # to fetch a tokenizer by its name alone
pytestmark = pytest.mark.slow

_UNMET = """
import importlib.metadata as m, re
from packaging.requirements import Requirement
there = {re.sub("[-_.]+", "-", d.name).lower() for d in m.distributions()}
for d in m.distributions():
    for r in map(Requirement, d.requires or ()):
        if (not r.marker or r.marker.evaluate({"extra": ""})) and re.sub("[-_.]+", "-", r.name).lower() not in there:
            print(d.name, r.name)
"""


def run(*call: object, **more: object) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run([*map(str, call)], capture_output=True, text=True, check=False, timeout=300, **more)
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The folder of programs that build and install, and the wheel; skips where no registry has the builder."""
    base = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "venv", base / "builder")
    programs = base / "builder" / "bin"
    fetch = [programs / "python", "-m", "pip", "install", "-q", "--retries", "0", "--timeout", "20", "hatchling", "uv"]
    fetched = subprocess.run(fetch, capture_output=True, text=True, check=False, timeout=300)
    if fetched.returncode:
        pytest.skip(f"no package registry can be asked: {fetched.stderr.strip().splitlines()[-1][:200]}")
    run(programs / "python", "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", base, ROOT)
    (wheel,) = base.glob("framescout-*.whl")
    return programs, wheel


@pytest.fixture(scope="module")
def installed(built: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment; packages come from the registry."""
    base = tmp_path_factory.mktemp("small")
    run(sys.executable, "-m", "venv", base / "small")
    run(base / "small" / "bin" / "python", "-m", "pip", "install", "-q", "--no-deps", built[1], "-r", SMALL)
    return base / "small"


@pytest.fixture
def small(installed: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The small install's command."""

    def call(*arguments: object) -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [installed / "bin" / "framescout", *map(str, arguments)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=environment, cwd=installed, timeout=300
        )

    return call


def test_it_is_whole_and_small(installed: Path) -> None:
    unmet = {tuple(line.split()) for line in run(installed / "bin" / "python", "-c", _UNMET).stdout.splitlines()}
    assert {pair for pair in unmet if pair[0] != "framescout"} <= NOT_NEEDED
    size = sum(path.lstat().st_blocks * 512 for path in installed.rglob("*"))
    assert size < MOST_BYTES, f"{size / 1e6:.0f} MB"
    assert not list(installed.glob("lib/python*/site-packages/torch"))


def test_it_indexes_and_searches_and_both_installs_give_the_same_answers(
    small: Callable[..., subprocess.CompletedProcess[str]], program: Program, tmp_path: Path, landscapes: Path
) -> None:
    (tmp_path / "archive").mkdir()
    shutil.copytree(landscapes, tmp_path / "archive", dirs_exist_ok=True)
    ended = small("--catalog", tmp_path / "small", "index", tmp_path / "archive")
    assert ended.returncode == 0, ended.stderr
    assert program("--catalog", tmp_path / "full", "index", tmp_path / "archive").returncode == 0
    said = {
        (catalog, name): json.loads(ask("--catalog", tmp_path / catalog, "search", QUESTION, "--json").stdout)
        for catalog in ("small", "full")
        for name, ask in (("small", small), ("full", program))
    }
    for catalog in ("small", "full"):
        assert said[catalog, "small"] == said[catalog, "full"]
    mine, theirs = (said[catalog, "small"]["moments"] for catalog in ("small", "full"))
    assert [(m["video"], m["start"], m["end"]) for m in mine] == [(m["video"], m["start"], m["end"]) for m in theirs]
    for one, other in zip(mine, theirs, strict=True):  # where a processor has bfloat16, the full install embeds in it
        assert one["confidence"] == pytest.approx(other["confidence"], abs=0.03)


def test_it_opens_a_catalog_of_another_model_whose_text_tower_lies_in_it(
    small: Callable[..., subprocess.CompletedProcess[str]],
    program: Program,
    tmp_path: Path,
    small_model: str,
    landscapes: Path,
) -> None:
    (tmp_path / "archive").mkdir()
    shutil.copytree(landscapes, tmp_path / "archive", dirs_exist_ok=True)
    settings = framescout.settings.load(model=small_model)
    indexer.index(framescout.open(tmp_path / "catalog"), [tmp_path / "archive"], settings=settings)
    said = [ask("--catalog", tmp_path / "catalog", "search", "a dog", "--json") for ask in (small, program)]
    assert said[0].returncode == 0, said[0].stderr
    assert json.loads(said[0].stdout) == json.loads(said[1].stdout)
    shutil.rmtree(tmp_path / "catalog" / "cache")
    lacking = small("--catalog", tmp_path / "catalog", "search", "a dog")
    assert lacking.returncode == 3
    assert "python3 -m pip install torch torchvision open_clip_torch" in lacking.stderr


def test_what_it_leaves_out_is_named(small: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    for arguments, packages in (
        (["serve"], "fastapi uvicorn jinja2"),
        (["models", "fetch", "fast"], "huggingface_hub"),
    ):
        said = small("--catalog", tmp_path / "none", *arguments)
        assert said.returncode == 3
        assert packages in said.stderr or "framescout index" in said.stderr
    assert "torch" in small("doctor").stdout
    assert "Traceback" not in small("doctor").stderr


def test_uv_installs_the_command_as_the_page_says(built: tuple[Path, Path], tmp_path: Path) -> None:
    programs, wheel = built
    page = (ROOT / "docs" / "small-install.md").read_text(encoding="utf-8")
    (said,) = re.findall(r"```sh\n(printf .*?\nuv tool install .*?) \.\n```", page, re.DOTALL)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_CACHE_DIR": str(tmp_path / "cache"),
        "UV_PYTHON": sys.executable,
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_HTTP_TIMEOUT": "20",
    }
    try:
        ended = subprocess.run(
            ["sh", "-c", f"{said} {wheel}"],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip("the package registry was too slow for uv")
    if re.search(r"Failed to (fetch|download)|Request failed|error sending request|Could not connect", ended.stderr):
        pytest.skip(f"uv can't ask a package registry: {ended.stderr.strip().splitlines()[-1][:200]}")
    assert ended.returncode == 0, ended.stderr
    assert not list((tmp_path / "tools").rglob("site-packages/torch"))
    shown = run(tmp_path / "bin" / "framescout", "demo", tmp_path / "demo", env=environment).stdout
    assert re.search(r"^0:00:06\.0\t0:00:12\.0\t\S+\t.*holiday\.mp4$", shown, re.MULTILINE)
    assert list((tmp_path / "demo" / "clips").glob("*.mp4"))


def test_the_ranges_are_those_of_the_project() -> None:
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    ranges = {re.split(r"[<>=]", each.split(";")[0])[0].lower(): each.split(";")[0].strip().lower() for each in wanted}
    for line in SMALL.read_text(encoding="utf-8").splitlines():
        if ">=" in line and not line.startswith("#") and not line.startswith("safetensors"):
            name = re.split(r"[<>=]", line)[0]
            assert line == ranges[name], name
