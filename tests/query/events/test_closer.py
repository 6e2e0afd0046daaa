"""A second look decodes no more than it said, adds rows where an event might be, and leaves the rest as it was."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.engine import Engine
from query.events import Event, detect, detection
from query.events import closer as closer_module
from query.events.closer import SECONDS_AN_HOUR, STEP, Closer, spans_of, suspects, times_within
from query.events.motion import odds_of_jerks
from query.events.over_time import NEVER

SUNSET = Event(prompts=("a sunset over the sea",), counter=("snowy mountains",), least_seconds=1.0, threshold=0.6)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([NEVER, -10.0, -3.0, -1.0, 0.5, 4.0]),
            st.sampled_from([4.0, 20.0, 70.0, 900.0, 4000.0]),
            st.sampled_from([0.5, 4.0, 20.0, 70.0, np.inf]),
        ),
        max_size=60,
    )
)
def test_a_second_look_keeps_to_its_bound_in_each_hour_and_takes_the_likeliest(
    keyframes: list[tuple[float, float, float]],
) -> None:
    scores, lengths, costs = np.array(keyframes, float).reshape(-1, 3).T
    chosen = suspects(scores, lengths, costs)
    assert scores[chosen].tolist() == sorted(scores[chosen].tolist(), reverse=True)
    assert all(scores[place] > NEVER / 2 for place in chosen)
    hour_of = [int(sum(lengths[:place]) // 3600) for place in range(len(lengths))]
    for hour in set(hour_of):
        own = [place for place in chosen if hour_of[place] == hour]
        assert costs[own].sum() <= SECONDS_AN_HOUR
        for place in range(len(scores)):  # what was passed over can't be one, or what is likelier took the room
            if hour_of[place] == hour and place not in chosen and scores[place] > NEVER / 2:
                better = costs[[other for other in own if scores[other] >= scores[place]]].sum()
                assert better + costs[place] > SECONDS_AN_HOUR


@given(st.floats(0, 100), st.floats(0.6, 20), st.floats(0, 1))
def test_the_parts_of_a_stretch_follow_each_other_and_fill_it(start: float, length: float, at: float) -> None:
    end, known = start + length, start + at * length * 0.99
    times = np.sort(np.concatenate([[known], times_within(start, end, known)]))
    spans = list(spans_of(start, end, times))
    assert len(spans) == len(times) <= length / STEP + 2
    assert (spans[0][0], spans[-1][1]) == (start, end)
    assert all(before[1] == after[0] for before, after in pairwise(spans))


def test_more_rows_where_it_might_be_and_the_same_elsewhere(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    with engine.space() as space:
        looks = Closer.of(space.model, engine.catalog.cache_folder, said.append)
        first = detect(engine, space, "sunset", SUNSET)
        monkeypatch.setattr(closer_module, "SECONDS_AN_HOUR", 0.0)
        again = detect(engine, space, "sunset", SUNSET, closer=looks)
        assert again.alerts == first.alerts
        assert said == []
        monkeypatch.setattr(closer_module, "SECONDS_AN_HOUR", 3600.0)
        finer = detect(engine, space, "sunset", SUNSET, closer=looks)
        known = {row for _, start, end in space.video_ranges().tolist() for row in range(start, end)}
    assert said
    assert all("a closer look at" in sentence for sentence in said)
    assert {alert.keyframe_id for alert in finer.alerts} <= known
    before = {each.camera: each for each in first.cameras}
    for camera in finer.cameras:
        old = before[camera.camera]
        assert camera.lengths.sum() == pytest.approx(old.lengths.sum())
        for number in range(len(camera.videos)):
            mine, theirs = camera.video_of == number, old.video_of == number
            assert set(old.times[theirs]) <= set(camera.times[mine])
            assert mine.sum() > 2 * theirs.sum()


def test_footage_that_is_gone_is_judged_by_the_first_look(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closer_module, "SECONDS_AN_HOUR", 3600.0)
    monkeypatch.setattr(Closer, "rows", lambda *_: None)
    event = msgspec.structs.replace(SUNSET, threshold=0.3)
    with engine.space() as space:
        looks = Closer.of(space.model, engine.catalog.cache_folder, lambda _: None)
        assert (
            detect(engine, space, "sunset", event, closer=looks).alerts == detect(engine, space, "sunset", event).alerts
        )


@pytest.mark.parametrize("event", [Event(motion="much"), Event(prompts=("a man stands",), then=("a man lies",))])
def test_nobody_looks_closer_at_steps_and_at_what_only_moves(engine: Engine, event: Event) -> None:
    said: list[str] = []
    with engine.space() as space:
        looks = Closer.of(space.model, engine.catalog.cache_folder, said.append)
        detect(engine, space, "an event", event, closer=looks)
    assert said == []


def test_jerks_of_a_closer_look_speak_beside_motion(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    event = msgspec.structs.replace(SUNSET, motion="much", threshold=0.3)
    said: list[str] = []
    monkeypatch.setattr(detection, "jerk_odds", lambda _, times: np.full(len(times.times), np.nan))
    with engine.space() as space:
        looks = Closer.of(space.model, engine.catalog.cache_folder, said.append)
        first = {each.camera: each for each in detect(engine, space, "sunset", event).cameras}
        monkeypatch.setattr(detection, "glances", lambda _, times: [7.0 if time < 1.0 else np.nan for time in times])
        finer = detect(engine, space, "sunset", event, closer=looks)
    assert said
    for camera in finer.cameras:
        old = first[camera.camera]
        assert camera.times.tolist() == old.times.tolist()  # no picture was embedded
        was_seen = camera.times < 1.0
        assert was_seen.any()
        added = odds_of_jerks(np.array(7.0))
        wanted = np.where(was_seen, np.nan_to_num(old.parts["motion"]) + added, old.parts["motion"])
        assert camera.parts["motion"].tolist() == pytest.approx(wanted.tolist(), nan_ok=True)
