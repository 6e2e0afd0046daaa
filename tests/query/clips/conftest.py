"""The programs that cut clips: the one that comes with framescout, and the one that the system has, if it has one."""

from __future__ import annotations

import shutil

import pytest

from framescout.media.ffmpeg import choose_ffmpeg


@pytest.fixture(params=["", "ffmpeg"], ids=["ours", "system"])
def each_ffmpeg(request: pytest.FixtureRequest) -> None:
    """Releases guess differently what a graph leaves open, so that clips are cut with an old and a new one."""
    if request.param and not shutil.which(request.param):
        pytest.skip("no ffmpeg program is on the PATH")
    choose_ffmpeg(request.param)
