from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.errors import UsageError
from indexer.recording import read_recording

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 2, 14, 22, 15, tzinfo=BERLIN)
TAG = datetime(2020, 5, 1, 12, 0, tzinfo=UTC)

FORMS = (
    "/a/cam01_%Y%m%d_%H%M%S.mp4",
    "/a/VID_%Y%m%d_%H%M%S.mp4",
    "/a/%Y-%m-%d_%H-%M-%S.mkv",
    "/a/%Y%m%d%H%M%S.mp4",
    "/a/%Y-%m-%d %H.%M.%S.mov",
    "/a/%Y-%m-%d_%H-%M-%S-front.mp4",
    "/a/%Y_%m%d_%H%M%S_001.MP4",
    "/a/DJI_%Y%m%d%H%M%S_0001_D.MP4",
    "/a/NVR_ch1_main_%Y%m%d%H%M%S_20991231235959.mp4",
    "/a/RLC-810A_01_%Y%m%d%H%M%S.mp4",
    "/a/RecM01_%Y%m%d_%H%M%S_235959_6732828.mp4",
    "/a/cam1.%Y%m%d_%H%M%S.mp4",
    "/a/WhatsApp Video %Y-%m-%d at %H.%M.%S.mp4",
    "/a/Screen Recording %Y-%m-%d at %I.%M.%S %p.mov",
    "/a/%Y%m%dT%H%M%S.mp4",
    "/nvr/%Y-%m-%d/001/dav/%H/%H.%M.%S-23.59.59[M][0@0][0].dav",
    "/frigate/recordings/%Y-%m-%d/%H/front/%M.%S.mp4",
    "/a/%Y/%m/%d/%H/%M.%S.mp4",
    "/a/%Y/%m/%d/%H%M%S.mp4",
    "/a/%Y%m%d/cam2/%H-%M-%S.mp4",
)


def read(path, created_at=None, camera_pattern=None):
    return read_recording(path, created_at, camera_pattern=camera_pattern, timezone=BERLIN)


@pytest.mark.parametrize("form", FORMS)
@settings(max_examples=25, deadline=None)
@given(moment=st.datetimes(datetime(1990, 1, 1), datetime(2100, 12, 31, 23, 59, 59)))
def test_any_date_written_in_a_common_form_is_read_back(form, moment):
    moment = moment.replace(microsecond=0)
    recording = read(moment.strftime(form))
    assert recording.recorded_at.replace(tzinfo=None) == moment
    assert recording.recorded_at.tzinfo is BERLIN
    assert recording.source == "name"


@settings(max_examples=300, deadline=None)
@given(path=st.one_of(st.text(), st.from_regex(r"/[0-9/_.\-T ]{8,40}[a-z]?\.mp4", fullmatch=True)))
def test_no_name_makes_it_fail_or_gives_a_date_that_cannot_be_true(path):
    recording = read(path)
    assert recording.recorded_at is None or 1990 <= recording.recorded_at.year <= 2100
    assert (recording.source is None) == (recording.recorded_at is None)


@pytest.mark.parametrize(
    "name",
    [
        "clip.mp4",
        "GX010123.MP4",
        "VID-20260214-WA0001.mp4",  # a day alone would put it at midnight
        "20261314_221500.mp4",
        "20260230_221500.mp4",
        "20260214_251500.mp4",
        "18990214_221500.mp4",
        "2431830114663121390.mp4",
        "99999999_999999.mp4",
    ],
)
def test_a_name_without_a_possible_moment_gives_none(name):
    assert read(f"/a/{name}").recorded_at is None


def test_the_name_wins_over_the_tag_and_the_tag_speaks_where_the_name_is_silent():
    assert read("/a/cam01_20260214_221500.mp4", TAG).recorded_at == EVENING
    silent = read("/a/clip.mp4", TAG)
    assert (silent.recorded_at, silent.source) == (TAG, "tag")


@pytest.mark.parametrize("year", [1904, 1970])
def test_the_tag_of_a_clock_that_was_lost_is_worthless(year):
    recording = read("/a/clip.mp4", datetime(year, 1, 1, tzinfo=UTC))
    assert (recording.recorded_at, recording.source) == (None, None)


def test_names_that_are_known_to_be_utc_are_read_as_utc():
    utc = datetime(2026, 2, 14, 22, 15, tzinfo=UTC)
    assert read("/a/PXL_20260214_221500123.mp4").recorded_at == utc.replace(microsecond=123_000)
    assert read("/a/20260214T221500Z.mp4").recorded_at == utc
    assert read("/a/1771107300.mp4").recorded_at == utc
    assert read("/a/front-1771107300500.mp4").recorded_at == utc.replace(microsecond=500_000)


def test_a_zone_in_the_name_counts():
    assert read("/a/2026-02-14T22:15:00+05:30.mp4").recorded_at.utcoffset().total_seconds() == 5.5 * 3600


@pytest.mark.parametrize(
    ("path", "camera"),
    [
        ("/a/cam01_20260214_221500.mp4", "cam01"),
        ("/a/camera-2/x.mp4", "camera-2"),
        ("/a/ch03_foo.mp4", "ch03"),
        ("/home/x/channel4/2026/y.mp4", "channel4"),
        ("/a/Camera 12/cam01-x.mp4", "cam01"),
        ("/a/charlie5/campus.mp4", None),
        ("/a/clip.mp4", None),
    ],
)
def test_the_camera_is_the_nearest_piece_that_names_one(path, camera):
    assert read(path).camera == camera


def test_a_pattern_of_ones_own_finds_the_camera_in_the_whole_path():
    recording = read("/archive/loading dock/20260214_221500.mp4", camera_pattern=r"/archive/(?P<camera>[^/]+)/")
    assert recording.camera == "loading dock"


@pytest.mark.parametrize("pattern", ["(", "no group"])
def test_a_pattern_that_cannot_work_is_refused_in_a_sentence(pattern):
    with pytest.raises(UsageError, match="camera pattern"):
        read("/a/clip.mp4", camera_pattern=pattern)
