"""`play N` and `open N`: the moments of the last search, in programs that only say how they were called."""

from __future__ import annotations

import json
import os
import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from framescout.cli import main
from framescout.settings import state_folder
from query.answer import Answer, Moment
from query.last_search import recall, remember

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the programs are shell scripts")


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it, and a state folder of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return folder


def install(folder: Path, name: str, ends_with: int = 0) -> Path:
    program, called = folder / name, folder / f"{name}.called"
    program.write_text(f'#!/bin/sh\nfor a; do echo "$a"; done > "{called}"\nexit {ends_with}\n')
    program.chmod(0o755)
    return called


def answer(*moments: Moment) -> Answer:
    return Answer({"text": "x"}, "starter", 7, True, moments)


def moment(path: Path | str, start: float = 75.5) -> Moment:
    return Moment(str(path), 1, "cam", datetime(2026, 2, 14, tzinfo=UTC), start, start + 2, start + 1, 0.3, 0.8, 4)


@pytest.mark.parametrize(
    ("player", "called"),
    [
        ("mpv", ["--start=75.500", "--", "PATH"]),
        ("vlc", ["--start-time=75.500", "PATH"]),
        ("ffplay", ["-hide_banner", "-loglevel", "error", "-ss", "75.500", "-i", "PATH"]),
    ],
)
def test_a_moment_is_played_from_where_it_begins(
    bare_path: Path, tmp_path: Path, player: str, called: list[str]
) -> None:
    video = tmp_path / "a video; touch x.mp4"
    video.touch()
    remember(answer(moment("/gone.mp4"), moment(video)))
    told = install(bare_path, player)
    result = CliRunner().invoke(main, ["play", "2"])
    assert result.exit_code == 0, result.output
    assert told.read_text().splitlines() == [part.replace("PATH", str(video)) for part in called]
    assert "0:01:15.5" in result.stderr


def test_the_best_player_that_is_there_is_taken(bare_path: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    remember(answer(moment(tmp_path / "a.mp4")))
    told = {name: install(bare_path, name) for name in ("ffplay", "vlc", "xdg-open", "open")}
    assert CliRunner().invoke(main, ["play"]).exit_code == 0
    assert [name for name in told if told[name].exists()] == ["vlc"]


@pytest.mark.parametrize("command", ["open", "play"])
def test_the_system_opens_it_and_the_time_is_said(bare_path: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "a.mp4").touch()
    remember(answer(moment(tmp_path / "a.mp4")))
    told = install(bare_path, "open" if sys.platform == "darwin" else "xdg-open")
    result = CliRunner().invoke(main, [command, "1"])
    assert result.exit_code == 0
    assert told.read_text().splitlines() == [str(tmp_path / "a.mp4")]
    assert "the moment is at 0:01:15.5" in result.stderr


def test_what_cannot_be_played_is_a_sentence(bare_path: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    runner = CliRunner()
    said = runner.invoke(main, ["play", "1"])
    assert (said.exit_code, "there was no search yet" in said.stderr) == (3, True)
    remember(answer())
    assert "found nothing" in runner.invoke(main, ["open"]).stderr
    remember(answer(moment("/gone.mp4"), moment(tmp_path / "a.mp4")))
    said = runner.invoke(main, ["play", "3"])
    assert (said.exit_code, "name one from 1 to 2" in said.stderr) == (2, True)
    said = runner.invoke(main, ["play", "1"])
    assert (said.exit_code, "/gone.mp4 is gone" in said.stderr) == (3, True)
    assert "can't be run" in runner.invoke(main, ["open", "2"]).stderr
    install(bare_path, "mpv", ends_with=4)
    assert "mpv ended with 4" in runner.invoke(main, ["play", "2"]).stderr


def test_the_last_search_is_the_persons_alone_and_survives_any_name(bare_path: Path) -> None:
    remember(answer(moment("/a.mp4")))
    strange = "/archive/\udce9\n'\".mp4"
    remember(answer(moment(strange)))
    assert recall(1) == moment(strange)
    (kept,) = state_folder().iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert stat.S_IMODE(state_folder().stat().st_mode) == 0o700
    assert json.loads(kept.read_text())["moments"][0]["start"] == 75.5


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_state_folder_that_cannot_be_written_costs_no_search(
    bare_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "state").mkdir(mode=0o500)
    remember(answer(moment("/a.mp4")))
    assert not (tmp_path / "state" / "framescout").exists()
