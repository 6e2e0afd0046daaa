"""Glances lie behind key pictures, one a minute, where most moves."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from framescout.motion import OCTAVE, UNKNOWN, Motion, Source, to_amounts
from indexer.glances import APART, glance_times, jerk_levels


@given(
    st.lists(st.sampled_from([UNKNOWN, 40, 90, 120]), max_size=500),
    st.lists(st.integers(0, 1000), unique=True, max_size=40),
)
def test_of_each_minute_the_key_picture_behind_which_most_moves(levels: list[int], quarters: list[int]) -> None:
    motion, keys = Motion(np.array(levels, np.uint8), Source.SIZES), [each / 4 for each in sorted(quarters)]
    times = glance_times(motion, keys)
    assert times == sorted(times)
    minutes = {int(key // APART) for key in keys}
    assert [int(time // APART) for time in times] == sorted(minutes)
    for time in times:
        rivals = [key for key in keys if int(key // APART) == int(time // APART)]
        assert max(rivals, key=lambda key: motion.level_at(key + 0.25)) == time  # of equals the first


@given(st.lists(st.tuples(st.integers(0, 50), st.floats(-4, 8) | st.just(np.nan)), max_size=20))
def test_levels_hold_what_glances_told(told: list[tuple[int, float]]) -> None:
    seen = {minute * APART + 3.7: octaves for minute, octaves in sorted(dict(told).items())}
    levels = jerk_levels([*seen], [*seen.values()])
    found = {place: level for place, level in enumerate(np.log2(to_amounts(levels))) if not np.isnan(level)}
    wanted = {int(time // 0.5): octaves for time, octaves in seen.items() if not np.isnan(octaves)}
    assert found.keys() == wanted.keys()
    assert all(abs(found[place] - wanted[place]) <= 0.5 / OCTAVE + 1e-6 for place in wanted)
