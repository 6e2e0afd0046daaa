"""Filters leave out what is not wanted, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from framescout.catalog import Catalog
from framescout.catalog.naming import matches_path
from framescout.catalog.records import FileIdentity, Labelling, Model
from framescout.errors import UsageError
from framescout.recording import Recording
from framescout.settings import load
from framescout.timeline import Span
from framescout.vectors import within
from query.filters import FileFilter, find_places, wanted_ranges
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
moments = st.one_of(  # around the night in which clocks change, and far from it
    st.datetimes(datetime(2026, 3, 27), datetime(2026, 3, 31)),
    st.datetimes(datetime(2026, 2, 10), datetime(2026, 2, 13)),
)


UNKNOWN = Recording(None, None, None)
Made = list[tuple[int, list[Recording]]]
"""Videos: how many keyframes, and what each of their files tells."""


@st.composite
def recordings(draw: st.DrawFn) -> Made:
    """Keyframes two seconds apart are far too near for a clock: the catalog's times are stretched (see `archive`)."""
    made = []
    for _ in range(draw(st.integers(1, 5))):
        files = []
        for _ in range(draw(st.integers(1, 3))):
            at = draw(st.none() | moments.map(lambda moment: moment.replace(tzinfo=UTC)))
            camera = draw(st.sampled_from([None, "cam1", "Cam2", "yard"]))
            files.append(Recording(at, "name" if at else None, camera))
        made.append((draw(st.integers(1, 6)), files))
    return made


CAMERA = r"/archive/(?P<camera>[^/]+)/"


def path_of(name: str, recording: Recording) -> str:
    """A path that tells all of this."""
    time = f"{recording.recorded_at:%Y%m%dT%H%M%S-%fZ} " if recording.recorded_at else ""
    return f"/archive/{recording.camera + '/' if recording.camera else ''}{time}take {name}.mp4"


def archive(folder: Path, made: Made) -> tuple[Catalog, Model]:
    """Videos whose keyframes are 5,000 seconds apart."""
    catalog = Catalog.open(folder, settings=load(camera_pattern=CAMERA))
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        for number, (count, files) in enumerate(made):
            video = make_indexed(path_of(f"{number}", files[0]), content_hash=str(number), count=count)
            keyframes = tuple(
                replace(keyframe, time=5000.0 * i, span=Span(5000.0 * i, 5000.0 * i + 5000.0))
                for i, keyframe in enumerate(video.keyframes)
            )
            video_id = writer.commit_video(
                replace(video, keyframes=keyframes, probe=replace(video.probe, duration=5000.0 * count)), model
            )
            for copy, recording in enumerate(files[1:]):
                path = path_of(f"{number} copy {copy}", recording)
                writer.link_file(FileIdentity(path, 1, 1, str(number)), video_id)
    return catalog, model


@settings(max_examples=80, deadline=None)
@given(
    recordings(),
    st.none() | moments,
    st.none() | moments,
    st.none() | st.tuples(st.integers(0, 23), st.integers(0, 23)),
    st.sampled_from([(), ("cam*",), ("yard",), ("CAM1", "yard")]),
    st.sampled_from([(), ("cam*",), ("CAM1",)]),
    st.sampled_from([None, 9000.0]),
    st.sampled_from(["all", "copies", "first ones"]),
)
def test_filters_leave_exactly_what_passes_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
    made: Made,
    after: datetime | None,
    before: datetime | None,
    hours: tuple[int, int] | None,
    cameras: tuple[str, ...],
    not_cameras: tuple[str, ...],
    max_duration: float | None,
    which: str,
) -> None:
    catalog, model = archive(tmp_path_factory.mktemp("filters"), made)
    query = Query(
        "x",
        after=after.isoformat() if after else None,
        before=before.isoformat() if before else None,
        hours=f"{hours[0]:02d}:00-{hours[1]:02d}:00" if hours else None,
        cameras=cameras,
        max_duration=max_duration,
        not_cameras=not_cameras,
        paths=("*copy*",) if which == "copies" else (),
        not_paths=("*copy*",) if which == "first ones" else (),
    )
    with catalog.snapshot() as snapshot:
        spans = snapshot.space(model).video_ranges()
        known = {(file.camera or "").casefold() for _, files in made for file in files}
        if any(
            not any(fnmatchcase(name, glob.casefold()) for name in known if name) for glob in (*cameras, *not_cameras)
        ):
            with pytest.raises(UsageError, match="there is no camera"):
                wanted_ranges(snapshot.space(model), query, ZONE)
            return
        ranges = wanted_ranges(snapshot.space(model), query, ZONE)
        shown = FileFilter(snapshot.space(model), query, ZONE)
        wanted = {}
        for (count, files), (video_id, first, _) in zip(made, spans.tolist(), strict=True):
            for place in range(count):
                fitting = [
                    number
                    for number, file in enumerate(files)
                    if which == "all" or (which == "copies") == (number > 0)
                    if not any(fnmatchcase((file.camera or "").casefold(), each.casefold()) for each in not_cameras)
                    for at in [file.recorded_at and file.recorded_at + timedelta(seconds=5000.0 * place)]
                    if passes(at, file.camera, 5000.0 * count, after, before, hours, cameras, max_duration)
                ]
                if fitting:
                    wanted[first + place] = fitting[0]
                    (video,) = snapshot.videos([video_id])
                    assert shown.file_of(video, first + place) is video.files[fitting[0]]
    if ranges is None:
        assert wanted.keys() == {i for _, first, end in spans.tolist() for i in range(first, end)}
    else:
        assert {i for first, end in ranges.tolist() for i in range(first, end)} == wanted.keys()


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
    catalog, model = archive(tmp_path, [(3, [UNKNOWN]), (2, [UNKNOWN])])
    with catalog.snapshot() as snapshot:
        ranges = wanted_ranges(snapshot.space(model), Query("x"), ZONE, below=4)
        assert ranges is not None
        assert ranges.tolist() == [[0, 4]]


def test_what_carries_a_label_is_left_out(tmp_path: Path) -> None:
    catalog, model = archive(tmp_path, [(3, [UNKNOWN]), (2, [UNKNOWN])])
    with catalog.writer() as writer:
        labellings = [Labelling(1, 1, np.array([0, 1, 2], np.uint8)), Labelling(2, 4, np.array([1, 0], np.uint8))]
        writer.put_labels(model, "scene", "print", ("street", "shop", "yard"), labellings)
    with catalog.snapshot() as snapshot:
        space = snapshot.space(model)
        for unwanted, left in ((("scene=shop",), [1, 3, 5]), (("scene=shop", "scene=street"), [3])):
            ranges = wanted_ranges(space, Query("x", not_labels=unwanted), ZONE)
            assert [i for i in range(1, 6) if within(np.array([i]), ranges)] == left
        assert wanted_ranges(space, Query("x", labels=("scene=yard",), not_labels=("scene=yard",)), ZONE).tolist() == []


def test_a_place_names_one_video(tmp_path: Path) -> None:
    catalog, _ = archive(tmp_path, [(3, [UNKNOWN]), (2, [UNKNOWN])])
    with catalog.snapshot() as snapshot:
        assert find_places(snapshot, Query("", like=("take 1.mp4@2", "1@0:07"))) == [(2, 2.0), (1, 7.0)]
        with pytest.raises(UsageError, match="2 videos"):
            find_places(snapshot, Query("", like=("*.mp4@2",)))
        with pytest.raises(UsageError, match="no video"):
            find_places(snapshot, Query("", like=("take 9.mp4@2",)))
