"""Containers that say little: each frame of the film gets its own time, from the start and behind a seek."""

import numpy as np
import pytest

from framescout.media.container import open_video
from framescout.media.frames import frames_from, picture_at, upright
from tests.footage import reports
from tests.footage.make import read_number


@pytest.mark.parametrize("name", reports.WITHOUT_TIMES)
def test_every_frame_is_there_with_its_time_though_the_container_gives_none(tmp_path, name):
    path = reports.without_times(tmp_path, name)
    with open_video(path) as video:
        frames = [(read_number(upright(each.frame, video)), each.time) for each in frames_from(video, 0.0)]
    assert [number for number, _ in frames] == list(range(75))
    assert [time for _, time in frames] == pytest.approx([n / 25 for n in range(75)], abs=0.001)
    assert read_number(picture_at(path, 2.01)) == 50


def test_behind_a_seek_in_a_program_stream_frames_have_the_times_that_they_have_from_the_start(tmp_path):
    path = reports.small_pictures(tmp_path)
    with open_video(path) as video:
        first = next(frames_from(video, 0.0)).time
        for seconds in np.arange(0.51, 11.5, 1 / 3):
            shown = next(frames_from(video, first + seconds))
            assert shown.time <= first + seconds
            assert shown.time - first == pytest.approx(read_number(upright(shown.frame, video)) / 25, abs=0.001)


def test_a_cover_that_nobody_marked_is_not_the_film(tmp_path):
    path = reports.unmarked_cover(tmp_path)
    with open_video(path) as video:
        assert (video.stream.index, video.stream.codec_context.name, video.other_films) == (1, "h264", 0)
        assert read_number(upright(next(frames_from(video, 0.0)).frame, video)) == 0
    assert read_number(picture_at(path, 1.0)) == 25


@pytest.mark.parametrize("name", ["blackbox.mp4", "blackbox.mkv", "blackbox.ts"])
def test_the_first_of_two_cameras_is_shown_and_the_other_counted(tmp_path, name):
    with open_video(reports.two_cameras(tmp_path, name)) as video:
        assert (video.stream.index, video.other_films) == (0, 1)
        assert read_number(upright(next(frames_from(video, 0.0)).frame, video)) == 0
