"""An event file is read whole or refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from framescout.errors import FramescoutError
from framescout.resources import bundled
from query.events import read_events


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[running\nx = 1\n", "line 1"),
        ("", "no event"),
        ("running = 3", "running"),
        ("[running]", r"\[running\].*prompts"),
        ("[running]\nprompts = []", r"\[running\].*prompts"),
        ("[running]\nprompts = ['']", r"\[running\].*prompts\[0\]"),
        ("[running]\nprompts = ['x']\nthreshhold = 3", r"\[running\].*threshhold"),
        ("[running]\nprompts = ['x']\nthreshold = 3", r"\[running\].*threshold"),
        ("[running]\nprompts = ['x']\nthreshold = 0.5\nfalse_alarms_per_hour = 1", "not both"),
        ("[running]\nprompts = ['x']\n[running.normal.track]", "prompts, hours or cameras"),
        ("[running]\nprompts = ['x']\n[running.normal.track]\nhours = '5'", "hours '5'"),
        ("[a]\nprompts = ['x']\n[a.normal.b]\nhours = '1:00-2:00'\n[a.suspicious.b]\ncameras = ['z']", "normal and"),
    ],
)  # fmt: skip
def test_a_broken_file_is_named_with_the_place(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "events.toml").write_text(written)
    with pytest.raises(FramescoutError, match=said):
        read_events(tmp_path / "events.toml")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[a]\nprompts = 'x'", "line 2, [a], prompts: it must be a list of texts, not a text"),
        ("[a]\nprompts = ['x']\nleast_seconds = true", "line 3, [a], least_seconds: it must be a number, not true or"),
        ("[a]\nprompts = ['x']\nleast_seconds = nan", "line 3, [a], least_seconds: it must be above 0"),
        ("[a]\n\nprompts = ['x']\nthreshhold = 1", "line 4, [a], threshhold: there is no such key; did you mean 'thre"),
        ("[a]\nprompts = ['x']\n[a.normal.'my place']\nhour = '3'", "line 4, [a.normal.my place], hour: there is no"),
        ("[a]\nprompts = ['x']\n[a.only]\nhours = '9'", "line 3, [a.only]: hours '9' is no window"),
        ("a.prompts = ['x']\na.least_seconds = -1", "line 2, [a], least_seconds: it must be above 0"),
        ("[a]\n[a]", "line 2: this is no TOML: cannot declare"),
        ("[a]\nmotion = 'fast'", "line 2, [a], motion: it can't be 'fast'; docs/events.md has the words"),
        ("[a]\nmotion = 'much'\nthen = ['x']", "line 1, [a]: needs prompts = [...]"),
        (f"x = {'[' * 5000}", "nested too deeply"),
        (f"x = {'1' * 5000}", "a number in it is too long"),
        (f"[a]\nprompts = ['x']\nleast_seconds = 1{'0' * 400}", "line 3, [a], least_seconds"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_plain_words_with_line_and_key(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "events.toml").write_text(written)
    with pytest.raises(FramescoutError) as told:
        read_events(tmp_path / "events.toml")
    assert f"events.toml{said if said.startswith(':') else ''}" in str(told.value)
    assert said in str(told.value)
    assert "`" not in str(told.value)  # msgspec's own words have them


def test_the_example_is_an_event_file() -> None:
    events = read_events(bundled("configs") / "events.example.toml")
    assert {"running", "fighting", "falling", "climbing", "loitering", "smoke"} <= set(events)
    assert events["running"].contexts["bank"][1] == 1
    assert events["running"].contexts["track"][1] == -1
    assert events["fighting"].motion == "much"
    assert events["falling"].then
    assert not events["something moves at night"].prompts
