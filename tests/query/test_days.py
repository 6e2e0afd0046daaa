"""Days and their lanes hold exactly what was recorded then, by the slow way of the wall clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.catalog import Space
from framescout.catalog.records import Alert
from framescout.errors import UsageError
from framescout.motion import STEP as MOTION_STEP
from framescout.motion import Kind, Motion, Source
from framescout.recording import Recording
from query.days import STEP, Archive, DayCount, bounds, days_of
from query.request import Query
from tests.query.test_facets import labelled
from tests.query.test_filters import UNKNOWN, ZONE, Made, archive, recordings

LENGTH = 5000.0  # seconds a keyframe
ZONES = [ZONE, UTC, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Pacific/Apia"), ZoneInfo("America/St_Johns")]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2040, 1, 1)), max_size=20), st.sampled_from(ZONES))
def test_a_time_lies_on_the_day_that_the_wall_clock_says(times: list[datetime], zone: ZoneInfo) -> None:
    aware = [each.replace(tzinfo=UTC) for each in times]
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    at = np.array([(each - epoch) // timedelta(microseconds=1) for each in aware], np.int64)
    assert days_of(at, zone).tolist() == [(each.astimezone(zone).date() - date(1970, 1, 1)).days for each in aware]


@settings(max_examples=60, deadline=None)
@given(recordings(), st.integers(0, 1000), st.sampled_from([(), ("cam1",)]))
def test_days_and_lanes_hold_what_was_recorded_then(
    tmp_path_factory: pytest.TempPathFactory, made: Made, seed: int, not_cameras: tuple[str, ...]
) -> None:
    catalog, model = labelled(tmp_path_factory.mktemp("days"), made, seed)
    if not any(file.camera == "cam1" for _, files in made for file in files):
        not_cameras = ()
    with catalog.writer() as writer:
        writer.put_alerts(model, "passing", "a", [Alert(1, 7000.0, 7001.0, 7000.0, 1, 2.0, None)])
    with catalog.snapshot() as snapshot:
        space = snapshot.space(model)
        moving = {id_ for id_, first, end in space.video_ranges().tolist() if much_moves(space, first, end)}
        found = Archive(space, Query("x", not_cameras=not_cameras, after="2026-02-11"), ZONE)
        counted, wanted = {each.day: each for each in found.days()}, by_day(made, not_cameras)
        assert wanted.keys() == counted.keys()
        for day, own in wanted.items():
            videos = {video for _, video, *_ in own}
            alerts = alerts_on(day, made, not_cameras)
            assert counted[day] == DayCount(day, len(videos), len(videos & moving), alerts)
            lanes = found.on(day)
            assert {
                (lane.camera, span.video_id, span.start, span.end, span.offset) for lane in lanes for span in lane.spans
            } == own
            for lane in lanes:
                assert [span.start for span in lane.spans] == sorted(span.start for span in lane.spans)
        assert found.on(date(2020, 1, 1)) == []


Found = set[tuple[str | None, int, float, float, float]]


def by_day(made: Made, not_cameras: tuple[str, ...]) -> dict[date, Found]:
    """Camera, video, start and end within the day, and the offset: by going through the days of each file."""
    found: dict[date, Found] = {}
    for number, (count, files) in enumerate(made, 1):
        for file in files:
            if file.recorded_at is None or file.camera in not_cameras:
                continue
            began, ended = file.recorded_at, file.recorded_at + timedelta(seconds=LENGTH * count)
            day = began.astimezone(ZONE).date()
            while (begins := midnight(day)) < ended:
                ends = midnight(day + timedelta(days=1))
                start, end = max(began, begins), min(ended, ends)
                own = (start - begins, end - begins, start - began)
                found.setdefault(day, set()).add((file.camera, number, *(each.total_seconds() for each in own)))
                day += timedelta(days=1)
    return found


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


def alerts_on(day: date, made: Made, not_cameras: tuple[str, ...]) -> int:
    """The one alert, by the first file of its video that is searched."""
    known = [each for each in made[0][1] if each.recorded_at and each.camera not in not_cameras]
    at = known[0].recorded_at + timedelta(seconds=7000) if known and known[0].recorded_at else None
    return int(at is not None and at.astimezone(ZONE).date() == day)


def much_moves(space: Space, first: int, end: int) -> bool:
    ids, _ = space.motion().showing(Kind.MUCH)
    return any(first <= each < end for each in ids.tolist())


def test_a_lane_shows_where_it_moves_and_what_is_not_known(tmp_path: Path) -> None:
    at = datetime(2026, 2, 11, 9, tzinfo=UTC)
    catalog, model = archive(tmp_path, [(2, [Recording(at, "name", "cam1")])])
    levels = np.full(round(2 * LENGTH / MOTION_STEP), 40, np.uint8)
    levels[: round(LENGTH / MOTION_STEP)] = 200
    with catalog.writer() as writer:
        writer.put_motion(1, Motion(levels, Source.SIZES))
    with catalog.snapshot() as snapshot:
        (lane,) = Archive(snapshot.space(model), Query("x"), UTC).on(at.date())
        assert len(lane.motion) == 86_400 / STEP
        first, second = (int((9 * 3600 + seconds) // STEP) for seconds in (0, LENGTH))
        assert (lane.motion[first], lane.motion[second]) == (1.0, 0.0)
        assert {each for place, each in enumerate(lane.motion) if place not in (first, second)} == {None}


def test_a_day_has_the_length_that_clocks_give_it() -> None:
    for day, hours in (((2, 1), 24), ((3, 29), 23), ((10, 25), 25)):
        begins, ends = bounds(date(2026, *day), ZONE)
        assert ends - begins == hours * 3600 * 1_000_000
    with pytest.raises(UsageError, match="too late"):
        bounds(date.max, ZONE)


def test_videos_of_unknown_time_are_counted_apart(tmp_path: Path) -> None:
    catalog, model = archive(tmp_path, [(1, [UNKNOWN]), (1, [UNKNOWN])])
    with catalog.snapshot() as snapshot:
        found = Archive(snapshot.space(model), Query("x"), ZONE)
        assert (found.days(), found.untimed) == ([], 2)
