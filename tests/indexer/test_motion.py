"""Motion is found when it happens, in every way of coding; where sizes tell nothing, nothing is claimed."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.catalog.records import ReadEnd
from framescout.motion import KINDS, STEP, UNKNOWN, Kind, Motion, Source, counted, kinds, quiet_level, to_levels
from indexer import motion as metering
from indexer.keyframes import read_keyframes
from indexer.motion import MotionMeter, change, is_light, read_motion
from indexer.probe import probe
from tests.footage import make, moving

SIDE = metering.SIDE


def motion_of(path: Path, density: str = "balanced") -> Motion:
    meter = MotionMeter()
    for _ in read_keyframes(str(path), probe(str(path)), density, (224, 224), meter=meter):
        pass
    return meter.motion()


def kinds_of(motion: Motion) -> list[Kind]:
    quiet = quiet_level(counted(motion.levels), motion.source)
    return [KINDS[code] for code in kinds(motion, quiet)]


def between(found: list[Kind], start: float, end: float) -> set[Kind]:
    return set(found[round(start / STEP) : round(end / STEP)])


MOVES = {Kind.LITTLE, Kind.MUCH, Kind.SUDDEN}
CASES = [
    *((name, f"scene{'.mkv' if name == 'vp9' else '.avi' if name == 'mpeg4' else '.mp4'}") for name in moving.CODECS),
    ("x264", "scene.ts"),
    ("pyramid", "scene.mkv"),
    ("hevc", "scene.ts"),
]


@pytest.mark.parametrize(("codec", "name"), CASES)
def test_a_person_who_moves_is_seen_when_she_moves(tmp_path: Path, codec: str, name: str) -> None:
    motion = motion_of(moving.scene(tmp_path, name, "person", moving.CODECS[codec]))
    found = kinds_of(motion)
    assert motion.source is Source.SIZES
    assert between(found, moving.BEGINS, moving.ENDS - STEP) <= MOVES
    assert between(found, 1.0, moving.BEGINS - STEP) == {Kind.NONE}
    assert between(found, moving.ENDS + 1.0, moving.SECONDS) == {Kind.NONE}


@pytest.mark.parametrize("codec", moving.CODECS)
def test_in_a_still_scene_nothing_moves(tmp_path: Path, codec: str) -> None:
    path = moving.scene(tmp_path, "scene.mkv", "nothing", moving.CODECS[codec])
    assert set(kinds_of(motion_of(path))) == {Kind.NONE}


@pytest.mark.parametrize("noise", [2.0, 5.0])
@pytest.mark.parametrize("how", [moving.X264, moving.HELD, moving.CODECS["long groups"], moving.ZERO_LATENCY])
def test_in_noise_motion_may_be_unknown_and_is_never_denied(tmp_path: Path, how: tuple[str, ...], noise: float) -> None:
    found = kinds_of(motion_of(moving.scene(tmp_path, "scene.mp4", "block", how, noise)))
    assert Kind.NONE not in between(found, moving.BEGINS, moving.ENDS - STEP)


@pytest.mark.parametrize("name", ["scene.mp4", "scene.ts"])
def test_filler_that_holds_a_rate_is_left_out(tmp_path: Path, name: str) -> None:
    motion = motion_of(moving.scene(tmp_path, name, "person", moving.HELD))
    assert motion.source is Source.SIZES
    found = kinds_of(motion)
    assert between(found, moving.BEGINS, moving.ENDS - STEP) <= {Kind.MUCH, Kind.SUDDEN}
    assert between(found, 3.0, moving.BEGINS) == {Kind.NONE}  # until then the encoder makes its pictures better


def test_a_rate_that_is_held_leaves_the_key_pictures(tmp_path: Path) -> None:
    motion = motion_of(moving.scene(tmp_path, "scene.mp4", "person", moving.HELD, 4.0))
    assert (motion.source, motion.detail) == (Source.PICTURES, "its rate is held")
    found = kinds_of(motion)  # a key picture each two seconds
    assert between(found, 4.0, 8.0) <= MOVES
    assert between(found, 0.0, 4.0) == between(found, 8.0, 10.0) == {Kind.NONE}


@pytest.mark.parametrize("codec", moving.CODECS)
def test_light_that_fades_is_no_motion(tmp_path: Path, codec: str) -> None:
    motion = motion_of(moving.scene(tmp_path, "scene.mkv", "light", moving.CODECS[codec]))
    assert between(kinds_of(motion), 1.0, 8.0) <= {Kind.NONE, Kind.UNKNOWN}
    assert motion.detail == "the light changes"


@pytest.mark.parametrize("how", [moving.REFRESH, moving.ZERO_LATENCY])
@pytest.mark.parametrize("name", ["scene.mp4", "scene.ts"])
def test_where_blocks_are_refreshed_in_turn_nothing_is_known(tmp_path: Path, how: tuple[str, ...], name: str) -> None:
    motion = motion_of(moving.scene(tmp_path, name, "person", how))
    assert motion.source is Source.UNKNOWN
    assert "refreshed" in motion.detail


UNUSUAL: dict[str, tuple[Callable[[Path], Path], Source]] = {
    "every picture alone": (lambda folder: make.numbered(folder, gop=1), Source.PICTURES),
    "MJPEG": (make.mjpeg, Source.PICTURES),
    "an elementary stream": (make.raw_h264, Source.PICTURES),
    "AVI with B-frames": (make.mpeg4_avi, Source.PICTURES),
    "one picture": (lambda folder: make.numbered(folder, seconds=0.04), Source.UNKNOWN),
    "two pictures": (lambda folder: make.numbered(folder, seconds=0.08), Source.PICTURES),
    "a varying rate": (lambda folder: make.variable_rate(folder, gop=40), Source.SIZES),
    "the same much in every group": (make.variable_rate, Source.PICTURES),
    "a clock that starts late": (make.late_start, Source.SIZES),
    "an edit list": (make.edit_list, Source.SIZES),
    "an edit list that hides the key picture": (make.edit_list_without_key, Source.SIZES),
    "an end that is missing": (make.truncated, Source.SIZES),
    "noise in the middle": (make.garbled, Source.SIZES),
    "another size on the way": (make.changed_on_the_way, Source.SIZES),
    "interlaced": (make.interlaced, Source.SIZES),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_unusual_footage_has_a_curve_or_a_reason(tmp_path: Path, name: str) -> None:
    maker, source = UNUSUAL[name]
    path = maker(tmp_path)
    motion = motion_of(path)
    (*_, end) = read_keyframes(str(path), probe(str(path)), "balanced", (224, 224))
    assert isinstance(end, ReadEnd)
    assert motion.source is source
    assert motion.levels.dtype == np.uint8
    assert bool(motion.levels.any()) == (source is not Source.UNKNOWN)
    assert motion.detail or source is Source.SIZES
    assert len(motion.levels) <= math.ceil(end.read_to / STEP) + 1
    assert len(kinds_of(motion)) == len(motion.levels)


@pytest.mark.parametrize(("what", "name"), [("person", "scene.mp4"), ("person", "scene.ts"), ("nothing", "scene.mkv")])
def test_packets_alone_tell_the_same(tmp_path: Path, what: str, name: str) -> None:
    path = moving.scene(tmp_path, name, what, moving.CODECS["pyramid"])
    with_pictures, alone = motion_of(path), read_motion(str(path))
    assert alone.levels.tolist() == with_pictures.levels.tolist()
    assert (alone.source, alone.detail) == (Source.SIZES, metering.UNSEEN_LIGHT)


PACKETS = st.lists(
    st.tuples(
        st.one_of(st.floats(-1, 40), st.sampled_from([0.0, 1e9, 1e300, 39.5, -1e12])), st.integers(0, 5000),
        st.sampled_from([True, False, False, False]),
    ),
    max_size=60,
)  # fmt: skip


def slowly(packets: list[tuple[float, int, bool]]) -> dict[int, tuple[float, float]]:
    """Half second -> (shares, count), packet by packet and piece by piece."""
    sums: dict[int, tuple[float, float]] = {}

    def put(place: int, share: float, count: float) -> None:
        before = sums.get(place, (0.0, 0.0))
        sums[place] = before[0] + share, before[1] + count

    latest, key = packets[0][0] if packets else 0.0, 0
    for shown, size, is_key in packets:
        key = size if is_key else key
        counts = not is_key and key > 0
        if shown > latest:
            if counts and shown - latest <= 5.0:
                start, step, length = Fraction(latest), Fraction(STEP), Fraction(shown) - Fraction(latest)
                while start < shown:
                    place = start // step
                    end = min(Fraction(shown), (place + 1) * step)
                    part = float((end - start) / length)
                    put(int(place), part * size / key, part)
                    start = end
            latest = shown
        elif counts:
            put(math.floor(shown / STEP), size / key, 1.0)
    return sums


@settings(max_examples=100, deadline=None)
@given(PACKETS, st.integers(1, 7))
def test_any_packets_make_the_sums_that_one_at_a_time_makes(
    packets: list[tuple[float, int, bool]], at_once: int
) -> None:
    before = metering._AT_ONCE
    metering._AT_ONCE = at_once
    try:
        meter = MotionMeter()
        for packet in packets:
            meter.packet(*packet)
        motion, levels = meter.motion(), meter._packets.levels()
    finally:
        metering._AT_ONCE = before
    assert motion.levels.dtype == np.uint8
    wanted = {p: s / c for p, (s, c) in slowly(packets).items() if p >= 0 and c >= 2e-3 and p < metering.MOST_LEVELS}
    for place, amount in wanted.items():
        assert abs(int(levels[place]) - int(to_levels(np.array([amount]))[0])) <= 1
    known = {place for place, (_, count) in slowly(packets).items() if count > 0}
    assert set(np.flatnonzero(levels != UNKNOWN).tolist()) <= known


def picture(seed: int = 0) -> np.ndarray:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    random = np.random.default_rng(seed)
    waves = [30 * np.sin(rows * a + columns * b) for a, b in random.uniform(0.2, 0.9, (4, 2))]
    return (120 + sum(waves)).clip(0, 255).astype(np.float32)  # type: ignore[no-any-return]


def test_light_is_told_from_what_moves() -> None:
    before = picture()
    uneven = before * (1 - 0.5 * np.linspace(0, 1, SIDE, dtype=np.float32))
    assert not is_light(before, before)
    assert is_light(before, before * 0.6)
    assert is_light(before, uneven)
    assert not is_light(before, np.roll(before, 9, axis=1))
    assert not is_light(before, picture(1) * 0.5)
    assert change(before, before) == 0.0
    assert change(before, before + 51) == pytest.approx(0.2)
