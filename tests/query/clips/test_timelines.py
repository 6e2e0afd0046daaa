"""The edit decision list and the OpenTimelineIO timeline, read back; by the library itself where it is there."""

import json
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.timecode import Timecode
from query.clips import export
from tests.footage import make
from tests.query.clips.footage import moment

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("rate", "frame", "text"),
    [
        (Fraction(25), 25 * 3600, "01:00:00:00"),
        (Fraction(24000, 1001), 24 * 60 + 5, "00:01:00:05"),
        (NTSC, 1799, "00:00:59;29"),
        (NTSC, 1800, "00:01:00;02"),
        (NTSC, 17981, "00:09:59;29"),
        (NTSC, 17982, "00:10:00;00"),
        (NTSC, 107892, "01:00:00;00"),
        (Fraction(60000, 1001), 3600, "00:01:00;04"),
        (Fraction(30), 1800, "00:01:00:00"),
    ],
)
def test_timecode_counts_and_drops_as_the_standard_has_it(rate, frame, text):
    assert Timecode.at(rate).text(frame) == text


@settings(max_examples=100, deadline=None)
@given(st.sampled_from([24, 25, 30, 50, 60, NTSC, Fraction(24000, 1001), Fraction(60000, 1001)]), st.integers(0, 10**6))
def test_no_two_frames_share_a_timecode(rate, frame):
    count = Timecode.at(Fraction(rate))
    assert count.text(frame) < count.text(frame + 1)
    assert count.frames(float(frame / count.rate)) == frame


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([NTSC, Fraction(60000, 1001)]), st.integers(0, 23))
def test_a_dropping_count_keeps_to_the_hour(rate, hour):
    count = Timecode.at(rate)
    assert count.text(count.hour(hour)) == f"{hour:02d}:00:00;00"


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("timelines")
    ntsc = folder / "Schöne Küche 1.mp4"
    make.numbered(folder, "n.mp4", rate=30000 / 1001, seconds=3, audio=True).rename(ntsc)
    other = make.numbered(folder, "SchoneKu\nX.mp4", rate=30000 / 1001, seconds=3)
    moments = [moment(ntsc, 1, 2), moment(other, 0.5, 1.5), moment(ntsc, 2, 2.5)]
    clips = export(moments, folder / "clips", edl=True, otio=True, mode="precise", query={"text": "a\nkitchen"})
    return folder / "clips", clips


def test_the_edit_decision_list_names_videos_and_counts_without_holes(exported):
    folder, _ = exported
    lines = (folder / "timeline.edl").read_bytes().decode().split("\r\n")
    assert lines[:3] == ["TITLE: a kitchen", "FCM: DROP FRAME", ""]
    events = [line.split() for line in lines if line[:3].isdigit()]
    assert [event[1] for event in events] == ["SCHONEKU", "SCHONEK2", "SCHONEKU"]
    assert [event[2] for event in events] == ["B", "V", "B"]
    assert events[0][4:] == ["00:00:00;29", "00:00:01;29", "01:00:00;00", "01:00:01;00"]
    assert events[0][7] == events[1][6]
    assert events[1][7] == events[2][6]
    assert lines.count("* FROM CLIP NAME: Schöne Küche 1.mp4") == 2
    assert "* FROM CLIP NAME: SchoneKu X.mp4" in lines


def test_the_timeline_counts_frames_of_the_source(exported):
    folder, clips = exported
    timeline = json.loads((folder / "timeline.otio").read_text())
    pictures, sounds = timeline["tracks"]["children"]
    starts = [each["source_range"]["start_time"] for each in pictures["children"]]
    assert [start["value"] for start in starts] == [29, 14, 59]
    assert {start["rate"] for start in starts} == {30000 / 1001}
    assert [start["value"] / start["rate"] for start in starts] == pytest.approx([c.start for c in clips], abs=1e-4)
    assert [each["OTIO_SCHEMA"] for each in sounds["children"]] == ["Clip.2", "Gap.1", "Clip.2"]


def test_opentimelineio_reads_the_timeline(exported):
    library = pytest.importorskip("opentimelineio", reason="only the library itself can say")
    timeline = library.adapters.read_from_file(str(exported[0] / "timeline.otio"))
    ranges = [clip.source_range for clip in timeline.video_tracks()[0]]
    assert [(each.start_time.value, each.duration.value) for each in ranges] == [(29, 30), (14, 30), (59, 15)]
    media = [clip.media_reference.target_url for clip in timeline.video_tracks()[0]]
    assert media[0].startswith("file:///")
    assert timeline.video_tracks()[0].trimmed_range().duration.value == 75


def test_the_cmx_adapter_of_opentimelineio_reads_the_list(exported):
    pytest.importorskip("opentimelineio", reason="only the library itself can say")
    adapter = pytest.importorskip("otio_cmx3600_adapter.cmx_3600")
    text = (exported[0] / "timeline.edl").read_bytes().decode()
    timeline = adapter.read_from_string(text, rate=30000 / 1001)
    ranges = [clip.source_range for clip in timeline.video_tracks()[0]]
    assert [(each.start_time.value, each.duration.value) for each in ranges] == [(29, 30), (14, 30), (59, 15)]
