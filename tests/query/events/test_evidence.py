"""Smoothing, context and thresholds against their definitions."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from query.events import Context, Event
from query.events.contexts import SHIFT, context_shares, shift
from query.events.over_time import CameraKeyframes, clock_of, smooth, windowed_mean
from query.events.threshold import Tail

lengths = st.lists(st.sampled_from([0.5, 1.0, 2.0, 7.0]), min_size=1, max_size=25)


@given(lengths, st.sampled_from([0.5, 2.0, 9.0]), st.integers(0, 100))
def test_a_windowed_mean_is_the_mean_of_what_overlaps_the_window(spans: list[float], seconds: float, seed: int) -> None:
    ends = np.cumsum(spans)
    starts = ends - spans
    values = np.random.default_rng(seed).normal(size=(len(spans), 2))
    mean = windowed_mean(values, starts, ends, seconds)
    for place, middle in enumerate((starts + ends) / 2):
        inside = (ends > middle - seconds / 2) & (starts < middle + seconds / 2)
        inside[place] = True
        weights = np.array(spans)[inside]
        assert mean[place] == pytest.approx((values[inside] * weights[:, None]).sum(0) / weights.sum(), abs=1e-6)


def track(odds: list[float], places: np.ndarray, videos: list[int] | None = None) -> CameraKeyframes:
    count = len(odds)
    starts = np.arange(count) * 10.0
    return CameraKeyframes(starts, starts + 10.0, np.array(odds), places, np.array(videos or [0] * count))


def test_scores_are_not_smoothed_from_one_video_into_the_next() -> None:
    smoothed = smooth(track([0, 0, 9, 9], np.zeros((4, 1)), [0, 0, 1, 1]), 1000.0)
    assert smoothed.tolist() == [0, 0, 9, 9]


def test_a_place_is_judged_over_a_long_stretch_and_not_by_one_picture() -> None:
    event = Event(prompts=("x",), context_seconds=60.0, normal={"track": Context(prompts=("a track",))})
    places = np.array([[5.0, 0.0]] * 10)
    places[5] = [-3.0, 4.0]  # a picture that looks like elsewhere
    shares = context_shares(track([0.0] * 10, places), event, "cam1", [None] * 10, UTC)["track"]
    assert shares.min() > 0.9
    assert shift(event, {"track": shares}).max() == pytest.approx(-SHIFT, abs=0.3)


def test_hours_and_cameras_are_conditions() -> None:
    event = Event(
        prompts=("x",),
        suspicious={
            "night": Context(hours="22:00-05:00"),
            "vault": Context(prompts=("a vault",), cameras=("bank*",)),
        },
    )
    clock = clock_of(datetime(2026, 2, 14, 21, 59, 55, tzinfo=UTC), np.array([0.0, 10.0, 7 * 3600.0, 7 * 3600.0 + 10]))
    places = np.array([[9.0, 0.0]] * 4)
    at_bank = context_shares(track([0.0] * 4, places), event, "Bank2", clock, UTC)
    assert at_bank["night"].tolist() == [0, 1, 1, 0]
    assert at_bank["vault"].min() > 0.99
    elsewhere = context_shares(track([0.0] * 4, places), event, "shop", clock, UTC)
    assert elsewhere["vault"].max() == 0
    assert shift(event, at_bank)[1] == pytest.approx(2 * SHIFT, abs=0.1)
    unknown = context_shares(track([0.0] * 4, places), event, "shop", [None] * 4, UTC)
    assert unknown["night"].max() == 0


@settings(max_examples=20)
@given(st.integers(0, 1000), st.floats(0.5, 5.0), st.sampled_from([1.0, 4.0, 10.0]))
def test_a_quiet_camera_alarms_about_as_often_as_was_asked(seed: int, scale: float, wanted: float) -> None:
    """200 hours of scores whose tail is exponential, a keyframe each 20 seconds."""
    random = np.random.default_rng(seed)
    scores = random.exponential(scale, 36_000)
    tail = Tail.of(scores, 200 * 3600.0)
    alarms = np.count_nonzero(scores > tail.at_rate(wanted)) / 200
    assert wanted / 2 < alarms < wanted * 2


@given(st.lists(st.floats(-50, 50), max_size=40), st.floats(0.01, 100))
def test_a_rarer_alarm_has_a_higher_threshold(scores: list[float], rate: float) -> None:
    tail = Tail.of(np.array(scores), 60.0 * len(scores))
    assert tail.at_rate(rate / 2) >= tail.at_rate(rate)
    assert np.isfinite(tail.at_rate(rate))


def calm(kind: str, memory: float, count: int, random: np.random.Generator) -> np.ndarray:
    """Scores without any event: with a tail as of a normal distribution or a heavier one, each like the one before."""
    noise = random.normal(size=count) * np.sqrt(1 - memory**2)
    scores = np.empty(count)
    last = 0.0
    for place, each in enumerate(noise):
        scores[place] = last = memory * last + each
    if kind == "heavy":
        scores = np.sign(scores) * np.abs(scores) ** 1.5
    return scores + (1.5 * (np.arange(count) // (count // 8) % 2) if kind == "day and night" else 0.0)


@pytest.mark.parametrize("kind", ["normal", "heavy", "day and night"])
@pytest.mark.parametrize("memory", [0.0, 0.9])
@pytest.mark.parametrize(("hours", "wanted"), [(24, 1.0), (24, 10.0), (100, 1.0), (4, 10.0)])
def test_a_calm_camera_alarms_as_often_as_was_asked(kind: str, memory: float, hours: int, wanted: float) -> None:
    """A keyframe each four seconds; the threshold from one stretch of footage, alarms counted in other footage."""
    random = np.random.default_rng(1)
    rates = []
    for _ in range(6):
        tail = Tail.of(calm(kind, memory, hours * 900, random), hours * 3600.0)
        alarms = calm(kind, memory, 48 * 900, random) >= tail.at_rate(wanted)
        rates.append(np.count_nonzero(alarms[1:] & ~alarms[:-1]) / 48)
    assert wanted / 2 < np.mean(rates) < wanted * 2


def test_a_camera_that_shows_one_picture_alone_never_alarms() -> None:
    scores = np.full(900, -3.0)
    for wanted in (0.1, 10.0, 3600.0):
        assert not (scores >= Tail.of(scores, 3600.0).at_rate(wanted)).any()
