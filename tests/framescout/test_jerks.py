"""Jerks tell what hits from what passes by and from what rests."""

from __future__ import annotations

import numpy as np

from framescout.jerks import SIDE, mean_octaves


def shaking(amounts: np.ndarray) -> list[np.ndarray]:
    """(SIDE, SIDE) each: a bright square over a dark ground, moved by so many pixels from each picture to the next."""
    pictures = []
    for at in np.cumsum(amounts).tolist():
        picture = np.full((SIDE, SIDE), 40, np.float32)
        left = round(at) % 36
        picture[15:30, left : left + 12] = 220
        pictures.append(picture)
    return pictures


def test_jerks_tell_shaking_from_passing_by_and_from_rest() -> None:
    random = np.random.default_rng(2)
    passing = mean_octaves(shaking(np.full(16, 2.0)))
    blows = mean_octaves(shaking(random.choice([-12.0, 0.5, 12.0, 15.0], 16)))
    assert blows > passing + 1
    assert np.isnan(mean_octaves(shaking(np.zeros(16))))  # one picture, shown again and again
    assert np.isnan(mean_octaves([]))
    again = [picture for picture in shaking(np.full(8, 2.0)) for _ in range(3)]  # a camera of few pictures a second
    assert mean_octaves(again) == mean_octaves(shaking(np.full(8, 2.0)))
