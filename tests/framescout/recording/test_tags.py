from datetime import UTC, datetime

import pytest

from framescout.recording import Rules
from framescout.recording.tags import kept

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
UTC_22_15 = datetime(2026, 2, 14, 22, 15, tzinfo=UTC)
ANDROID = {"creation_time": "2026-02-14T22:15:10.000000Z", "com.android.version": "14"}
GOPRO = {"creation_time": "2026-02-14T23:15:00.000000Z", "handler_name": "\tGoPro AVC"}


@pytest.mark.parametrize(
    ("container", "tags", "moment"),
    [
        (MP4, {"com.apple.quicktime.creationdate": "2026-02-14T23:15:00+0100"}, UTC_22_15),
        (MP4, {"com.apple.quicktime.creationdate": "2026-02-14T23:15:00"}, UTC_22_15),  # Berlin, as the setting says
        (MP4, {"CREATION_TIME": "2026-02-14 22:15:00"}, UTC_22_15),
        (MP4, {"creation_time": "2026-02-14T22:15:00.000000Z"}, UTC_22_15),
        ("matroska,webm", {"creation_time": "2026-02-14T22:15:00.000000Z"}, UTC_22_15),
        ("matroska,webm", {"DATE_RECORDED": "2026-02-14 23:15:00"}, UTC_22_15),
        ("avi", {"creation_time": "2026-02-14 23:15:00"}, UTC_22_15),  # IDIT: local
        ("avi", {"creation_time": "2026:02:14 23:15:00"}, UTC_22_15),
        (MP4, ANDROID, UTC_22_15),  # it was written at the end, 10 s later
        (MP4, GOPRO, UTC_22_15),
        (MP4, {"creation_time": "2026-02-14T23:15:00Z", "compatible_brands": "qt  niko"}, UTC_22_15),
        (MP4, {"creation_time": "yesterday"}, None),
        (MP4, {"date": "2026-02-14"}, None),
        (MP4, {"com.apple.quicktime.creationdate": "2026-02-14"}, None),
        (MP4, {"creation_time": "1904-01-01T00:00:00Z"}, None),
        (MP4, {}, None),
    ],
)
def test_a_tag_means_what_its_container_and_maker_mean(container, tags, moment):
    assert Rules("Europe/Berlin").recording("/a/clip.mov", kept(container, tags), 10.0).recorded_at == moment


def test_a_tag_that_says_its_zone_beats_one_that_does_not_and_a_name_without_one():
    apple = {"com.apple.quicktime.creationdate": "2026-02-14T23:15:00+0100"}
    tags = kept(MP4, {"creation_time": "2026-02-14T20:00:00Z"}, apple)
    rules = Rules("America/New_York")
    assert rules.recording("/a/clip.mov", tags, 10.0).recorded_at == UTC_22_15
    assert rules.recording("/a/2026-02-14 23.15.00.mov", tags, 10.0).recorded_at == UTC_22_15
    assert [each.source for each in rules.times("/a/2026-02-14 23.15.00.mov", tags, 10.0)] == ["tag", "name", "tag"]


def test_what_tells_of_time_and_device_is_kept_and_no_more():
    tags = {
        "title": "secret",
        "location": "+52.5+013.4/",
        "MAKE": "GoPro",
        "comment": "x" * 999,
        "date": "2" * 10_000,
    }
    evidence = kept(MP4, tags, {"handler_name": "GoPro AVC", "make": "other"})
    assert evidence == {"container": MP4, "make": "GoPro", "handler_name": "GoPro AVC", "date": "2" * 200}
