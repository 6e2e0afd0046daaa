"""Motion as evidence, against the slow obvious way; and events told by motion alone, in a place, at night."""

from __future__ import annotations

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import framescout
from framescout.catalog import Catalog
from framescout.catalog.records import FileIdentity, IndexedVideo, Keyframe, KeyframeTimes, Probe, ReadEnd
from framescout.embedding import load_embedder
from framescout.motion import OCTAVE, STEP, UNKNOWN, Motion, Source, kinds, quiet_level, quiet_levels, to_amounts
from framescout.recording import Said
from framescout.timeline import Span
from query.engine import Engine
from query.events import Context, Event, watch
from query.events.moments import stored_moments
from query.events.motion import JERKS_HOLD, PER_OCTAVE, jerk_odds, motion_odds, odds_of_jerks

levels = st.lists(st.sampled_from([UNKNOWN, 20, 30, 60, 90, 120]), min_size=1, max_size=30)
spans = st.lists(st.sampled_from([0.25, 0.5, 1.0, 4.0]), min_size=1, max_size=12)


def times_of(lengths: list[float]) -> KeyframeTimes:
    ends = np.cumsum(lengths)
    starts = ends - lengths
    return KeyframeTimes(1, np.arange(len(lengths)), starts, starts, ends)


@given(levels, spans, st.sampled_from(["none", "little", "much", "sudden"]))
def test_motion_is_the_highest_of_a_keyframes_stretch(curve: list[int], lengths: list[float], asked: str) -> None:
    motion, times = Motion(np.array(curve, np.uint8), Source.SIZES), times_of(lengths)
    quiet = quiet_levels([motion])
    odds = motion_odds(asked, motion, times, quiet)
    for place in range(len(lengths)):
        first = int(times.starts[place] // STEP)
        cells = [n for n in range(first, max(first + 1, int(np.ceil(times.ends[place] / STEP)))) if n < len(curve)]
        known = [n for n in cells if curve[n] != UNKNOWN]
        jumps = [curve[n] - max(curve[n - 4 : n]) for n in known if n >= 4 and UNKNOWN not in curve[n - 4 : n]]
        if not known or not any(curve) or (asked == "sudden" and not jumps):
            assert np.isnan(odds[place])
            continue
        rise = (max(curve[n] for n in known) - quiet[Source.SIZES]) / OCTAVE
        wanted = {"none": 1 - rise, "little": rise - 1, "much": rise - 3}
        if asked == "sudden":
            wanted["sudden"] = min(max(jumps) / OCTAVE - 2, rise - 1)
        assert odds[place] == pytest.approx(PER_OCTAVE * wanted[asked])


@given(levels, spans)
def test_jerks_hold_for_two_seconds_around_a_glance(seen: list[int], lengths: list[float]) -> None:
    motion, times = Motion(np.zeros(0, np.uint8), Source.UNKNOWN, jerks=np.array(seen, np.uint8)), times_of(lengths)
    odds = jerk_odds(motion, times)
    for place in range(len(lengths)):
        near = [
            level
            for number, level in enumerate(seen)
            if level != UNKNOWN and times.starts[place] - JERKS_HOLD <= number * STEP <= times.ends[place] + JERKS_HOLD
        ]
        if near:
            octaves = np.log2(to_amounts(np.array([max(near)])))
            assert odds[place] == pytest.approx(odds_of_jerks(octaves)[0])
        else:
            assert np.isnan(odds[place])


def test_the_borders_are_those_of_the_kinds_of_motion() -> None:
    curve = np.array([10, 10, 10, 10, 10, 17, 18, 33, 34, 60, 60, 60, 60, 60], np.uint8)
    motion = Motion(curve, Source.PICTURES)
    quiet = quiet_levels([motion])
    assert quiet == {Source.PICTURES: quiet_level(np.bincount(curve, minlength=256), Source.PICTURES)}
    times = times_of([0.5] * len(curve))
    moves = motion_odds("little", motion, times, quiet) >= 0
    assert moves.tolist() == [code not in (0, 1) for code in kinds(motion, quiet[Source.PICTURES])]


def test_what_nobody_knows_says_nothing() -> None:
    times = times_of([1.0, 1.0])
    assert np.isnan(motion_odds("much", None, times, {})).all()
    assert np.isnan(motion_odds("much", Motion(np.zeros(4, np.uint8), Source.UNKNOWN), times, {})).all()


def recorded(number: int, at: datetime, curve: np.ndarray, dimensions: int) -> IndexedVideo:
    keyframes = tuple(Keyframe(n, Fraction(1), float(n), Span(n, n + 1.0)) for n in range(60))
    rows = np.tile(np.eye(1, dimensions, number, dtype=np.float16), (60, 1))
    probe = Probe(
        60.0,
        1.0,
        False,
        64,
        64,
        0,
        Fraction(1),
        0.0,
        "h264",
        False,
        {"container": "mov", "creation_time": at.isoformat()},
    )
    return IndexedVideo(
        FileIdentity(f"/{number}.mp4", 1, 1, f"hash {number}"), probe,
        ReadEnd(60.0, True), keyframes, rows, "balanced", Motion(curve, Source.SIZES),
    )  # fmt: skip


@pytest.fixture
def vault(tmp_path: Path, towers: Path) -> Catalog:
    """Three minutes of a vault; in each something moves for three seconds: at noon, at 22:00, and one is not known."""
    catalog = framescout.open(tmp_path / "catalog")
    embedder = load_embedder("starter", cache=towers)
    still, moved = np.full(120, 20, np.uint8), np.full(120, 20, np.uint8)
    moved[40:46] = 70
    catalog.say([Said(folder="/", camera="vault")])
    with catalog.writer() as writer:
        model = writer.model("starter", embedder.fingerprint, embedder.dimensions)
        writer.activate(model)
        for number, (hour, curve) in enumerate([(12, moved), (22, moved), (23, still), (23, np.zeros(120, np.uint8))]):
            at = datetime(2026, 2, 14, hour, 10 * number, tzinfo=UTC)
            writer.commit_video(recorded(number, at, curve, embedder.dimensions), model)
    return catalog


def test_something_moves_in_the_vault_after_nine(vault: Catalog) -> None:
    engine = Engine(vault, zone=UTC)
    at_night = Event(motion="little", least_seconds=1.0, only=Context(hours="21:00-06:00", cameras=("vault",)))
    watch(engine, {"moves": at_night, "moves at all": Event(motion="little", least_seconds=1.0)})
    found = stored_moments(engine)
    assert [(moment.video, moment.start, moment.end) for moment, _ in found["moves"]] == [("/1.mp4", 20.0, 23.0)]
    assert {moment.video for moment, _ in found["moves at all"]} == {"/0.mp4", "/1.mp4"}
    assert all(moment.start == 20.0 for moment, _ in found["moves at all"])
