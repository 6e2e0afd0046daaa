"""Clips of numbered frames: which frame stands first, how many there are, and whether sound still fits."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import av
import pytest

from framescout.errors import ClipError
from query.clips import Clip, export
from tests.footage import make, reports
from tests.query.clips.footage import beeps, moment, shown

pytestmark = pytest.mark.usefixtures("each_ffmpeg")

FRAME = 0.04
MAKERS = {
    "plain": make.numbered,
    "b-frames": make.b_frames,
    "open gop": make.open_gop,
    "hevc cra": make.hevc_cra,
    "intra refresh": make.intra_refresh,
    "rotated": make.rotated,
    "vp9": make.vp9,
    "av1": make.av1,
    "mjpeg": make.mjpeg,
    "interlaced": make.interlaced,
    "truncated": make.truncated,
}
"""Frame n of each is shown at n / 25 s."""


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Callable[[str], Path]:
    """The video of a kind, made once."""
    return cache(lambda kind: MAKERS[kind](tmp_path_factory.mktemp("made")))


def one(video: Path, start: float, end: float, **options: object) -> tuple[Clip, Path]:
    folder = video.parent / f"clips-{len(list(video.parent.iterdir()))}"
    (clip,) = export([moment(video, start, end)], folder, **options)
    return clip, folder / clip.file


@pytest.mark.parametrize("kind", MAKERS)
def test_a_precise_cut_begins_with_the_very_frame_and_lasts_what_was_asked(made, kind):
    clip, path = one(made(kind), 1.5, 2.6)
    frames = shown(path)
    assert [number for _, number in frames] == list(range(37, 65))
    assert [time for time, _ in frames] == pytest.approx([FRAME * n for n in range(28)], abs=1e-3)
    assert (clip.start, clip.end) == pytest.approx((1.48, 2.6), abs=0.002)
    with av.open(str(path)) as container:
        assert container.duration / 1e6 == pytest.approx(1.1, abs=FRAME)
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p"


@pytest.mark.parametrize("name", ["h264.avi", "h264_b.avi", "mpeg4_b.avi", "hevc_b.mpg", "h264_b.mxf", "h264_b.asf"])
def test_a_cut_is_exact_though_the_container_keeps_no_times(tmp_path, name):
    _, path = one(reports.without_times(tmp_path, name), 1.0, 2.0)
    assert [number for _, number in shown(path)] == list(range(25, 50))


def test_a_cut_from_a_program_stream_is_exact_behind_a_seek(tmp_path):
    _, path = one(reports.small_pictures(tmp_path), 6.01, 6.99)
    assert [number for _, number in shown(path)] == list(range(150, 175))


@pytest.mark.parametrize("kind", MAKERS)
def test_a_copy_begins_with_a_key_picture_and_shows_each_frame_once(made, kind):
    clip, path = one(made(kind), 1.5, 2.6, mode="copy")
    frames = shown(path)
    numbers = [number for _, number in frames]
    assert frames[0][0] == pytest.approx(0, abs=1e-3)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert numbers[0] <= 37
    assert numbers[-1] >= 64
    assert clip.start == pytest.approx(numbers[0] * FRAME, abs=0.002)
    assert clip.end == pytest.approx((numbers[-1] + 1) * FRAME, abs=0.002)
    if kind not in {"truncated", "intra refresh"}:
        assert numbers[0] > 0


@pytest.mark.parametrize("maker", [make.mpeg4_avi, make.raw_h264])
def test_where_a_container_keeps_no_times_a_precise_cut_works_and_a_copy_says_so(tmp_path, maker):
    video = maker(tmp_path)
    _, path = one(video, 1.5, 2.5)
    numbers = [number for _, number in shown(path)]
    assert numbers == list(range(37, 37 + 25))
    with pytest.raises(ClipError, match="without --copy"):
        one(video, 1.5, 2.5, mode="copy")


@pytest.mark.parametrize("mode", ["precise", "copy"])
def test_an_edit_list_is_honoured(tmp_path, mode):
    """Frame n is shown at n / 25 - 1.48."""
    clip, path = one(make.edit_list(tmp_path), 1.5, 2.5, mode=mode)
    numbers = [number for _, number in shown(path)]
    assert numbers[0] == pytest.approx((clip.start + 1.48) / FRAME, abs=0.01)
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_a_copy_shows_what_an_edit_list_hides_rather_than_a_frozen_picture(tmp_path):
    """The only key picture before the asked frame 39 is the hidden frame 25, half a second before 0:00."""
    clip, path = one(make.edit_list(tmp_path), 0.1, 1.5, mode="copy")
    assert [number for _, number in shown(path)] == list(range(25, 75))
    assert clip.start == pytest.approx(25 * FRAME - 1.48)


@pytest.mark.parametrize("mode", ["precise", "copy"])
def test_a_clock_that_starts_late_and_sound_before_the_picture_are_honoured(tmp_path, mode):
    clip, path = one(make.late_start(tmp_path), 1.5, 2.5, mode=mode)
    first = shown(path)[0]
    assert first == (pytest.approx(0, abs=1e-3), round((clip.start - 0.523) / FRAME))


def test_the_first_group_of_a_transport_stream_is_found_although_it_is_decoded_before_0(tmp_path):
    """B-frames put the first key picture's decoding time before 0:00, where seeking to 0:00 passes it by."""
    video = make.numbered(tmp_path, "a.ts", gop=100, options=("-bf", "2"), audio=True)
    clip, path = one(video, 1.5, 2.5)
    assert clip.start == pytest.approx(1.5, abs=FRAME)
    numbers = [number for _, number in shown(path)]
    assert numbers == list(range(36, 61))
    _, path = one(video, 1.5, 2.5, mode="copy")
    numbers = [number for _, number in shown(path)]
    assert numbers[0] == 0
    assert numbers == list(range(len(numbers)))


def test_a_variable_frame_rate_stays_as_it_is(tmp_path):
    clip, path = one(make.variable_rate(tmp_path), 1.5, 2.6)
    for time, number in shown(path):
        assert time + clip.start == pytest.approx(number / 25 + 3 * (number / 90) ** 2, abs=0.002)


def test_a_frame_that_is_held_for_long_is_held_as_long_as_was_asked(tmp_path):
    clip, path = one(make.numbered(tmp_path, rate=0.2, seconds=25, gop=3), 6.0, 8.0)
    assert shown(path) == [(0.0, 1)]
    with av.open(str(path)) as container:
        assert container.duration / 1e6 == pytest.approx(2.0, abs=0.101)
    assert (clip.start, clip.end) == pytest.approx((6.0, 8.0), abs=0.101)


def test_what_follows_a_frame_that_is_held_for_long_is_in_the_clip(tmp_path):
    """Frame 24 is held from 0.96 s to 10 s, as a camera that records only movement leaves it."""
    clock = "settb=1/1000,setpts='1000*if(lt(N,25),N/25,10+(N-25)/25)'"
    options = ("-vf", clock, "-fps_mode", "vfr", "-enc_time_base", "1/1000", "-video_track_timescale", "1000")
    clip, path = one(make.numbered(tmp_path, options=options), 9.0, 12.0)
    frames = shown(path)
    assert [number for _, number in frames] == list(range(24, 75))
    assert [time for time, _ in frames[:3]] == pytest.approx([0.0, 1.0, 1.04], abs=1e-3)
    assert (clip.start, clip.end) == pytest.approx((9.0, 12.0), abs=0.101)


def test_square_pixels_even_sides_and_eight_bits_play_everywhere(tmp_path):
    _, wide = one(make.wide_pixels(tmp_path), 1, 1.4)
    lossless = ("-c:v", "ffv1", "-pix_fmt", "bgr0")
    _, odd = one(make.numbered(tmp_path, "odd.mkv", size=(321, 243), codec=lossless), 1, 1.4)
    params = "log-level=none:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
    hdr = ("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-x265-params", params)
    _, deep = one(make.numbered(tmp_path, "deep.mp4", codec=hdr), 1, 1.4)
    for path, size in ((wide, (640, 240)), (odd, (322, 244)), (deep, (320, 240))):
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            assert (stream.width, stream.height) == size
            assert stream.sample_aspect_ratio in {None, 1}
            assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
            assert stream.codec_context.color_trc not in {16, 18}
        assert shown(path)[0][1] == 25


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
@pytest.mark.parametrize("mode", ["precise", "copy"])
def test_sound_stays_in_sync(tmp_path, name, mode):
    """A tone begins every second, with every 25th frame."""
    _, path = one(make.numbered(tmp_path, name, audio=True, seconds=6), 2.5, 4.5, mode=mode)
    flashes = [time for time, number in shown(path) if number % 25 == 0]
    heard = beeps(path)[-2:]
    assert heard == pytest.approx(flashes[-2:], abs=0.025)
    with av.open(str(path)) as container:
        picture, sound = container.streams.video[0], container.streams.audio[0]
        assert float(sound.start_time * sound.time_base) < 0.03
        assert float(picture.start_time * picture.time_base) < 0.001


def test_the_default_sound_is_taken_and_a_late_one_is_preceded_by_silence(tmp_path):
    video = make.numbered(tmp_path, audio=True, seconds=3)
    late = tmp_path / "late.mkv"
    mapping = ("-map", "0:v", "-map", "1:a", "-map", "2:a", "-c:v", "copy", "-disposition:a:0", "0")
    tone = ("-f", "lavfi", "-i", "sine=220:d=3")
    beep = ("-itsoffset", "1.5", "-i", video)
    make.ffmpeg("-i", video, *tone, *beep, *mapping, "-disposition:a:1", "default", late)
    clip, path = one(late, 0.5, 2.9)
    assert beeps(path) == pytest.approx([1.5 - clip.start, 2.5 - clip.start], abs=0.025)


def test_a_clip_plays_in_a_browser(tmp_path):
    """The header stands before the data, pictures are H.264 and sound is AAC."""
    _, path = one(make.numbered(tmp_path, "a.mkv", audio=True), 1, 2)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(path)) as container:
        assert [stream.codec_context.name for stream in container.streams] == ["h264", "aac"]


def test_a_copy_keeps_the_family_of_its_container(tmp_path):
    assert one(make.numbered(tmp_path, "a.mov"), 1, 2, mode="copy")[1].suffix == ".mp4"
    assert one(make.mjpeg(tmp_path), 1, 2, mode="copy")[1].suffix == ".mkv"


def test_padding_and_moments_stay_within_the_video(tmp_path):
    video = make.numbered(tmp_path)
    clip, path = one(video, 0.2, 3.9, pad=1.0)
    assert (clip.start, clip.end) == (0.0, pytest.approx(4.0))
    assert len(shown(path)) == 100
    _, path = one(video, 3600, 3700)
    assert [number for _, number in shown(path)] == [99]
