"""What people say of alerts sets an event's threshold at that camera by the stated formula, and outlives everything."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.catalog.records import AlertMark
from query.engine import Engine
from query.events import Event, watch
from query.events.marks import PULL, mark_of, threshold_shift
from query.events.moments import stored_moments

SUNSET = Event(prompts=("a sunset over the sea",), counter=("snowy mountains",), threshold=0.5)
scores = st.lists(st.tuples(st.floats(-20, 20), st.booleans()), max_size=12)


def shift(marked: list[tuple[float, bool]]) -> float:
    return threshold_shift(np.array([score for score, _ in marked]), np.array([right for _, right in marked], bool))


@given(scores)
def test_the_shift_solves_the_stated_formula(marked: list[tuple[float, bool]]) -> None:
    d = shift(marked)
    wrong = sum(1 / (1 + np.exp(d - score)) for score, was_right in marked if not was_right)
    right = sum(1 / (1 + np.exp(score - d)) for score, was_right in marked if was_right)
    assert d == pytest.approx(PULL * (wrong - right), abs=1e-6)
    assert shift(marked[::-1]) == pytest.approx(d)


@given(scores, st.floats(-20, 20))
def test_a_wrong_alert_lifts_the_threshold_and_a_right_one_lowers_it(
    marked: list[tuple[float, bool]], score: float
) -> None:
    before = shift(marked)
    assert shift([*marked, (score, False)]) >= before - 1e-9
    assert shift([*marked, (score, True)]) <= before + 1e-9


def test_a_few_marks_of_one_kind_do_what_one_expects_of_them() -> None:
    assert shift([]) == 0
    assert shift([(1.0, False)]) == pytest.approx(1.0)  # just no alarm any more
    assert 2.9 < shift([(3.0, False)] * 3) < 3.3
    assert shift([(0.5, False)] * 100) < 5  # a hundred of them can't silence what is surer
    assert shift([(6.0, True)] * 20) > -0.3  # what is found clearly asks for nothing


@pytest.mark.parametrize(("was_right", "fewer"), [(False, True), (True, False)])
def test_the_next_run_goes_by_the_marks_of_that_camera(engine: Engine, was_right: bool, fewer: bool) -> None:
    watch(engine, {"sunset": SUNSET})
    before = stored_moments(engine)["sunset"]
    camera = next(moment.camera for moment, _ in before)
    own = [(moment, facts) for moment, facts in before if moment.camera == camera]
    for moment, facts in own:
        engine.catalog.alert_marks.put("sunset", facts.content_hash, moment.start, moment.end, was_right)
    watch(engine, {"sunset": SUNSET})
    after = stored_moments(engine)["sunset"]
    scores = {moment.keyframe_id: moment.score for moment, _ in after}
    for moment, _ in before:
        if moment.camera != camera:
            assert scores[moment.keyframe_id] == moment.score
        elif fewer:
            assert scores.get(moment.keyframe_id, -1.0) < moment.score
        else:
            assert scores[moment.keyframe_id] > moment.score
    watch(engine, {"sunset": SUNSET})  # and once more: the same
    assert stored_moments(engine)["sunset"] == after


def test_marks_outlive_a_new_run_a_removed_event_and_another_definition(engine: Engine) -> None:
    watch(engine, {"sunset": SUNSET})
    moment, facts = stored_moments(engine)["sunset"][0]
    assert facts.is_unread
    engine.catalog.alert_marks.put("sunset", facts.content_hash, moment.start, moment.end, True)
    with engine.catalog.writer() as writer:
        writer.drop_events(["sunset"])
    other = Event(prompts=("a red evening sky over the sea",), counter=("snowy mountains",), threshold=0.3)
    watch(engine, {"sunset": other})
    again = {(m.video, m.start): f for m, f in stored_moments(engine)["sunset"]}
    assert again[moment.video, moment.start].was_right is True
    assert not again[moment.video, moment.start].is_unread


def test_to_see_an_alert_takes_back_nothing_that_was_said(engine: Engine) -> None:
    marks = engine.catalog.alert_marks
    marks.put("sunset", "x", 1.0, 3.0, False)
    marks.see([("sunset", "x", 2.0, 5.0), ("sunset", "x", 8.0, 9.0), ("sunset", "x", 8.0, 9.0)])
    assert [(mark.start, mark.was_right) for mark in marks.all()] == [(1.0, False), (8.0, None)]
    marks.put("sunset", "x", 8.5, 10.0, True)
    assert [(mark.start, mark.was_right) for mark in marks.all()] == [(1.0, False), (8.5, True)]
    marks.put("sunset", "x", 3.0, 3.5, True)  # beside, not over
    assert len(marks.all()) == 3


def test_of_two_marks_the_one_that_overlaps_for_longer_counts(tmp_path: Path) -> None:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    short, long = AlertMark("e", "x", 0.0, 2.0, True, now), AlertMark("e", "x", 2.0, 9.0, False, now)
    assert mark_of([short, long], "e", "x", 1.0, 5.0) is long
    assert mark_of([short, long], "e", "x", 9.0, 11.0) is None
    assert mark_of([short, long], "other", "x", 1.0, 5.0) is None
