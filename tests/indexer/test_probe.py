from fractions import Fraction

import pytest

from framescout.errors import MediaError, Reason
from indexer.probe import probe
from tests.footage import make, reports
from tests.footage.referee import decode_all


def test_a_plain_video_says_what_it_is(tmp_path):
    found = probe(str(make.numbered(tmp_path, audio=True)))
    assert (found.duration, found.frame_rate, found.is_variable_rate) == (pytest.approx(4.0), 25.0, False)
    assert (found.width_px, found.height_px, found.rotation) == (320, 240, 0)
    assert (found.sample_aspect_ratio, found.codec, found.has_audio) == (1, "h264", True)
    assert "creation_time" not in found.tags


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_is_told_clockwise_and_the_size_is_that_shown(tmp_path, degrees):
    found = probe(str(make.rotated(tmp_path, degrees=degrees, seconds=0.4)))
    assert (found.rotation, found.width_px, found.height_px) == (degrees, 320, 240)


def test_wide_pixels_make_the_shown_picture_wider(tmp_path):
    found = probe(str(make.wide_pixels(tmp_path, seconds=0.4)))
    assert (found.sample_aspect_ratio, found.width_px, found.height_px) == (Fraction(2), 640, 240)


@pytest.mark.parametrize("name", ["variable_rate.mp4", "variable_rate.mkv"])
def test_a_variable_rate_is_told_with_its_mean(tmp_path, name):
    found = probe(str(make.variable_rate(tmp_path, name)))
    assert found.is_variable_rate
    assert found.frame_rate == pytest.approx(90 / 6.5, rel=0.05)


def test_a_late_clock_is_an_offset_and_the_end_lies_where_a_player_ends(tmp_path):
    path = make.late_start(tmp_path)
    found = probe(str(path))
    last = decode_all(path)[-1]
    assert found.start_offset == pytest.approx(3600, abs=0.1)
    assert found.duration == pytest.approx(last.time + 1 / 25, abs=0.001)


def test_what_an_edit_list_hides_is_not_counted(tmp_path):
    assert probe(str(make.edit_list(tmp_path))).duration == pytest.approx(5 - 1.48, abs=0.001)


@pytest.mark.parametrize("name", ["live.mkv", "stream.h264"])
def test_a_duration_that_no_header_has_comes_from_the_packets(tmp_path, name):
    live = ("-live", "1") if name.endswith("mkv") else ()
    assert probe(str(make.numbered(tmp_path, name, options=live))).duration == pytest.approx(4.0, abs=0.05)


def test_a_tape_without_a_container_has_its_own_rate(tmp_path):
    found = probe(str(reports.raw_dv(tmp_path)))
    assert (found.frame_rate, found.is_variable_rate, found.duration) == (25.0, False, 2.0)


def test_codecs_go_by_their_own_name_and_not_the_decoders(tmp_path):
    assert probe(str(make.av1(tmp_path, seconds=0.4))).codec == "av1"


def test_the_tag_of_creation_is_read_as_utc(tmp_path):
    tag = ("-metadata", "creation_time=2026-02-14T22:15:00Z")
    for name in ("a.mp4", "b.mkv"):
        found = probe(str(make.numbered(tmp_path, name, seconds=0.2, options=tag)))
        assert found.tags["creation_time"] == "2026-02-14T22:15:00.000000Z"


def test_a_size_above_the_limit_is_refused(tmp_path):
    with pytest.raises(MediaError) as caught:
        probe(str(make.numbered(tmp_path, seconds=0.2)), max_pixels=1000)
    assert caught.value.reason is Reason.TOO_LARGE
