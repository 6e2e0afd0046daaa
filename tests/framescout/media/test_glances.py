"""A glance at real files: what moves shakes, what rests doesn't, and what can't be looked at is not known."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from framescout.jerks import GLANCE, SIDE, STEP, mean_octaves
from framescout.media.container import open_video
from framescout.media.frames import Scaler, orientation_of, rewind, seek
from framescout.media.glances import glances
from tests.footage import make, moving

INTERLACED = (*moving.X264, "-flags", "+ildct+ilme", "-x264-params", "tff=1:bframes=3")
TIMES = [0.0, 2.34, 4.9, 5.6, 6.0, 6.77, 10.0, 11.8]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("codec", [*moving.CODECS, "interlaced"])
def test_pictures_that_nobody_looks_at_may_be_passed_over(tmp_path: Path, codec: str, threads: int) -> None:
    """What is told is what decoding every picture tells."""
    name = "scene.mkv" if codec in ("vp9", "av1") else "scene.ts" if codec == "interlaced" else "scene.mp4"
    path = moving.scene(tmp_path, name, "block", moving.CODECS.get(codec, INTERLACED), noise=3)
    told = [*glances(str(path), TIMES, threads=threads)]
    np.testing.assert_array_equal(told, [_by_every_picture(path, time) for time in TIMES])
    assert np.isfinite(told).sum() > 2


def _by_every_picture(path: Path, start: float) -> float:
    greys, wanted, scaler = [], start, Scaler()
    with open_video(path) as video:
        video.stream.codec_context.options |= {"skip_loop_filter": "all"}
        if path.suffix == ".ts":  # where a seek may come out behind the key picture
            rewind(video)
        else:
            seek(video, start)
        for number, packet in enumerate(chain(video.packets(), [None])):
            for frame in video.decode(packet) if number < 120 or path.suffix == ".ts" else ():
                time = video.seconds(frame.pts)
                if wanted - 1e-3 <= time <= start + GLANCE + 1e-3:
                    wanted += STEP
                    picture = scaler.squash(frame, (SIDE, SIDE), orientation_of(frame, video))
                    greys.append(picture[..., 1].astype(np.float32))
    return mean_octaves(greys)


@pytest.mark.parametrize("codec", ["x264", "pyramid", "hevc", "vp9", "av1", "mpeg4"])
def test_what_moves_is_told_from_what_rests(tmp_path: Path, codec: str) -> None:
    path = moving.scene(tmp_path, "scene.mkv", "block", moving.CODECS[codec])
    before, moved, after = glances(str(path), [0.0, 6.0, 10.0])
    assert moved > np.nan_to_num(before, nan=-5.0) + 1
    assert moved > np.nan_to_num(after, nan=-5.0) + 1


@pytest.mark.parametrize("name", ["late.mp4", "late.ts"])
def test_a_film_that_begins_behind_its_sound_is_looked_at_from_its_first_picture_on(tmp_path: Path, name: str) -> None:
    path = make.late_start(tmp_path, name, offset=0.0)
    (told,) = glances(str(path), [0.2])
    assert told == _by_every_picture(path, 0.2)


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
