from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.catalog.records import ReadEnd
from framescout.errors import MediaError, Reason
from framescout.media.container import OpenVideo
from framescout.settings import DENSITIES as SETTABLE
from indexer.keyframes import DENSITIES, MINIMUM_KEYFRAMES, read_keyframes, spans
from indexer.probe import probe
from tests.footage import make, reports
from tests.footage.referee import decode_all

SIZE = (224, 224)
SMALL = (160, 120)
FRAME = 1 / 25


def read(path, density="balanced", size=SIZE, threads=1):
    *keyframes, end = read_keyframes(str(path), probe(str(path)), density, size, threads=threads)
    assert isinstance(end, ReadEnd)
    return keyframes, end


def longest_gap(keyframes, end):
    return max(later - earlier for earlier, later in pairwise([0.0, *(k.time for k in keyframes), end.read_to]))


def promised_gap(path, density="balanced"):
    return DENSITIES[density].max_gap_of(probe(str(path)))


WHOLE = {
    "plain": make.numbered,
    "B-frames": make.b_frames,
    "B-frames in ts": lambda folder: make.b_frames(folder, "b.ts"),
    "B-frames in mkv": lambda folder: make.b_frames(folder, "b.mkv"),
    "B-frames in flv": lambda folder: make.b_frames(folder, "b.flv"),
    "B-frames in avi": lambda folder: make.b_frames(folder, "b.avi"),
    "open GOP": make.open_gop,
    "open GOP in ts": lambda folder: make.open_gop(folder, "open.ts"),
    "HEVC": make.hevc,
    "HEVC with CRA": make.hevc_cra,
    "HEVC with CRA in ts": lambda folder: make.hevc_cra(folder, "cra.ts"),
    "intra refresh": make.intra_refresh,
    "intra refresh in ts": lambda folder: make.intra_refresh(folder, "refresh.ts"),
    "one key picture": lambda folder: make.numbered(folder, "long.mp4", seconds=26, gop=9999, size=SMALL),
    "one key picture in ts": lambda folder: make.numbered(folder, "long.ts", seconds=26, gop=9999, size=SMALL),
    "key pictures far apart in ts": lambda folder: make.b_frames(folder, "far.ts", seconds=40, gop=400, size=SMALL),
    "variable rate": make.variable_rate,
    "variable rate in mkv": lambda folder: make.variable_rate(folder, "variable.mkv"),
    "clock starts late": make.late_start,
    "edit list": make.edit_list,
    "edit list hides the key picture": make.edit_list_without_key,
    "MPEG-4 in AVI": make.mpeg4_avi,
    "interlaced MPEG-2": make.interlaced,
    "MPEG-2 program stream": lambda folder: make.numbered(
        folder, "program.mpg", seconds=8, gop=12, codec=("-c:v", "mpeg2video"), options=("-bf", "2")
    ),
    "MJPEG": make.mjpeg,
    "ProRes": lambda folder: make.numbered(folder, "prores.mov", seconds=2, codec=("-c:v", "prores_ks")),
    "VP9": make.vp9,
    "AV1": make.av1,
    "GIF": lambda folder: make.numbered(folder, "moving.gif", seconds=2, codec=()),
    "WMV": lambda folder: make.numbered(folder, "old.wmv", codec=("-c:v", "wmv2", "-q:v", "3")),
    "fragmented": lambda folder: make.numbered(folder, "f.mp4", options=("-movflags", "frag_keyframe+empty_moov")),
    "live": lambda folder: make.numbered(folder, "live.mkv", options=("-live", "1")),
    "rotated": make.rotated,
    "wide pixels": make.wide_pixels,
    "changed on the way": make.changed_on_the_way,
    "two frames": lambda folder: make.numbered(folder, "two.mp4", seconds=0.08),
}


@pytest.fixture(scope="module", params=WHOLE.values(), ids=WHOLE)
def whole(request, tmp_path_factory):
    path = request.param(tmp_path_factory.mktemp("whole"))
    return path, decode_all(path), cache(lambda density, threads=1: read(path, density, threads=threads))


@pytest.mark.parametrize("density", DENSITIES)
def test_every_keyframe_is_the_very_frame_that_a_full_decode_shows_at_its_time(whole, density):
    _, all_frames, reading = whole
    really = {seen.pts: seen for seen in all_frames}
    keyframes, end = reading(density)
    for keyframe in keyframes:
        seen = really[keyframe.pts]
        assert make.read_number(keyframe.picture) == seen.number
        assert keyframe.time == pytest.approx(seen.time, abs=1e-6)
        assert keyframe.picture.shape == (224, 224, 3)
    assert all(earlier.time < later.time for earlier, later in pairwise(keyframes))
    assert (end.is_complete, end.detail) == (True, "")
    assert len(keyframes) >= min(MINIMUM_KEYFRAMES, len(all_frames))


@pytest.mark.parametrize("density", DENSITIES)
def test_no_stretch_longer_than_the_gap_allowed_is_without_a_keyframe(whole, density):
    path, all_frames, reading = whole
    keyframes, end = reading(density)
    assert longest_gap(keyframes, end) <= promised_gap(path, density) + 1e-6
    assert end.read_to >= all_frames[-1].time


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_nothing(whole, threads):
    _, _, reading = whole
    assert_alike(reading("thorough", threads), reading("thorough"))


def assert_alike(one, other):
    assert one[1] == other[1]
    for mine, theirs in zip(one[0], other[0], strict=True):
        assert (mine.pts, mine.time) == (theirs.pts, theirs.time)
        assert np.array_equal(mine.picture, theirs.picture)


@settings(max_examples=8, deadline=None)
@given(gop=st.integers(1, 400), seconds=st.floats(0.3, 25), b_frames=st.integers(0, 3), rate=st.sampled_from([5, 24]))
def test_whatever_the_groups_are_nothing_stays_uncovered(tmp_path_factory, gop, seconds, b_frames, rate):
    options = ("-bf", str(b_frames), "-sc_threshold", "0")
    folder = tmp_path_factory.mktemp("any")
    path = make.numbered(folder, seconds=seconds, gop=gop, rate=rate, options=options, size=SMALL)
    for density in DENSITIES:
        keyframes, end = read(path, density)
        assert longest_gap(keyframes, end) <= promised_gap(path, density) + 1e-6
        assert end.is_complete


def test_an_elementary_stream_is_read_by_counting_its_frames(tmp_path):
    keyframes, end = read(make.raw_h264(tmp_path))
    for keyframe in keyframes:
        assert make.read_number(keyframe.picture) == round(keyframe.time * 25) == keyframe.pts
    assert (end.read_to, end.is_complete) == (pytest.approx(4.0), True)


def test_key_pictures_alone_are_decoded_where_they_lie_close_enough(tmp_path):
    keyframes, _ = read(make.numbered(tmp_path, seconds=30, gop=250, size=(640, 360)))
    assert [make.read_number(k.picture) for k in keyframes] == [0, 250, 500]


@pytest.mark.parametrize(("size", "gap"), [((480, 360), 5.0), ((482, 360), 12.0)])
def test_a_small_video_is_looked_at_more_closely(tmp_path, size, gap):
    keyframes, end = read(make.numbered(tmp_path, seconds=22, gop=9999, size=size))
    assert gap * 0.7 < longest_gap(keyframes, end) <= gap


def test_a_recording_that_begins_between_two_key_pictures_is_covered_from_the_first_one_on(tmp_path):
    path = make.b_frames(tmp_path, "begins.ts", seconds=6, gop=50)
    data = path.read_bytes()
    path.write_bytes(data[len(data) // 188 // 5 * 188 :])
    keyframes, end = read(path)
    numbers = [make.read_number(k.picture) for k in keyframes]
    assert numbers[0] == 50
    assert 100 in numbers
    assert longest_gap(keyframes, end) <= promised_gap(path)


def test_the_densities_are_those_that_can_be_set():
    assert tuple(DENSITIES) == SETTABLE
    assert all(finer.max_gap < coarser.max_gap for coarser, finer in pairwise(DENSITIES.values()))


def test_a_gap_is_filled_at_even_steps(tmp_path):
    keyframes, _ = read(make.numbered(tmp_path, seconds=40, gop=9999, size=SMALL))
    steps = [later.time - earlier.time for earlier, later in pairwise(keyframes)]
    assert steps == pytest.approx([steps[0]] * len(steps), abs=2 * FRAME)


def test_a_file_with_one_key_picture_is_decoded_in_one_pass(tmp_path, monkeypatch):
    path = make.numbered(tmp_path, seconds=100, gop=9999, size=SMALL)
    decoded = []
    decode = OpenVideo.decode

    def counting(video, packet):
        frames = decode(video, packet)
        decoded.extend(frames)
        return frames

    monkeypatch.setattr(OpenVideo, "decode", counting)
    keyframes, _ = read(path, "thorough")
    assert len(keyframes) > 50
    assert len(decoded) < 1.1 * 100 * 25


def test_where_every_frame_is_a_key_picture_they_are_thinned(tmp_path):
    keyframes, _ = read(make.mjpeg(tmp_path))
    assert [make.read_number(k.picture) for k in keyframes] == [0, 25, 50, 75, 100]


def test_a_burst_of_cuts_is_kept_whole(tmp_path):
    pictures = [make.numbered_picture(n, (640, 360)) for n in range(4)]
    lengths = (8.0, 0.4, 0.4, 8.0)
    frames = (p for p, length in zip(pictures, lengths, strict=True) for _ in range(round(length * 25)))
    cuts = "8,8.4,8.8"
    path = make.encode(tmp_path / "burst.mp4", frames, (*make.QUICK_X264, "-g", "250", "-force_key_frames", cuts))
    keyframes, _ = read(path)
    assert [make.read_number(k.picture) for k in keyframes] == [0, 1, 2, 3]


def test_pictures_stand_upright_and_have_the_size_asked_for(tmp_path):
    keyframes, _ = read(make.rotated(tmp_path, degrees=270), size=(260, 200))
    assert {k.picture.shape for k in keyframes} == {(200, 260, 3)}
    assert [make.read_number(k.picture) for k in keyframes] == [0, 25, 50]


@pytest.mark.parametrize("name", ["t.mp4", "t.mkv", "t.ts", "t.avi", "t.flv"])
def test_a_truncated_file_is_read_as_far_as_it_goes_and_never_called_complete(tmp_path, name):
    keyframes, end = read(make.truncated(tmp_path, name))
    assert [make.read_number(k.picture) for k in keyframes] == [0, 25, 50, 75]
    assert not end.is_complete
    assert end.detail
    assert 3.0 < end.read_to < 4.0


def test_a_truncation_of_the_last_few_bytes_is_noticed_too(tmp_path):
    _, end = read(make.truncated(tmp_path, keep=0.999))
    assert not end.is_complete


@pytest.mark.parametrize("name", ["g.mp4", "g.ts", "g.mkv"])
def test_noise_in_the_middle_costs_its_stretch_and_is_told(tmp_path, name):
    keyframes, end = read(make.garbled(tmp_path, name))
    assert not end.is_complete
    assert "damaged" in end.detail
    assert end.read_to == pytest.approx(6.0)
    assert {make.read_number(k.picture) for k in keyframes} <= {0, 25, 50, 75, 100, 125}
    assert len(keyframes) >= 4


def test_a_header_that_promises_more_than_there_is_makes_the_read_incomplete(tmp_path):
    path = make.numbered(tmp_path, "lies.mkv", seconds=5)
    data = path.read_bytes()
    at = data.index(b"\x44\x89\x88")  # Matroska's Duration, a float of eight bytes, in milliseconds
    data = data[: at + 3] + np.array(36_000_000.0, ">f8").tobytes() + data[at + 11 :]
    path.write_bytes(data.replace(b"00:00:05.000000000", b"10:00:00.000000000"))
    assert probe(str(path)).duration == pytest.approx(36_000)
    _, end = read(path)
    assert (end.is_complete, end.read_to) == (False, pytest.approx(5.0))
    assert "10:00:00" in end.detail


def test_what_follows_a_clock_that_jumps_back_is_read_too(tmp_path):
    first = make.numbered(tmp_path, "first.ts", seconds=4, options=("-output_ts_offset", "30"))
    second = make.numbered(tmp_path, "second.ts", seconds=4)
    first.write_bytes(first.read_bytes() + second.read_bytes())
    keyframes, end = read(first)
    assert len(keyframes) == 8
    assert (end.is_complete, end.detail) == (True, "")
    assert end.read_to == pytest.approx(8.0, abs=0.05)


def test_a_second_camera_in_the_file_is_told(tmp_path):
    keyframes, end = read(reports.two_cameras(tmp_path))
    assert (end.is_complete, end.detail) == (False, "it has 2 tracks of pictures, one of which was read")
    assert keyframes


@pytest.mark.parametrize("name", reports.WITHOUT_TIMES)
def test_keyframes_have_their_times_though_the_container_keeps_none(tmp_path, name):
    keyframes, end = read(reports.without_times(tmp_path, name))
    assert (end.is_complete, end.read_to) == (True, pytest.approx(3.0, abs=0.11))
    assert [each.time for each in keyframes] == [
        pytest.approx(make.read_number(each.picture) / 25, abs=0.001) for each in keyframes
    ]


def test_a_video_of_which_nothing_decodes_is_an_error(tmp_path):
    path = make.numbered(tmp_path, seconds=1.0, options=("-movflags", "+faststart"))
    data = bytearray(path.read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    path.write_bytes(data)
    with pytest.raises(MediaError) as caught:
        read(path)
    assert caught.value.reason is Reason.UNDECODABLE


def test_pictures_are_handed_out_while_the_file_is_still_being_read(tmp_path):
    path = make.repeated(tmp_path, make.numbered(tmp_path, seconds=10, size=SMALL), 30)
    facts = probe(str(path))
    reader = read_keyframes(str(path), facts, "balanced", SIZE)
    assert [next(reader).time for _ in range(5)] == pytest.approx([0, 1, 2, 3, 4])
    reader.close()


@given(st.lists(st.floats(0, 1e5), min_size=1, max_size=30, unique=True), st.floats(0, 1e5))
def test_spans_follow_each_other_from_the_start_to_the_end_without_a_hole(times, end):
    times = sorted(times)
    result = spans(times, end)
    assert len(result) == len(times)
    assert result[0].start == 0.0
    assert result[-1].end == max(end, times[-1])
    assert all(earlier.end == later.start for earlier, later in pairwise(result))
    assert all(span.start == time for span, time in list(zip(result, times, strict=True))[1:])


def test_no_keyframes_have_no_spans():
    assert spans([], 5.0) == ()
