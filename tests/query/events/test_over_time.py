"""What comes after what, and what stays, against the slow obvious way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from query.events.over_time import NEVER, CameraKeyframes, followed, highest_since, lasting, range_reduce

lengths = st.lists(st.sampled_from([0.5, 1.0, 2.0, 7.0]), min_size=1, max_size=25)
gaps = st.lists(st.sampled_from([0.0, 0.0, 0.0, 3.0, 60.0]), min_size=25, max_size=25)


def track(spans: list[float], between: list[float]) -> CameraKeyframes:
    starts = np.cumsum([before + gap for before, gap in zip([0.0, *spans[:-1]], between, strict=False)])
    return CameraKeyframes(
        starts, starts + spans, np.zeros(len(spans)), np.zeros((len(spans), 1)), np.zeros(len(spans))
    )


def stretch(keyframes: CameraKeyframes, place: int, other: int) -> bool:
    """Whether no gap of more than five seconds lies between the two."""
    low, high = sorted((place, other))
    return bool((keyframes.starts[low + 1 : high + 1] - keyframes.ends[low:high] <= 5.0).all())


@given(lengths, gaps, st.sampled_from([0.5, 3.0, 10.0, 30.0]), st.integers(0, 100))
def test_what_comes_then_has_something_before_it(
    spans: list[float], between: list[float], within: float, seed: int
) -> None:
    keyframes = track(spans, between)
    before, then = np.random.default_rng(seed).normal(size=(2, len(spans)))
    scores = followed(keyframes, before, then, within)
    for place in range(len(spans)):
        earlier = [
            before[other]
            for other in range(place)
            if keyframes.starts[place] - keyframes.ends[other] <= within and stretch(keyframes, place, other)
        ]
        assert scores[place] == pytest.approx(max(earlier) + then[place] if earlier else NEVER)


@given(lengths, gaps, st.sampled_from([0.5, 3.0, 10.0, 30.0]), st.integers(0, 100))
def test_the_highest_since_the_first_step_is_that_of_all_keyframes_between(
    spans: list[float], between: list[float], within: float, seed: int
) -> None:
    keyframes = track(spans, between)
    random = np.random.default_rng(seed)
    values = np.where(random.random(len(spans)) < 0.4, np.nan, random.normal(size=len(spans)))
    found = highest_since(keyframes, values, within)
    for place in range(len(spans)):
        known = [
            values[other]
            for other in range(place + 1)
            if keyframes.starts[place] - keyframes.ends[other] <= within
            and stretch(keyframes, place, other)
            and not np.isnan(values[other])
        ]
        assert found[place] == pytest.approx(max(known) if known else np.nan, nan_ok=True)


@given(lengths, gaps, st.sampled_from([0.5, 3.0, 10.0, 30.0]), st.integers(0, 100))
def test_what_stays_holds_over_a_window_of_so_many_seconds(
    spans: list[float], between: list[float], seconds: float, seed: int
) -> None:
    keyframes = track(spans, between)
    odds = np.random.default_rng(seed).normal(size=len(spans))
    levels = lasting(keyframes, odds, seconds)
    count = len(spans)
    for place in range(count):
        windows = [
            odds[low : high + 1].min()
            for low in range(place + 1)
            for high in range(place, count)
            if keyframes.ends[high] - keyframes.starts[low] >= seconds - 1e-6 and stretch(keyframes, low, high)
        ]
        assert levels[place] == pytest.approx(max(windows) if windows else NEVER)


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=40), st.data())
def test_a_range_is_reduced(values: list[int], data: st.DataObject) -> None:
    low = data.draw(st.integers(0, len(values) - 1))
    high = data.draw(st.integers(low + 1, len(values)))
    asked = (np.array(values), np.array([low]), np.array([high]))
    assert range_reduce(np.minimum, *asked)[0] == min(values[low:high])
    assert range_reduce(np.maximum, *asked)[0] == max(values[low:high])
