"""A new user's walk: every framescout command of README.md and docs/, in order, in one fresh catalog."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from framescout.cli import main
from framescout.commands.scenes import draw
from framescout.settings import catalog_folder
from tests.footage import make

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ELSEWHERE = {
    "postgresql://": "a server; tests/framescout/catalog",
    "balanced": "a network",
    "models import": "a model from elsewhere; tests/framescout/embedding",
    "^serve": "goes on until it is stopped; tests/browser",
    "^play": "opens a window; tests/query/test_play.py",
    "^open": "opens a window; tests/query/test_play.py",
    "--ray": "a cluster; tests/indexer",
    "--post": "somebody who listens; tests/query/events",
    "framescout-demo": "tests/program/test_demo.py",
}
"""What is not run here: what a command says, and what it would need or which test runs it."""
CHOSEN = {"catalog": None, "config": None}  # nothing on the command line
FINDS_NOTHING = {'export "a red car"', "export --event fighting"}  # in drawn landscapes; exit code 1


def commands() -> Iterator[tuple[str, str]]:
    """The page and the command, without `framescout` and without what is said behind it."""
    for page in PAGES:
        for line in page.read_text(encoding="utf-8").splitlines():
            found = re.match(r"(?: {4}|\$ )?(?:\.venv/bin/|~/framescout/bin/)?framescout ([a-z-].*)", line)
            if found and not line.startswith("framescout status lists") and not re.match(r"framescout [a-z]+es ", line):
                yield page.name, re.sub(r"\s+# .*", "", found[1])


WALK = list(commands())


def runs_elsewhere(command: str) -> bool:
    return any(re.search(said, command) for said in ELSEWHERE)


@pytest.mark.parametrize("command", [command for _, command in WALK if runs_elsewhere(command)])
def test_what_is_not_run_here_has_its_options_at_least(command: str) -> None:
    said = CliRunner().invoke(main, [*shlex.split(command), "--help"])  # an option that isn't there is refused first
    assert said.exit_code == 0, said.output


@pytest.fixture
def home(tmp_path: Path, towers: Path, monkeypatch: pytest.MonkeyPatch, landscapes: Path) -> Path:
    """A home with nothing of framescout's but towers, to save time, and the footage that the pages speak of."""
    for name in ("FRAMESCOUT_CATALOG", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    shutil.copytree(towers, catalog_folder(CHOSEN) / "cache", copy_function=os.link)
    footage = tmp_path / "footage"
    for folder in ("cam1", "cam01", "cam03", "yard/2026-02-14", "phones"):
        (footage / folder).mkdir(parents=True)
    shutil.copytree(landscapes, footage, dirs_exist_ok=True)
    make.numbered(footage / "cam1", "a.mp4", seconds=76, rate=5)
    make.numbered(footage / "cam01", "20260214_221500.mp4", seconds=2)
    make.numbered(footage, "night.mp4", seconds=3, step=2)
    make.numbered(footage / "cam03", "20260214_221700.mp4", seconds=2, step=5)
    make.numbered(footage / "yard" / "2026-02-14", "22-15-00.mp4", seconds=2, step=3)
    draw("meadow").save(tmp_path / "car.jpg")
    (tmp_path / "sentences.txt").write_text("a dog\na sunset\n")
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("mail", "notify-send"):  # what the pages hand new moments to
        (programs / name).write_text("#!/bin/sh\nexec cat > /dev/null\n")
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def keyframe() -> str:
    """The keyframe_id of a moment, as a person finds one."""
    said = CliRunner().invoke(main, ["search", "a landscape", "--limit", "1", "--json"]).stdout
    return str(json.loads(said)["moments"][0]["keyframe_id"])


def here(command: str, home: Path) -> list[str]:
    """The command's words, with the folders and numbers of this home in place of the page's."""
    for said, meant in {
        "~/footage": home / "footage",
        "/mnt/cameras": home / "footage" / "cam03",  # to look closely takes long
        "/archive/": home / "footage",
        "/var/lib/framescout": catalog_folder(CHOSEN),
        "FILE": "configs/events.example.toml",
    }.items():
        command = command.replace(said, f"{meant}/" if said.endswith("/") else str(meant))
    if "more-like" in command:
        command = re.sub("4711|17", keyframe(), command)
    return [*shlex.split(command), *(["--yes"] if command.startswith("service install") else [])]


@pytest.mark.slow
def test_the_walk_through_the_pages_meets_no_error(home: Path) -> None:
    runner, met = CliRunner(), []
    for page, command in WALK:
        if runs_elsewhere(command):
            continue
        ended = runner.invoke(main, here(command, home))
        fine = (0, 1) if any(command.startswith(each) for each in FINDS_NOTHING) else (0,)
        if ended.exit_code not in fine:
            met.append((page, command, ended.exit_code, ended.output[-300:], ended.exception))
    assert met == []
    assert len(WALK) > 40
    assert (home / ".config" / "systemd" / "user").is_dir() or os.name == "nt"
