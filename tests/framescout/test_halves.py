"""Every float16 there is becomes the float32 that numpy makes of it, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from framescout import halves

EVERY = np.arange(1 << 16, dtype=np.uint16).view(np.float16)


@pytest.mark.parametrize("finite", [True, False], ids=["finite", "every"])
def test_it_is_what_numpy_says(finite: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(halves, "_AT_ONCE", 300)  # parts that don't end with the last row
    given = (EVERY[np.isfinite(EVERY)] if finite else EVERY).reshape(-1, 128)
    wide = np.empty(given.shape, np.float32)
    halves.widen(given, wide)
    expected = given.astype(np.float32)
    np.testing.assert_array_equal(np.isnan(wide), np.isnan(expected))
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(wide.view(np.int32)[numbers], expected.view(np.int32)[numbers])


@pytest.mark.parametrize("shape", [(0, 8), (3, 0), (1, 1)])
def test_arrays_of_nothing_and_of_one(shape: tuple[int, int]) -> None:
    wide = np.full(shape, 7, np.float32)
    halves.widen(np.full(shape, 2**-24, np.float16), wide)  # the least there is
    assert (wide == np.float32(2**-24)).all()
