"""Filters leave out what is not wanted, and nothing else."""

from __future__ import annotations

import pytest

from query.filters import matches_path


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
