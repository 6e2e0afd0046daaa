"""Edges of moments lie where motion begins and ends if the curve clearly says so, and stay where it doesn't."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec.structs import replace

from framescout.catalog import Catalog
from framescout.motion import KINDS, STEP, Kind, Motion, Source
from indexer.key_pictures import PicturedKeyframe
from indexer.keyframes import read_keyframes, spans
from indexer.motion import MotionMeter
from indexer.probe import probe
from query.answer import Moment
from query.edges import moved_end, moved_start, trimmed
from query.moments import RankedMoment, look_up
from tests.footage import moving
from tests.framescout.catalog.make import make_indexed

CURVES = st.lists(st.sampled_from(KINDS), min_size=4, max_size=24)
SECONDS = st.floats(0, 11)


def codes(kinds: list[Kind]) -> bytes:
    return bytes(KINDS.index(kind) for kind in kinds)


def half_seconds(kinds: list[Kind], earlier: float, later: float) -> list[tuple[float, Kind]]:
    """Each that overlaps [earlier, later): its first second, and its kind."""
    kinds = kinds + [Kind.UNKNOWN] * 100
    return [(n * STEP, kinds[n]) for n in range(100) if n * STEP < later and (n + 1) * STEP > earlier]


def motions(own: list[tuple[float, Kind]]) -> list[tuple[float, float]]:
    """[begins, ends) of each motion, half second by half second; what lies less than a second apart is one."""
    found: list[tuple[float, float]] = []
    for start, kind in own:
        if kind is Kind.NONE:
            continue
        if found and start - found[-1][1] < 1.0:
            found[-1] = found[-1][0], start + STEP
        else:
            found.append((start, start + STEP))
    return found


@given(CURVES, SECONDS, SECONDS)
def test_between_two_keyframes_an_edge_is_where_the_one_motion_says(kinds: list[Kind], one: float, two: float) -> None:
    assume(one != two)
    earlier, later = min(one, two), max(one, two)
    own = half_seconds(kinds, earlier, later)
    found = motions(own)
    is_clear = all(kind is not Kind.UNKNOWN for _, kind in own) and len(found) == 1
    start, end = moved_start(codes(kinds), later, earlier, later), moved_end(codes(kinds), later, earlier, later)
    if not is_clear:
        assert (start, end) == (later, later)
        return
    (begins, ends), is_still_at_first, is_still_at_last = found[0], own[0][1] is Kind.NONE, own[-1][1] is Kind.NONE
    wanted_start = begins if is_still_at_first else ends if is_still_at_last else later
    assert start == min(wanted_start, later)
    assert end == (min(ends, later) if is_still_at_last else later)
    assert earlier <= start <= later  # the keyframe inside stays inside ...
    assert earlier < end <= later  # ... and the one outside outside


@given(CURVES, SECONDS, SECONDS)
def test_a_moment_of_motion_alone_loses_the_stillness_at_its_ends(kinds: list[Kind], one: float, two: float) -> None:
    assume(one != two)
    start, end = min(one, two), max(one, two)
    own = half_seconds(kinds, start, end)
    lively = [at for at, kind in own if kind is not Kind.NONE]
    wanted = (max(start, lively[0]), min(end, lively[-1] + STEP)) if lively else (start, end)
    assert trimmed(codes(kinds), start, end) == wanted


def look_up_the_one_that_moves(
    folder: Path, path: Path, curve_of: Callable[[MotionMeter], Motion | None] = MotionMeter.motion
) -> Moment:
    """The moment of the keyframes that lie within the motion of a made scene; real keyframes, a real curve."""
    meter = MotionMeter()
    read = read_keyframes(str(path), probe(str(path)), "balanced", (64, 64), meter=meter)
    times = [each.time for each in read if isinstance(each, PicturedKeyframe)]
    made = make_indexed(str(path), count=len(times))
    stretches = spans(times, moving.SECONDS)
    keyframes = tuple(
        replace(each, time=time, span=span) for each, time, span in zip(made.keyframes, times, stretches, strict=True)
    )
    catalog = Catalog.open(folder / "catalog")
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        writer.commit_video(replace(made, keyframes=keyframes, motion=curve_of(meter)), model)
    within = [number for number, time in enumerate(times) if moving.BEGINS <= time < moving.ENDS]
    assert within, times
    with catalog.snapshot() as snapshot:
        space = snapshot.space(model)
        start = int(space.video_ranges()[0, 1])
        first, last = start + within[0], start + within[-1]
        ranked = RankedMoment(1, first, last, first, 1.0, 1.0, np.zeros(8, np.float32), goes_on=(True, True))
        return look_up(space, [ranked], [lambda video, _: video.files[0]])[0]


@pytest.mark.parametrize("codec", [name for name in moving.CODECS if name != "long groups"])
def test_a_moment_begins_and_ends_with_what_moves_in_it(tmp_path: Path, codec: str) -> None:
    ending = ".webm" if codec == "vp9" else ".mp4"
    moment = look_up_the_one_that_moves(
        tmp_path, moving.scene(tmp_path, f"scene{ending}", "block", moving.CODECS[codec])
    )
    assert abs(moment.start - moving.BEGINS) <= 1.0  # the keyframe said 6.0 and 8.0
    assert moving.ENDS - STEP <= moment.end <= moving.ENDS + 1.0
    assert moment.start <= moment.peak < moment.end


@pytest.mark.parametrize("curve", [None, Motion(np.zeros(24, np.uint8), Source.UNKNOWN, "its rate is held")])
def test_where_the_curve_knows_nothing_the_keyframes_say_it(tmp_path: Path, curve: Motion | None) -> None:
    moment = look_up_the_one_that_moves(tmp_path, moving.scene(tmp_path, "scene.mp4", "block"), lambda _: curve)
    assert (moment.start, moment.end) == (6.0, 8.0)
