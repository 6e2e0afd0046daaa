"""Spans and clock times."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.timeline import Span, format_clock, parse_clock

times = st.floats(0, 200_000, allow_nan=False)
spans = st.tuples(times, times).map(lambda pair: Span(min(pair), max(pair)))


def test_a_span_that_ends_before_it_starts_is_refused() -> None:
    with pytest.raises(ValueError, match="can't end before"):
        Span(2.0, 1.0)
    with pytest.raises(ValueError, match="can't end before"):
        Span(0.0, float("nan"))


@given(spans, spans)
def test_spans_overlap_both_ways_or_not_at_all(one: Span, other: Span) -> None:
    assert one.overlaps(other) == other.overlaps(one)
    joined = one.join(other)
    assert joined.start <= min(one.start, other.start)
    assert joined.duration >= max(one.duration, other.duration)


@given(spans, spans)
def test_a_clamped_span_lies_inside(one: Span, other: Span) -> None:
    clamped = one.clamp(other)
    assert other.start <= clamped.start <= clamped.end <= other.end


@given(st.integers(0, 200_000_000))
def test_a_clock_time_is_read_back(milliseconds: int) -> None:
    seconds = milliseconds / 1000
    assert parse_clock(format_clock(seconds, decimals=3)) == pytest.approx(seconds, abs=1e-6)


@pytest.mark.parametrize(("seconds", "clock"), [(0, "0:00:00"), (59.6, "0:01:00"), (3675.5, "1:01:16")])
def test_clocks_are_rounded_as_a_whole(seconds: float, clock: str) -> None:
    assert format_clock(seconds) == clock


@pytest.mark.parametrize("text", ["", "abc", "1:2:3:4", "-5", "1:"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        parse_clock(text)
