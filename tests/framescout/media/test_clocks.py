"""Files whose clock begins anew: everything in them has a place, and is found there."""

import pytest

from framescout.media.container import open_video
from framescout.media.frames import frames_from, pictures_at, upright
from indexer.keyframes import read_keyframes
from indexer.probe import probe
from tests.footage import make, reports
from tests.footage.make import read_number

FRAMES = [*range(100), *range(75), *range(100)]


@pytest.mark.parametrize("starts", [(0.0, 0.0, 0.0), (5000.0, 10.0, 5.0)])
def test_the_stretches_follow_one_another_and_every_frame_has_its_place(tmp_path, starts):
    path = reports.appended(tmp_path, starts=starts)
    with open_video(path) as video:
        frames = [(read_number(upright(each.frame, video)), each.time) for each in frames_from(video, 0.0)]
        assert [each.begins for each in video.stretches] == pytest.approx([0.0, 4.0, 7.0], abs=0.05)
    assert [number for number, _ in frames] == FRAMES
    first = frames[0][1]
    assert [time - first for _, time in frames] == pytest.approx([n / 25 for n in range(275)], abs=0.005)
    asked = [frames[n][1] + 0.01 for n in (3, 99, 100, 120, 174, 175, 230, 274)]
    assert [read_number(each) for each in pictures_at(path, asked)] == [3, 99, 0, 20, 74, 0, 55, 99]


def test_a_whole_file_with_several_clocks_is_indexed(tmp_path):
    path = reports.appended(tmp_path)
    facts = probe(str(path))
    *keyframes, end = read_keyframes(str(path), facts, "balanced", (160, 120))
    assert (facts.frame_rate, facts.duration) == (25.0, pytest.approx(11.0, abs=0.05))
    assert (end.is_complete, end.read_to) == (True, pytest.approx(11.0, abs=0.05))
    zero = keyframes[0].time
    assert [read_number(each.picture) for each in keyframes] == [
        FRAMES[round((each.time - zero) * 25)] for each in keyframes
    ]


def test_a_file_with_one_clock_has_no_stretches(tmp_path):
    for path in (make.late_start(tmp_path), make.interlaced(tmp_path), make.numbered(tmp_path)):
        with open_video(path) as video:
            assert video.stretches == ()
