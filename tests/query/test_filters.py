"""Filters leave out what is not wanted, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import framescout
from framescout.catalog import Catalog
from framescout.catalog.records import Model, Recording
from framescout.errors import UsageError
from framescout.timeline import Span
from query.filters import find_places, matches_path, wanted_ranges
from query.request import Query
from tests.framescout.catalog.make import make_indexed


@pytest.mark.parametrize(
    ("path", "glob", "fits"),
    [
        ("/archive/cam1/a.mp4", "*.mp4", True),
        ("/archive/cam1/a.mp4", "*.mkv", False),
        ("/archive/cam1/a.mp4", "cam1/*", True),
        ("/archive/cam1/day/a.mp4", "cam1/*.mp4", False),
        ("/archive/cam1/day/a.mp4", "cam1/**", True),
        ("/archive/cam1/day/a.mp4", "cam1/**/a.mp4", True),
        ("/archive/cam1/a.mp4", "cam1/**/a.mp4", True),
        ("/archive/cam1/a.mp4", "cam1", True),
        ("/archive/cam10/a.mp4", "cam1", False),
        ("/archive/cam1/a.mp4", "/archive/**", True),
        ("/archive/cam1/a.mp4", "/cam1/**", False),
        ("/archive/cam1/a.mp4", "cam?/a.mp4", True),
        ("/archive/cam1/a.mp4", "cam[12]/a.mp4", True),
        ("/archive/cam3/a.mp4", "cam[!12]/a.mp4", True),
        ("/archive/a+b (1).mp4", "a+b (1).mp4", True),
        ("/archive/a.mp4", "", False),
        ("/archive/zeile\numbruch.mp4", "*.mp4", True),
    ],
)
def test_a_glob_fits_a_path_or_its_tail(path: str, glob: str, fits: bool) -> None:
    assert matches_path(path, glob) is fits


ZONE = ZoneInfo("Europe/Berlin")
moments = st.datetimes(datetime(2026, 3, 27), datetime(2026, 3, 31))


@st.composite
def recordings(draw: st.DrawFn) -> list[tuple[int, Recording]]:
    """Keyframes two seconds apart are far too near for a clock: the catalog's times are stretched (see `archive`)."""
    made = []
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.none() | moments.map(lambda moment: moment.replace(tzinfo=UTC)))
        made.append(
            (
                draw(st.integers(1, 6)),
                Recording(at, "name" if at else None, draw(st.sampled_from([None, "cam1", "Cam2", "yard"]))),
            )
        )
    return made


def archive(folder: Path, made: list[tuple[int, Recording]]) -> tuple[Catalog, Model]:
    """Videos whose keyframes are 5,000 seconds apart."""
    catalog = framescout.open(folder)
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        for number, (count, recording) in enumerate(made):
            video = make_indexed(f"/archive/{number}.mp4", count=count, recording=recording)
            keyframes = tuple(
                replace(keyframe, time=5000.0 * i, span=Span(5000.0 * i, 5000.0 * i + 5000.0))
                for i, keyframe in enumerate(video.keyframes)
            )
            writer.commit_video(
                replace(video, keyframes=keyframes, probe=replace(video.probe, duration=5000.0 * count)), model
            )
    return catalog, model


@settings(max_examples=40, deadline=None)
@given(
    recordings(),
    st.none() | moments,
    st.none() | moments,
    st.none() | st.tuples(st.integers(0, 23), st.integers(0, 23)),
    st.sampled_from([(), ("cam*",), ("yard",), ("CAM1", "yard")]),
    st.sampled_from([None, 9000.0]),
)
def test_filters_leave_exactly_what_passes_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
    made: list[tuple[int, Recording]],
    after: datetime | None,
    before: datetime | None,
    hours: tuple[int, int] | None,
    cameras: tuple[str, ...],
    max_duration: float | None,
) -> None:
    catalog, model = archive(tmp_path_factory.mktemp("filters"), made)
    query = Query(
        "x",
        after=after.isoformat() if after else None,
        before=before.isoformat() if before else None,
        hours=f"{hours[0]:02d}:00-{hours[1]:02d}:00" if hours else None,
        cameras=cameras,
        max_duration=max_duration,
    )
    with catalog.snapshot() as snapshot:
        spans = snapshot.space(model).video_ranges()
        known = {(recording.camera or "").casefold() for _, recording in made}
        if any(not any(fnmatchcase(name, glob.casefold()) for name in known if name) for glob in cameras):
            with pytest.raises(UsageError, match="there is no camera"):
                wanted_ranges(snapshot.space(model), query, ZONE)
            return
        ranges = wanted_ranges(snapshot.space(model), query, ZONE)
    wanted = set()
    for (count, recording), (_, first, _) in zip(made, spans.tolist(), strict=True):
        for place in range(count):
            at = recording.recorded_at and recording.recorded_at + timedelta(seconds=5000.0 * place)
            if passes(at, recording.camera, 5000.0 * count, after, before, hours, cameras, max_duration):
                wanted.add(first + place)
    if ranges is None:
        assert wanted == {i for _, first, end in spans.tolist() for i in range(first, end)}
    else:
        assert {i for first, end in ranges.tolist() for i in range(first, end)} == wanted


def passes(
    at: datetime | None,
    camera: str | None,
    duration: float,
    after: datetime | None,
    before: datetime | None,
    hours: tuple[int, int] | None,
    cameras: tuple[str, ...],
    max_duration: float | None,
) -> bool:
    """The filters by definition, for one keyframe."""
    if (after or before or hours) and at is None:
        return False
    if after and at < after.replace(tzinfo=ZONE):
        return False
    if before and at >= before.replace(tzinfo=ZONE):
        return False
    if hours and at:
        hour = at.astimezone(ZONE).hour
        start, end = hours
        if not (start <= hour < end if start < end else hour >= start or hour < end):
            return False
    if cameras and not any(camera and fnmatchcase(camera.casefold(), glob.casefold()) for glob in cameras):
        return False
    return max_duration is None or duration <= max_duration


def test_a_later_page_sees_no_later_footage(tmp_path: Path) -> None:
    catalog, model = archive(tmp_path, [(3, Recording(None, None, None)), (2, Recording(None, None, None))])
    with catalog.snapshot() as snapshot:
        ranges = wanted_ranges(snapshot.space(model), Query("x"), ZONE, below=4)
        assert ranges is not None
        assert ranges.tolist() == [[0, 4]]


def test_a_place_names_one_video(tmp_path: Path) -> None:
    catalog, _ = archive(tmp_path, [(3, Recording(None, None, None)), (2, Recording(None, None, None))])
    with catalog.snapshot() as snapshot:
        assert find_places(snapshot, Query("", like=("1.mp4@2", "1@0:07"))) == [(2, 2.0), (1, 7.0)]
        with pytest.raises(UsageError, match="2 videos"):
            find_places(snapshot, Query("", like=("*.mp4@2",)))
        with pytest.raises(UsageError, match="no video"):
            find_places(snapshot, Query("", like=("9.mp4@2",)))
