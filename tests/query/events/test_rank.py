"""What comes nearest to an event is shown, most first, where nothing is rare enough for an alarm."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.engine import Engine
from query.events import Event
from query.events.detection import level_of
from query.events.moments import nearest_moments, stored_moments
from query.events.over_time import NEVER
from tests.conftest import Program

videos = st.lists(st.lists(st.sampled_from([NEVER, -3.0, -1.5, 0.0, 0.5, 2.0]), min_size=1, max_size=12), max_size=6)


def stretches(scores: list[list[float]], level: float) -> int:
    """How many stretches of these videos lie at the level or above it."""
    return sum(
        score >= level and (place == 0 or video[place - 1] < level)
        for video in scores
        for place, score in enumerate(video)
    )


@given(videos, st.integers(1, 10))
def test_the_level_is_the_highest_that_so_many_stretches_reach(scores: list[list[float]], wanted: int) -> None:
    columns = np.array([score for video in scores for score in video])
    begins = np.array([place == 0 for video in scores for place in range(len(video))], bool)
    possible = sorted({score for video in scores for score in video if score > NEVER / 2}, reverse=True)
    enough = [level for level in possible if stretches(scores, level) >= wanted]
    assert level_of(columns, begins, wanted) == (enough or possible[-1:] or [0.0])[0]


def test_the_nearest_come_first_though_none_is_an_alarm(engine: Engine, program: Program, tmp_path: Path) -> None:
    file = tmp_path / "events.toml"
    file.write_text(
        "[sunset]\nprompts = ['a sunset over the sea']\ncounter = ['snowy mountains']\nfalse_alarms_per_hour = 0.001\n"
        "[snow]\nprompts = ['snowy mountains']\nthreshold = 0.999999\n"
    )
    at = ("--catalog", engine.catalog.folder, "events")
    looked = program(*at, file)
    assert (looked.stdout, f"what comes nearest: framescout events rank {file}" in looked.stderr) == ("", True)
    ranked = json.loads(program(*at, "rank", file, "-n", 2, "--json").stdout)
    assert {Path(each["video"]).name for each in ranked["sunset"]} == {"evening_at_the_sea.mp4", "holiday.mp4"}
    assert "mountain_tour.mp4" in {Path(each["video"]).name for each in ranked["snow"]}
    assert [each["score"] for each in ranked["snow"]] == sorted(
        (each["score"] for each in ranked["snow"]), reverse=True
    )
    assert not any(each["unread"] for each in ranked["sunset"])
    assert not any(stored_moments(engine).values())  # nothing is kept
    (lines, other) = (program(*at, "rank", file, "--event", name) for name in ("snow", "moon"))
    assert {line.split("\t")[0] for line in lines.stdout.splitlines()} == {"snow"}
    assert (other.returncode, f"no event 'moon' in {file}; there are: snow, sunset" in other.stderr) == (2, True)


@pytest.mark.parametrize("limit", [1, 3, 1000])
def test_as_many_are_shown_as_were_asked_for_at_most(engine: Engine, limit: int) -> None:
    event = Event(prompts=("a sunset over the sea",), least_seconds=1.0)
    (moments,) = nearest_moments(engine, {"sunset": event}, limit).values()
    assert 0 < len(moments) <= limit
