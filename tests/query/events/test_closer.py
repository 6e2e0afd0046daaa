"""A second look decodes no more than it said, adds rows where an event might be, and leaves the rest as it was."""

from __future__ import annotations

from itertools import pairwise

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from query.engine import Engine
from query.events import Event, detect
from query.events import closer as closer_module
from query.events.closer import SECONDS_AN_HOUR, STEP, Closer, spans_of, suspects, times_within
from query.events.jerks import jerk_odds

SUNSET = Event(prompts=("a sunset over the sea",), counter=("snowy mountains",), least_seconds=1.0, threshold=0.6)


@given(st.lists(st.tuples(st.floats(-10, 5), st.sampled_from([0.4, 2.0, 7.0, 40.0])), max_size=60))
def test_a_second_look_keeps_to_its_bound_and_takes_the_likeliest(keyframes: list[tuple[float, float]]) -> None:
    scores, lengths = (np.array(values, float) for values in zip(*keyframes, strict=True)) if keyframes else ([], [])
    scores, lengths = np.array(scores), 10 * np.array(lengths)
    chosen = suspects(scores, lengths)
    bound = SECONDS_AN_HOUR * lengths.sum() / 3600
    assert lengths[chosen].sum() <= bound + 1e-9
    assert all(scores[place] >= -3 for place in chosen)
    assert scores[chosen].tolist() == sorted(scores[chosen].tolist(), reverse=True)
    for place in {*range(len(scores))} - {
        *chosen
    }:  # what was passed over was less likely, short, or too long for the rest
        better = lengths[[other for other in chosen if scores[other] >= scores[place]]].sum()
        assert scores[place] < -3 or lengths[place] <= STEP or better + lengths[place] > bound - 1e-9


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
        again = detect(engine, space, "sunset", SUNSET, closer=looks)
        assert again.alerts == first.alerts  # 36 seconds of footage: a third of a second may be looked at again
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
            if old.scores[theirs].max() < -3:
                assert camera.scores[mine].tolist() == pytest.approx(old.scores[theirs].tolist())
            elif old.scores[theirs].min() >= -3:
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


def shaking(amounts: np.ndarray) -> list[Image.Image]:
    """A bright square over a dark ground, moved by so many pixels from each picture to the next."""
    pictures = []
    for at in np.cumsum(amounts).tolist():
        picture = np.full((96, 96, 3), 40, np.uint8)
        left = round(at) % 72
        picture[30:60, left : left + 24] = 220
        pictures.append(Image.fromarray(picture))
    return pictures


def test_jerks_tell_shaking_from_passing_by_and_from_rest() -> None:
    random = np.random.default_rng(2)
    passing = jerk_odds(shaking(np.full(16, 3.0)))
    blows = jerk_odds(shaking(random.choice([-24.0, 0.5, 24.0, 30.0], 16)))
    assert blows > passing + 1
    assert np.isnan(jerk_odds(shaking(np.zeros(16))))  # one picture, shown again and again
    assert np.isnan(jerk_odds([]))
    again = [picture for picture in shaking(np.full(8, 3.0)) for _ in range(3)]  # a camera of few pictures a second
    assert jerk_odds(again) == jerk_odds(shaking(np.full(8, 3.0)))


def test_motion_is_judged_by_jerks_where_it_was_looked_at_closely(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    event = msgspec.structs.replace(SUNSET, motion="much", threshold=0.3)
    said: list[str] = []
    with engine.space() as space:
        looks = Closer.of(space.model, engine.catalog.cache_folder, said.append)
        first = {each.camera: each for each in detect(engine, space, "sunset", event).cameras}
        monkeypatch.setattr(closer_module, "SECONDS_AN_HOUR", 3600.0)
        monkeypatch.setattr(closer_module, "_SUSPECTED", -1e9)
        monkeypatch.setattr(Closer, "jerk_odds", lambda _, __, start, ___: 5.0 if start < 1.0 else np.nan)
        finer = detect(engine, space, "sunset", event, closer=looks)
    assert said
    for camera in finer.cameras:
        old = first[camera.camera]
        assert camera.times.tolist() == old.times.tolist()  # no picture was embedded
        was_seen = (camera.times < 1.0) & (camera.lengths > STEP)
        assert (camera.parts["motion"][was_seen] == 5.0).all()
        assert np.array_equal(camera.parts["motion"][~was_seen], old.parts["motion"][~was_seen], equal_nan=True)
