"""Work has its time, and no more than that."""

from __future__ import annotations

import threading

import pytest

from framescout.deadline import within


def test_what_it_returns_or_raises_comes_through() -> None:
    assert within(60, lambda: "done") == "done"
    with pytest.raises(KeyError, match="missing"):
        within(60, lambda: {}["missing"])


def test_who_waits_goes_on_when_the_time_is_over() -> None:
    ended = threading.Event()
    with pytest.raises(TimeoutError):
        within(0.01, ended.wait)
    ended.set()
