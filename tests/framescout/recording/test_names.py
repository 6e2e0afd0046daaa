import time
from datetime import UTC, datetime, timedelta, timezone
from pathlib import PurePath
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.errors import UsageError
from framescout.recording import Rules
from framescout.recording.forms import FORMS, Form, Seen, Strength
from framescout.recording.names import times_in

BERLIN = ZoneInfo("Europe/Berlin")
EVENING = datetime(2026, 2, 14, 22, 15, tzinfo=BERLIN)
TAG = datetime(2020, 5, 1, 12, 0, tzinfo=UTC)
LINES = [(form, seen) for form in FORMS for seen in form.seen]
AN_HOUR_AHEAD = timezone(timedelta(hours=1))


def read(path, created_at=None, camera_pattern=None):
    tags = {"container": "mov,mp4,m4a,3gp,3g2,mj2", "creation_time": created_at.isoformat()} if created_at else {}
    return Rules("Europe/Berlin", camera_pattern).recording(path, tags, 10.0)


def written(seen: Seen, moment: datetime) -> str:
    """The example's path as a device that shows this wall clock writes it; epochs count it as UTC."""
    epoch = str(int(moment.replace(tzinfo=UTC).timestamp()))
    return "/archive/" + moment.strftime(seen.example).replace("{epoch}", epoch)


def expected(form: Form, seen: Seen, moment: datetime) -> datetime:
    example = PurePath(seen.example).stem
    if form.is_utc or "UTC" in example:
        return moment.replace(tzinfo=UTC)
    if any(mark in example for mark in ("+01", "GMT+1")):
        return moment.replace(tzinfo=AN_HOUR_AHEAD)
    return moment.replace(tzinfo=BERLIN)


def moments(form: Form, seen: Seen):
    first, last = datetime(1990, 1, 1), datetime(2100, 12, 31, 23, 59, 59)
    if "{epoch}" in seen.example:  # ten digits
        first, last = datetime(2001, 9, 10), datetime(2033, 5, 17)
    elif "short" in form.pattern.groupindex or "20" in form.pattern.pattern[:40] or "first" in form.pattern.groupindex:
        first, last = datetime(2000, 1, 1), datetime(2099, 12, 31, 23, 59, 59)
    return st.datetimes(first, last)


@pytest.mark.parametrize(("form", "seen"), LINES, ids=[f"{seen.by}-{number}" for number, (_, seen) in enumerate(LINES)])
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_date_written_in_a_form_of_the_table_is_read_back(form, seen, data):
    moment = data.draw(moments(form, seen)).replace(microsecond=0, fold=0)  # no name says which of two equal hours
    if "%S" not in seen.example and "{epoch}" not in seen.example:  # to the minute
        moment = moment.replace(second=0)
    path = written(seen, moment)
    recording = read(path)
    assert recording.recorded_at is not None, path
    assert recording.recorded_at.replace(microsecond=0) == expected(form, seen, moment).astimezone(UTC), path
    assert recording.source in ("name", "folders")


def test_every_line_of_the_table_is_read_by_its_own_form():
    """Else a form that stands before it swallows its names, and what is known of their zone is lost."""
    moment = datetime(2026, 11, 24, 22, 15, 37)
    for form, seen in LINES:
        first, *_ = sorted(times_in(written(seen, moment)), key=lambda each: -each.strength)
        assert first.form.name == form.name, seen


@settings(max_examples=300, deadline=None)
@given(path=st.one_of(st.text(), st.from_regex(r"/[0-9/_.\-T ]{8,40}[a-z]?\.mp4", fullmatch=True)))
def test_no_name_makes_it_fail_or_gives_a_date_that_cannot_be_true(path):
    recording = read(path)
    assert recording.recorded_at is None or 1989 <= recording.recorded_at.year <= 2101
    assert (recording.source is None) == (recording.recorded_at is None)


def test_a_long_name_is_read_in_no_time():
    began = time.perf_counter()
    for name in ("2026-02-14/" + "1-" * 2000, "20260214" * 500, "/".join(["2026-02-14"] * 400), "VID" + "a" * 4000):
        read(f"/a/{name}.mp4")
    assert time.perf_counter() - began < 2.0


@pytest.mark.parametrize(
    "name",
    [
        "clip.mp4",
        "GX010123.MP4",
        "IMG_1234.MOV",
        "DSC_0012.MOV",
        "MVI_4711.MP4",
        "C0001.MP4",
        "00001.MTS",
        "A001C001_260214AB_CANON.MXF",  # a day alone
        "VID-20260214-WA0001.mp4",  # a day alone would put it at midnight
        "20261314_221500.mp4",
        "20260230_221500.mp4",
        "20260214_251500.mp4",
        "18990214_221500.mp4",
        "2431830114663121390.mp4",
        "24318301146631213905.mp4",
        "20191231235959123456.mp4",  # 20 digits
        "99999999_999999.mp4",
        "d41d8cd98f00b204e9800998ecf8427e.mp4",
        "SHA256E-s81--bba97c1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.mp4",
        "film 1920x1080 60.mp4",
        "2048x1152_2012.mp4",
        "3840_2160_25.mp4",
        "call +1 555 123 4567.mp4",
        "+4915112345678.mp4",
        "01.02.2025 22-15-00.mp4",  # the first of February, or the second of January
        "events/1/2026-02-14/123456/123456-video.mp4",  # ZoneMinder: an event's number
        "2026-02-14/IMG_123456.mp4",
        "2026-02-14/DSC123456.MOV",
    ],
)
def test_a_name_without_a_possible_moment_gives_none(name):
    assert read(f"/a/{name}").recorded_at is None


UTC_22_15 = datetime(2026, 2, 14, 22, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "at"),
    [
        ("Screen Recording 2020-09-04 at 9.12.10 PM.mov", datetime(2020, 9, 4, 21, 12, 10, tzinfo=BERLIN)),
        ("WhatsApp Video 2021-04-05 at 9.05.12 AM.mp4", datetime(2021, 4, 5, 9, 5, 12, tzinfo=BERLIN)),
        ("Screen Recording 2020-09-04 at 9.41.00\u202fAM.mov", datetime(2020, 9, 4, 9, 41, tzinfo=BERLIN)),
        ("Screen Recording 2020-09-04 at 9.41.00\u00a0p.m..mov", datetime(2020, 9, 4, 21, 41, tzinfo=BERLIN)),
        ("2008-11-07_11-22-04-123456-+0700.mp4", datetime(2008, 11, 7, 4, 22, 4, 123456, tzinfo=UTC)),
        ("2008-11-07_11-22-04-123456--0500.mp4", datetime(2008, 11, 7, 16, 22, 4, 123456, tzinfo=UTC)),
        ("2026-02-14T22:15:00-05:00.mp4", datetime(2026, 2, 15, 3, 15, tzinfo=UTC)),
        ("20260214T221500-0500.mp4", datetime(2026, 2, 15, 3, 15, tzinfo=UTC)),
        ("20260214T221500+0530.mp4", datetime(2026, 2, 14, 16, 45, tzinfo=UTC)),
        ("GMT20260214-221500_Recording_1920x1080.mp4", UTC_22_15),
        ("recordings/2026-02-14/22/front_door/15.00.mp4", UTC_22_15),
        ("Front Door - 2-9-2020, 11.21.12pm.mp4", datetime(2020, 2, 9, 23, 21, 12, tzinfo=BERLIN)),
        ("abc-defg-hij (2021-06-23 at 14:50 GMT-7).mp4", datetime(2021, 6, 23, 21, 50, tzinfo=UTC)),
        ("PXL_20260214_221500123.mp4", UTC_22_15.replace(microsecond=123_000)),
        ("20260214T221500Z.mp4", UTC_22_15),
        ("1771107300.mp4", UTC_22_15),
        ("front-1771107300500.mp4", UTC_22_15.replace(microsecond=500_000)),
        ("2026-02-14T22:15:00+05:30.mp4", datetime(2026, 2, 14, 16, 45, tzinfo=UTC)),
        ("2026-02-14_22-15-00-0500.mp4", EVENING),  # the fourth number of a row is no offset
        ("2026-02-14_22-15-00_take-0500.mp4", EVENING),
        ("nvr/2026-02-14/05:15:00-05:30:00.mp4", datetime(2026, 2, 14, 5, 15, tzinfo=BERLIN)),
        ("20260214_101500_ambulance.mp4", datetime(2026, 2, 14, 10, 15, tzinfo=BERLIN)),
    ],
)
def test_what_a_name_says_of_the_zone_and_the_half_of_the_day_counts(name, at):
    assert read(f"/a/{name}").recorded_at == at.astimezone(UTC)


def test_the_name_wins_over_the_tag_and_the_tag_speaks_where_the_name_is_silent():
    assert read("/a/cam01_20260214_221500.mp4", TAG).recorded_at == EVENING
    silent = read("/a/clip.mp4", TAG)
    assert (silent.recorded_at, silent.source) == (TAG, "tag")


@pytest.mark.parametrize(
    "name",
    [
        "events/1/2026-02-14/181530/181530-video.mp4",
        "2026-02-14/181530.mp4",
        "2026-02-14/cam 181530.mp4",
        "1771107300.mp4",
        "record/20260214/22/15.mp4",
    ],
)
def test_a_guess_never_beats_a_tag(name):
    assert read(f"/a/{name}", TAG).recorded_at == TAG


@settings(max_examples=200, deadline=None)
@given(line=st.sampled_from(LINES), moment=st.datetimes(datetime(2002, 1, 1), datetime(2030, 1, 1)))
def test_the_strongest_evidence_wins(line, moment):
    _form, seen = line
    zoned = {"container": "mov,mp4", "com.apple.quicktime.creationdate": "2020-05-01T14:00:00+0200"}
    found = Rules("Europe/Berlin").times(written(seen, moment), zoned, 10.0)
    assert [each.strength for each in found] == sorted((each.strength for each in found), reverse=True)
    recording = Rules("Europe/Berlin").recording(written(seen, moment), zoned, 10.0)
    assert recording.recorded_at == found[0].at
    assert (recording.recorded_at == TAG) == (found[0].strength is Strength.ZONED_TAG)


@pytest.mark.parametrize("year", [1904, 1970])
def test_the_tag_of_a_clock_that_was_lost_is_worthless(year):
    recording = read("/a/clip.mp4", datetime(year, 1, 1, tzinfo=UTC))
    assert (recording.recorded_at, recording.source) == (None, None)


@pytest.mark.parametrize(
    ("path", "camera"),
    [
        ("/a/cam01_20260214_221500.mp4", "cam01"),
        ("/a/camera-2/x.mp4", "camera-2"),
        ("/a/ch03_foo.mp4", "ch03"),
        ("/home/x/channel4/2026/y.mp4", "channel4"),
        ("/a/Camera 12/cam01-x.mp4", "cam01"),
        ("/a/cam01_entrance/x.mp4", "cam01"),
        ("/a/charlie5/campus.mp4", None),
        ("/a/clip.mp4", None),
        ("/a/yard/2026-02-14_22-15-00.mp4", "yard"),
        ("/a/front-door/recordings/2026-02-14/22-15-00.mp4", "front-door"),
        ("/a/yard/holiday.mp4", None),  # no recorder wrote that
        ("/a/paris/VID_20260214_221500.mp4", None),
        ("/home/anna/20260214_221500.mp4", None),
        ("/a/yard/archive/20260214_221500.mp4", None),
        ("/a/recordings/2026-02-14/22/front_door/15.00.mp4", "front_door"),
        ("/a/FrontDoor.20260214_221500.mp4", "FrontDoor"),
        ("/a/TeslaCam/RecentClips/2026-02-14_22-15-00-left_repeater.mp4", "left_repeater"),
        ("/a/20260214_221500_NR.mp4", "rear"),
        ("/a/Front Door - 2-9-2020, 11.21.12pm.mp4", "Front Door"),
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
