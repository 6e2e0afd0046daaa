"""What a benchmark prints is written down, with how it was measured."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import record
from benchmarks.record import recorded

SCRIPT = "/somewhere/benchmarks/indexing.py"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(record, "RESULTS", tmp_path / "results")
    return tmp_path / "results"


def call(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", [SCRIPT, *arguments])


def run_and_raise(error: BaseException) -> None:
    with recorded(SCRIPT):
        print("| a |")
        raise error


def test_the_table_is_printed_and_written(
    results: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call(monkeypatch, "--minutes", "60", "--like", "/home/me/clips.v2")
    with recorded(SCRIPT):
        print("| a | b |")
    assert capsys.readouterr().out == "| a | b |\n"
    text = (results / "indexing-minutes-60-like-clips.md").read_text()
    assert text.endswith("\n\n| a | b |\n")
    assert "| command | `python benchmarks/indexing.py --minutes 60 --like …/me/clips.v2` |" in text
    for said in ("date", "processor", "load when it began", "versions", "commit"):
        assert f"\n| {said} | " in text


def test_an_exit_status_is_passed_on_with_the_table_written(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    call(monkeypatch)
    with pytest.raises(SystemExit):
        run_and_raise(SystemExit(1))
    assert (results / "indexing.md").exists()


@pytest.mark.parametrize("arguments", [["--step", "build"], ["--one", "pyav"], ["--rounds", "3", "--help"]])
def test_steps_and_help_are_no_results(results: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    call(monkeypatch, *arguments)
    with recorded(SCRIPT):
        print("{}")
    assert not results.exists()


def test_a_run_that_fails_or_says_nothing_leaves_the_older_result(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    call(monkeypatch)
    results.mkdir()
    (results / "indexing.md").write_text("older")
    with pytest.raises(ZeroDivisionError):
        run_and_raise(ZeroDivisionError())
    with recorded(SCRIPT):
        pass
    assert (results / "indexing.md").read_text() == "older"
