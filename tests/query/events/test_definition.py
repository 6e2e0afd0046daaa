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


def test_the_example_is_an_event_file() -> None:
    events = read_events(bundled("configs") / "events.example.toml")
    assert list(events) == ["running", "fighting", "falling"]
    assert events["running"].contexts["bank"][1] == 1
    assert events["running"].contexts["track"][1] == -1
