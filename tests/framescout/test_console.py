"""What is printed: a file's name can't talk to the terminal."""

from __future__ import annotations

import io
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.console import ConsoleProgress, printable

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


def test_the_bar_says_from_the_first_second_what_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with ConsoleProgress() as progress:
        progress.began("looking for files")
        time.sleep(0.15)
        progress.found(3, 300)
        progress.advanced(10.0, 150)
        time.sleep(0.15)
        progress.began("finishing")
        time.sleep(0.15)
    said = terminal.getvalue()
    places = [said.index(words) for words in ("looking for files", "0/3 videos", "50%", "finishing")]
    assert places == sorted(places)
    assert "looking for files" not in said[places[1] :]


def test_where_no_terminal_is_steps_are_not_said(capsys: pytest.CaptureFixture[str]) -> None:
    with ConsoleProgress() as progress:
        progress.began("looking for files")
    assert capsys.readouterr().err == ""
