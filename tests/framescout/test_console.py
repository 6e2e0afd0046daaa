"""What is printed: a file's name can't talk to the terminal."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.console import ConsoleProgress, ConsoleSteps, printable

HOSTILE = "/archive/\x1b]0;owned\x07\x1b[2J\r\n\x9b1m\u202egnp\udce9.mp4"


def test_a_name_cannot_talk_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with ConsoleProgress() as progress:
        progress.quarantined(HOSTILE, "the file is empty")
    said = capsys.readouterr().err
    assert said == (
        "quarantined /archive/\\x1b]0;owned\\x07\\x1b[2J\\r\\n\\x9b1m\\u202egnp\\udce9.mp4: the file is empty\n"
    )


@pytest.mark.parametrize("name", ["Überwachung 監視 🏳️‍🌈", "a b'c\"d\\e", ""])
def test_names_of_any_language_stay(name: str) -> None:
    assert printable(name) == name


@given(st.text())
def test_one_line_stays_one_line_and_can_be_encoded(text: str) -> None:
    assert len(printable(text).splitlines()) <= 1
    printable(text).encode()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True

    def wait_for(self, words: str) -> int:
        """Where they were shown; the bar is drawn ten times a second, and seldom on a loaded machine."""
        until = time.monotonic() + 60
        while words not in self.getvalue():
            assert time.monotonic() < until, f"{words!r} is not shown"
            time.sleep(0.02)
        return self.getvalue().index(words)


def as_stderr(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in the place of stderr, until the test ends; pytest undoes what a fixture sets there."""
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    return terminal


def test_the_bar_says_from_the_first_second_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = as_stderr(monkeypatch)
    with ConsoleProgress() as progress:
        progress.began("looking for files")
        places = [terminal.wait_for("looking for files")]
        progress.found(3, 300)
        progress.advanced(10.0, 150)
        places += [terminal.wait_for("0/3 videos"), terminal.wait_for("50%")]
        progress.began("finishing")
        places += [terminal.wait_for("finishing")]
    assert places[0] < min(places[1:3])
    assert max(places[1:3]) < places[3]
    assert "looking for files" not in terminal.getvalue()[max(places[1:3]) :]


def test_a_check_says_which_step_it_is_at_and_its_share(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = as_stderr(monkeypatch)
    with ConsoleSteps() as told:
        told("checking the database", 0, None)
        first = terminal.wait_for("checking the database")
        told("reading the files", 0, 2000)
        told("reading the files", 1000, 2000)
        assert first < terminal.wait_for("50%")
        assert first < terminal.wait_for("reading the files: 1,000 of 2,000")


def test_where_no_terminal_is_steps_are_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    with ConsoleProgress() as progress, ConsoleSteps() as told:
        progress.began("looking for files")
        told("reading the files", 1, 2)
    assert capsys.readouterr().err == ""
