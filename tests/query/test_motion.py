"""Questions about motion find every keyframe that the curve says, and no other; alone they find what moves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from framescout.catalog import Catalog
from framescout.catalog.keyframe_motion import KeyframeMotion
from framescout.motion import (
    KINDS,
    MUCH_FROM,
    OCTAVE,
    STEP,
    UNKNOWN,
    Kind,
    Motion,
    Source,
    Stretches,
    kinds,
    quiet_levels,
)
from framescout.settings import load
from framescout.vectors import within
from query.filters import wanted_ranges
from query.moments import RankedMoment
from query.moving import by_motion
from query.request import MOTIONS, Query
from tests.conftest import Program
from tests.footage import moving
from tests.framescout.catalog.make import make_indexed

LEVELS = st.lists(st.sampled_from([UNKNOWN, 20, 24, 34, 50, 70, 90]), max_size=24).map(lambda x: np.array(x, np.uint8))
CURVES = st.lists(
    st.tuples(st.none() | LEVELS, st.sampled_from(list(Source)), st.sampled_from([None, "yard", "gate"])),
    min_size=1,
    max_size=5,
)


def shows(kind: Kind, motion: Motion, quiet: int, start: float, end: float) -> bool:
    """Half second by half second."""
    codes = kinds(motion, quiet)
    own = [n for n in range(1000) if n * STEP < end and (n + 1) * STEP > start]
    found = [KINDS[codes[n]] if n < len(codes) else Kind.UNKNOWN for n in own]
    known = [(int(motion.levels[n]) - quiet) / OCTAVE for n in own if n < len(codes) and motion.levels[n] != UNKNOWN]
    moves = any(each in (Kind.LITTLE, Kind.MUCH, Kind.SUDDEN) for each in found)
    return {
        Kind.NONE: all(each is Kind.NONE for each in found),
        Kind.LITTLE: moves and max(known) < MUCH_FROM,
        Kind.MUCH: moves and max(known) >= MUCH_FROM,
        Kind.SUDDEN: Kind.SUDDEN in found,
    }[kind]


@settings(max_examples=60, deadline=None)
@given(CURVES, st.sampled_from(MOTIONS))
def test_the_filter_leaves_exactly_what_passes_one_by_one(
    tmp_path_factory: pytest.TempPathFactory,
    curves: list[tuple[np.ndarray | None, Source, str | None]],
    kind: Kind,
) -> None:
    by_folder = load(camera_pattern=r"/archive/(?P<camera>[^/]+)/")
    catalog = Catalog.open(tmp_path_factory.mktemp("motion"), settings=by_folder)
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        for number, (levels, source, camera) in enumerate(curves):
            video = make_indexed(f"/archive/{camera + '/' if camera else ''}{number}.mp4", count=5)
            motion = None if levels is None else Motion(levels, source)
            writer.commit_video(replace(video, motion=motion), model)
    with catalog.snapshot() as snapshot:
        space = snapshot.space(model)
        ranges = wanted_ranges(space, Query(motion=kind.value), load().zone)
        assert ranges is not None
        stored = dict(snapshot.motions())
        for video_id, first, end in space.video_ranges().tolist():
            _, source, camera = curves[video_id - 1]
            group = [
                motion
                for other, motion in stored.items()
                if other == video_id or (camera and curves[other - 1][2] == camera)
            ]
            times = space.keyframe_times(video_id)
            assert times is not None
            wanted = [
                video_id in stored
                and source is not Source.UNKNOWN
                and shows(kind, stored[video_id], quiet_levels(group)[source], start, stop)
                for start, stop in zip(times.starts, times.ends, strict=True)
            ]
            assert within(np.arange(first, end), ranges).tolist() == wanted


RANKED = st.lists(st.tuples(st.integers(1, 30), st.integers(0, 4), st.floats(0, 1)), max_size=12)


@given(RANKED, st.lists(st.sampled_from([UNKNOWN, 30, 34, 60, 90]), min_size=40, max_size=40), st.floats(0, 1))
def test_matches_come_by_motion_and_the_others_behind_them(
    given_moments: list[tuple[int, int, float]], highest: list[int], sure: float
) -> None:
    levels = np.array(highest, np.uint8)
    stretches = Stretches(levels, np.zeros(40, np.uint8), levels != UNKNOWN)
    motion = KeyframeMotion(np.arange(1, 41), stretches, np.full(40, 30, np.uint8), np.zeros(40, bool))
    moments = [
        RankedMoment(1, first, first + more, first, 0.0, confidence, np.zeros(2))
        for first, more, confidence in sorted(given_moments, key=lambda each: -each[2])
    ]
    found = list(by_motion(moments, motion, sure))
    assert sorted(map(id, found)) == sorted(map(id, moments))

    def key(place: int) -> tuple[bool, float, int]:
        moment = moments[place]
        known = [highest[n - 1] for n in range(moment.first, moment.last + 1) if highest[n - 1] != UNKNOWN]
        if moment.confidence < sure:
            return True, 0.0, place
        return False, -max(known) if known else 1.0, place

    assert [id(each) for each in found] == [id(moments[place]) for place in sorted(range(len(moments)), key=key)]


def test_a_sentence_can_be_answered_in_the_order_of_motion(tmp_path: Path, program: Program) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    for what in ("nothing", "person", "block"):
        moving.scene(archive, f"{what}.mp4", what)
    catalog = ("--catalog", tmp_path / "catalog")
    program(*catalog, "index", archive)
    asked = (*catalog, "search", "a wall", "--order", "motion", "--min-confidence", "0.000001", "--json")
    found = json.loads(program(*asked).stdout)["moments"]
    names = list(dict.fromkeys(Path(each["video"]).stem for each in found))
    assert names == ["block", "person", "nothing"]
    pages = [json.loads(program(*asked, "--limit", 1, "--page", page).stdout)["moments"] for page in (1, 2)]
    assert [each for page in pages for each in page] == found[:2]
    refused = program(*catalog, "search", "a wall", "--order", "size")
    assert refused.returncode == 2
    assert "confidence, motion" in refused.stderr


def test_without_any_sentence_it_finds_where_something_moves(tmp_path: Path, program: Program) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    moving.scene(archive, "moves.mp4", "block")
    moving.scene(archive, "rests.mp4", "nothing")
    program("--catalog", tmp_path / "catalog", "index", archive)
    found = json.loads(program("--catalog", tmp_path / "catalog", "search", "--motion", "much", "--json").stdout)
    (moment,) = found["moments"]
    assert moment["video"].endswith("moves.mp4")
    assert found["matched"]
    assert moment["start"] < moving.ENDS
    assert moment["end"] > moving.BEGINS
    assert abs(moment["start"] - moving.BEGINS) <= 0.5  # the keyframes lie at 4 and 8
    assert moving.ENDS <= moment["end"] <= moving.ENDS + 1.0
    assert moving.BEGINS <= moment["peak"] < moving.ENDS
    still = json.loads(program("--catalog", tmp_path / "catalog", "search", "--motion", "none", "--json").stdout)
    assert {Path(each["video"]).name for each in still["moments"]} == {"moves.mp4", "rests.mp4"}
    refused = program("--catalog", tmp_path / "catalog", "search", "--motion", "lots")
    assert refused.returncode == 2
    assert "none, little, much, sudden" in refused.stderr
