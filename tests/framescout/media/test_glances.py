"""A glance at real files: what moves shakes, what rests doesn't, and what can't be looked at is not known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from framescout.media.glances import glances
from tests.footage import make, moving


@pytest.mark.parametrize("codec", ["x264", "pyramid", "hevc", "vp9", "av1", "mpeg4"])
def test_what_moves_is_told_from_what_rests(tmp_path: Path, codec: str) -> None:
    path = moving.scene(tmp_path, "scene.mkv", "block", moving.CODECS[codec])
    before, moved, after = glances(str(path), [0.0, 6.0, 10.0])
    assert moved > np.nan_to_num(before, nan=-5.0) + 1
    assert moved > np.nan_to_num(after, nan=-5.0) + 1


def test_what_lies_far_behind_a_key_picture_is_not_decoded(tmp_path: Path) -> None:
    path = moving.scene(tmp_path, "scene.mp4", "block", moving.CODECS["long groups"])
    far, near = glances(str(path), [6.0, 2.0])
    assert np.isnan(far)
    assert near < 0 or np.isnan(near)  # octaves: nothing moves there


def test_what_lies_behind_the_end_or_is_no_video_is_not_known(tmp_path: Path) -> None:
    path = moving.scene(tmp_path, "scene.mp4", "block")
    assert np.isnan([*glances(str(path), [500.0, 1e9])]).all()
    noise = tmp_path / "noise.mp4"
    noise.write_bytes(np.random.default_rng(4).bytes(5000))
    assert np.isnan([*glances(str(noise), [0.0, 1.0])]).all()
    assert len([*glances(str(tmp_path / "gone.mp4"), [0.0, 1.0])]) == 2
    assert [*glances(str(path), [])] == []


def test_a_file_without_times_is_not_looked_at(tmp_path: Path) -> None:
    path = make.raw_h264(tmp_path)
    assert np.isnan([*glances(str(path), [0.0])]).all()
