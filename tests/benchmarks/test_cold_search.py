"""The benchmark of whole searches: its own parts, without the long ones."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks import cold_search
from benchmarks.cold_search import Way


def way(folder: Path, program: str, name: str = "a way") -> Way:
    return Way(name, [sys.executable, "-c", program], dict(os.environ), folder)


def test_a_way_that_fails_or_says_nothing_is_no_figure(tmp_path: Path) -> None:
    clock, busy = way(tmp_path, "print('found')").run()
    assert clock > 0
    assert busy > 0
    with pytest.raises(RuntimeError, match="a way failed: out of luck"):
        way(tmp_path, "raise SystemExit('out of luck')").run()
    with pytest.raises(RuntimeError, match="a way failed"):
        way(tmp_path, "pass").run()


def test_ways_take_turns_and_the_first_round_does_not_count(tmp_path: Path) -> None:
    log = tmp_path / "log"
    ways = [way(tmp_path, f"print(open({str(log)!r}, 'a').write({name!r}))", name) for name in "ab"]
    cold_search.measure(ways, 2, is_cold=False)
    assert log.read_text() == "ababab"
    assert [len(each.taken) for each in ways] == [2, 2]


def test_the_cache_is_emptied_before_each_search_that_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    emptied: list[bool] = []
    monkeypatch.setattr(cold_search, "empty_page_cache", lambda: emptied.append(True))
    cold_search.measure([way(tmp_path, "print(1)")] * 2, 3, is_cold=True)
    assert len(emptied) == 6


def test_ratios_are_of_the_medians_of_processor_time(tmp_path: Path) -> None:
    one, other = way(tmp_path, "", "one"), way(tmp_path, "", "other")
    one.taken = [(1.0, 0.5), (2.0, 1.0), (9.0, 1.5)]
    other.taken = [(3.0, 2.0), (5.0, 5.0), (4.0, 4.0)]
    assert cold_search.table([one, other]).splitlines()[2:] == [
        "| one | 2.00 | 1.00 | 9.00 | 1.00 | 0.50 | 1.00 |",
        "| other | 4.00 | 3.00 | 5.00 | 4.00 | 2.00 | 0.25 |",
    ]
