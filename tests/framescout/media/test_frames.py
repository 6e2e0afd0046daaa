import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from framescout.errors import MediaError, Reason
from framescout.media.container import open_video
from framescout.media.display import Orientation
from framescout.media.frames import FrameFinder, Scaler, frames_from, picture_at, pictures_at
from tests.footage import make
from tests.footage.referee import decode_all

ODD = [
    make.b_frames,
    make.open_gop,
    make.hevc_cra,
    make.intra_refresh,
    make.variable_rate,
    make.late_start,
    make.edit_list,
    make.mpeg4_avi,
    make.interlaced,
    make.vp9,
    make.rotated,
]


@pytest.fixture(scope="module", params=ODD, ids=lambda maker: maker.__name__)
def odd(request, tmp_path_factory):
    path = request.param(tmp_path_factory.mktemp("odd"))
    return path, decode_all(path)


def test_every_frame_has_the_time_that_a_full_decode_gives_it(odd):
    path, all_frames = odd
    with open_video(path) as video:
        ours = [(shown.pts, shown.time) for shown in frames_from(video, 0.0)]
    assert ours == [(seen.pts, pytest.approx(seen.time, abs=1e-6)) for seen in all_frames]


def test_reading_from_the_middle_gives_the_same_frames_at_the_same_times(odd):
    path, all_frames = odd
    for share in (0.25, 0.5, 0.9):
        wanted = all_frames[int(len(all_frames) * share)]
        with open_video(path) as video:
            ours = [shown.pts for shown in frames_from(video, wanted.time)]
        assert wanted.pts in ours
        assert ours == [seen.pts for seen in all_frames][-len(ours) :]


@settings(max_examples=12, deadline=None)
@given(shares=st.lists(st.floats(0, 1.05), min_size=1, max_size=5))
def test_the_frame_shown_at_any_time_is_found_in_any_order(odd, shares):
    path, all_frames = odd
    with open_video(path) as video:
        finder = FrameFinder(video)
        for share in shares:
            seconds = share * all_frames[-1].time
            shown = [seen for seen in all_frames if seen.time <= seconds] or all_frames[:1]
            assert finder.shown_at(seconds).pts == shown[-1].pts


def test_frames_of_an_elementary_stream_are_counted(tmp_path):
    path = make.raw_h264(tmp_path)
    with open_video(path) as video:
        assert [shown.time for shown in frames_from(video, 2.0)] == pytest.approx([n / 25 for n in range(100)])
    assert make.read_number(picture_at(path, 2.02)) == 50


def test_a_picture_before_the_start_is_the_first_and_one_behind_the_end_the_last(tmp_path):
    path = make.numbered(tmp_path, seconds=1.0)
    assert [make.read_number(picture) for picture in pictures_at(path, [-5.0, 99.0, 0.5])] == [0, 24, 12]


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_pictures_stand_upright(tmp_path, degrees):
    path = make.rotated(tmp_path, degrees=degrees, seconds=1.0)
    picture = picture_at(path, 0.4)
    assert picture.size == (320, 240)
    assert make.read_number(picture) == 10


def test_pixels_are_square(tmp_path):
    assert picture_at(make.wide_pixels(tmp_path, seconds=0.4), 0.0).size == (640, 240)


def test_a_picture_is_fitted_into_a_box_and_never_enlarged(tmp_path):
    path = make.wide_pixels(tmp_path, seconds=0.4)
    assert picture_at(path, 0.0, size=(160, 160)).size == (160, 60)
    assert picture_at(path, 0.0, size=(5000, 5000)).size == (640, 240)


def test_a_video_without_one_picture_that_decodes_is_an_error(tmp_path):
    path = make.numbered(tmp_path, seconds=1.0, options=("-movflags", "+faststart"))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    path.write_bytes(data)
    with pytest.raises(MediaError) as caught:
        picture_at(path, 0.5)
    assert caught.value.reason is Reason.UNDECODABLE


def test_the_squashed_picture_looks_like_an_antialiased_one(tmp_path):
    rng = np.random.default_rng(5)
    coarse = Image.fromarray(rng.integers(0, 255, (27, 48, 3), dtype=np.uint8))
    scene = np.asarray(coarse.resize((1920, 1080), Image.Resampling.BICUBIC))
    lossless = ("-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", "-pix_fmt", "yuv444p")
    tags = ("-vf", "scale=out_color_matrix=bt709", "-colorspace", "bt709")
    path = make.encode(tmp_path / "scene.mp4", [scene], (*lossless, *tags))
    with open_video(path) as video:
        shown = next(frames_from(video, 0.0))
        ours = Scaler().squash(shown.frame, (224, 224), Orientation())
    reference = np.asarray(Image.fromarray(scene).resize((224, 224), Image.Resampling.BICUBIC))
    assert ours.shape == (224, 224, 3)
    assert ours.dtype == np.uint8
    assert np.abs(ours.astype(int) - reference).mean() < 3


def test_high_definition_without_colour_tags_is_read_as_players_read_it(tmp_path):
    red = np.full((720, 1280, 3), (220, 30, 30), np.uint8)
    untagged = ("-vf", "scale=out_color_matrix=bt709", "-bsf:v", "h264_metadata=matrix_coefficients=2")
    path = make.encode(tmp_path / "red.mp4", [red] * 2, (*make.QUICK_X264, "-crf", "5", *untagged))
    assert np.abs(np.asarray(picture_at(path, 0.0)).mean(axis=(0, 1)) - (220, 30, 30)).max() < 6
