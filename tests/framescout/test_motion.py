"""A motion curve is numbers that are never NaN, packs into few bytes, and means what its kinds say."""

from __future__ import annotations

import contextlib
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from framescout import motion as curves
from framescout.motion import (
    BYTES_AN_HOUR,
    KINDS,
    OCTAVE,
    STEP,
    UNKNOWN,
    Kind,
    Motion,
    Source,
    counted,
    kinds,
    packed,
    quiet_level,
    to_amounts,
    to_levels,
    unpacked,
)
from framescout.timeline import Span

LEVELS = arrays.arrays(np.uint8, st.integers(0, 300))
HOUR = round(3600 / STEP)


@given(st.lists(st.floats(), max_size=50))
def test_any_amount_has_a_level_and_every_level_an_amount(amounts: list[float]) -> None:
    levels = to_levels(np.array(amounts, np.float64))
    back = to_amounts(levels)
    for amount, level, again in zip(amounts, levels.tolist(), back.tolist(), strict=True):
        assert (level == UNKNOWN) == math.isnan(again) == (not math.isfinite(amount) or amount < 0)
        if 1 < level < 255:
            assert abs(math.log2(again / amount)) <= 0.5 / OCTAVE + 1e-9


@settings(max_examples=200)
@given(LEVELS)
def test_what_is_unknown_stays_unknown_and_the_rest_is_about_the_same(levels: np.ndarray) -> None:
    again = unpacked(packed(levels))
    assert ((again == UNKNOWN) == (levels == UNKNOWN)).all()
    if len(levels) <= 50:  # few enough to be kept as they are
        assert (again == levels).all()


@pytest.mark.parametrize("spread", [0.0, 2.0, 8.0, 40.0, 300.0])
def test_an_hour_takes_two_kilobytes_whatever_happens(spread: float) -> None:
    random = np.random.default_rng(7)
    levels = np.clip(90 + random.normal(0, spread, 3 * HOUR), 0, 255).astype(np.uint8)
    assert len(packed(levels)) <= 3 * BYTES_AN_HOUR
    if spread <= 8:  # an octave up and down from one half second to the next: much more than a calm camera's
        assert np.abs(unpacked(packed(levels)).astype(int) - levels).max() <= 1.5 * OCTAVE


@given(st.binary(max_size=60))
def test_bytes_that_are_no_curve_are_an_error(data: bytes) -> None:
    with contextlib.suppress(ValueError):
        assert unpacked(data).dtype == np.uint8
    with pytest.raises(ValueError, match="whole"):
        unpacked(packed(np.arange(9, dtype=np.uint8))[:-1])


@given(LEVELS, st.floats(0, 200), st.floats(0, 60))
def test_a_stretch_has_the_levels_of_every_half_second_that_it_touches(
    levels: np.ndarray, start: float, length: float
) -> None:
    motion, span = Motion(levels, Source.SIZES), Span(start, start + length)
    touched = [
        level
        for place, level in enumerate(levels.tolist())
        if place * STEP <= start < (place + 1) * STEP or (place * STEP < span.end and (place + 1) * STEP > span.start)
    ]
    assert motion.within(span).tolist() == touched
    assert motion.highest(span) == max(touched, default=UNKNOWN)
    assert motion.level_at(start) == (touched[0] if touched else UNKNOWN)
    assert motion.level_at(-1.0) == UNKNOWN


@given(st.lists(LEVELS, max_size=4), st.sampled_from([Source.SIZES, Source.PICTURES]))
def test_the_quiet_level_of_several_curves_is_that_of_all_their_half_seconds(
    several: list[np.ndarray], source: Source
) -> None:
    joined = np.concatenate([*several, np.zeros(0, np.uint8)])
    counts = sum((counted(levels) for levels in several), np.zeros(256, np.int64))
    known = np.sort(joined[joined != UNKNOWN])
    quiet = quiet_level(counts, source)
    assert quiet_level(counts, Source.UNKNOWN) == UNKNOWN
    if not len(known):
        assert quiet == UNKNOWN
    else:
        least = to_levels(np.array([curves._LEAST_QUIET[source]]))[0]
        assert quiet == max(known[math.ceil(0.2 * len(known)) - 1], least)


@given(LEVELS, st.integers(0, 255), st.sampled_from(list(Source)))
def test_kinds_are_those_that_the_thresholds_say(levels: np.ndarray, quiet: int, source: Source) -> None:
    found = [KINDS[code] for code in kinds(Motion(levels, source), quiet)]
    is_noisy = source is Source.SIZES and quiet >= to_levels(np.array([curves.NOISY_FROM]))[0]
    for place, level in enumerate(levels.tolist()):
        before = levels[max(0, place - 4) : place].tolist()
        rise = (level - quiet) / OCTAVE
        if UNKNOWN in (level, quiet):
            wanted = Kind.UNKNOWN
        elif rise < 1:
            wanted = Kind.UNKNOWN if is_noisy else Kind.NONE
        elif len(before) == 4 and min(before) > UNKNOWN and level - max(before) >= 2 * OCTAVE:
            wanted = Kind.SUDDEN
        else:
            wanted = Kind.LITTLE if rise < 3 else Kind.MUCH
        assert found[place] is wanted
