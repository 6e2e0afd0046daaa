"""The recorder's timecode: read from every container that has one, and the place at which every list names footage."""

from __future__ import annotations

import json
from fractions import Fraction

import opentimelineio as otio
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from PIL import ImageChops

import framescout
import indexer
from framescout.cli import main
from framescout.errors import UsageError
from framescout.media.footage import open_footage
from framescout.timecode import SourceTimecode, Timecode, standard_rate
from query import present
from query.answer import Answer
from query.clips import export
from query.clips.edl import mixed_rates
from query.clips.sheet import draw_sheet
from query.filters import find_places
from query.request import Query
from tests.footage import make, reports
from tests.footage.make import numbered
from tests.framescout.catalog.make import make_indexed
from tests.query.clips.footage import moment

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("name", "rate", "timecode", "second"),
    [
        ("tmcd.mov", 25, "14:09:42:10", "14:09:43:10"),
        ("tmcd.mp4", NTSC, "01:00:00;00", "01:00:01;00"),
        ("film.mov", Fraction(24000, 1001), "03:00:02:00", "03:00:03:00"),
        ("late.mov", 25, "23:59:59:20", "00:00:00:20"),
        ("drops.mp4", NTSC, "00:00:59;10", "00:01:00;12"),
        ("tags.mkv", 25, "10:00:00:00", "10:00:01:00"),
        ("ismp.avi", 25, "10:00:00:00", "10:00:01:00"),
        ("material.mxf", 25, "10:00:00:00", "10:00:01:00"),
        ("group.mpg", 25, "10:00:00:00", "10:00:01:00"),
        ("group.ts", NTSC, "10:00:00;00", "10:00:01;00"),
    ],
)
def test_the_timecode_of_every_container_is_read(tmp_path, name, rate, timecode, second):
    path = reports.with_timecode(tmp_path, name, timecode, rate)
    with open_footage(path) as (_, facts):
        assert facts.timecode
        assert facts.timecode.first == timecode
        assert facts.timecode_at(facts.first_time) == timecode
        assert facts.timecode_at(facts.first_time + float(round(rate) / rate)) == second


def test_an_impossible_timecode_is_passed_over(tmp_path):
    path = numbered(tmp_path, "odd.mkv", seconds=1, options=("-metadata", "timecode=25:61:00:99"))
    with open_footage(path) as (_, facts):
        assert facts.timecode is None
        assert facts.timecode_at(0.4) == "00:00:00:10"


def test_lists_name_the_place_on_the_recorders_clock(tmp_path):
    path = reports.with_timecode(tmp_path, "cam.mov", "14:09:42:10", 25)
    export([moment(path, 1, 2)], tmp_path / "clips", edl=True, otio=True)
    text = (tmp_path / "clips" / "timeline.edl").read_text()
    assert "14:09:43:10 14:09:44:10 01:00:00:00 01:00:01:00" in text
    (clip,) = otio.adapters.read_from_file(str(tmp_path / "clips" / "timeline.otio")).video_tracks()[0]
    first = 1274560
    assert clip.media_reference.available_range.start_time.value == first
    assert (clip.source_range.start_time.value, clip.source_range.duration.value) == (first + 25, 25)


def test_a_timecode_that_does_not_drop_is_told_in_a_list_that_does(tmp_path):
    plain = reports.with_timecode(tmp_path, "ndf.mov", "01:00:00:00", NTSC)
    dropping = reports.with_timecode(tmp_path, "df.mov", "01:00:00;00", NTSC)
    export([moment(dropping, 0, 1), moment(plain, 0, 1)], tmp_path / "clips", edl=True)
    lines = (tmp_path / "clips" / "timeline.edl").read_text().splitlines()
    modes = [line for line in lines if line.startswith("FCM") or line[:3].isdigit()]
    assert [line[:20].strip() for line in modes][::2] == ["FCM: DROP FRAME", "FCM: NON-DROP FRAME"]
    assert "01:00:00:00" in modes[-1]


def test_mixed_rates_are_said(tmp_path):
    one = numbered(tmp_path, "one.mp4", rate=30000 / 1001, seconds=1)
    two = numbered(tmp_path, "two.mp4", seconds=1)
    export([moment(one, 0, 1), moment(two, 0, 1)], tmp_path / "clips", edl=True)
    text = (tmp_path / "clips" / "timeline.edl").read_text()
    assert "* SOURCE RATE: 25, COUNTED HERE AT 29.97" in text
    with open_footage(one) as (_, first), open_footage(two) as (_, second):
        assert mixed_rates([first, first]) is None
        assert "29.97" in (mixed_rates([first, second]) or "")


def test_two_nights_of_one_camera_have_reels_of_their_own(tmp_path):
    nights = [make.numbered(tmp_path, f"frontdoor_2026021{n}.mp4", seconds=1, step=n) for n in (4, 5)]
    export([moment(path, 0, 1) for path in nights], tmp_path / "clips", edl=True)
    lines = (tmp_path / "clips" / "timeline.edl").read_text().splitlines()
    events = [line.split() for line in lines if line[:3].isdigit()]
    assert len({event[1] for event in events}) == 2
    assert all(f"* FROM CLIP NAME: {path.name}" in lines for path in nights)


@pytest.mark.parametrize(
    ("measured", "standard"),
    [("24.982", "25"), ("15", "30"), ("12.5", "25"), ("10", "30"), ("29.97", "30000/1001"), ("8", "24"), ("120", "60")],
)
def test_any_rate_is_counted_at_one_of_the_standard(measured, standard):
    assert standard_rate(Fraction(measured)) == Fraction(standard)
    count = Timecode.at(Fraction(measured))
    assert count.frame(count.text(12345)) == 12345


def test_a_day_wraps():
    count = Timecode.at(NTSC)
    day = count.frame("23:59:59;29") + 1
    assert count.text(day + 5) == "00:00:00;05"


def test_a_place_is_found_by_its_timecode(tmp_path):
    with framescout.open(tmp_path / "catalog").writer() as writer:
        model = writer.model("toy", "print", 8)
        for name, timecode in (("cam.mov", "14:09:42:10"), ("late.mov", "23:59:59:20")):
            path = reports.with_timecode(tmp_path, name, timecode, 25)
            writer.commit_video(make_indexed(str(path), count=2), model)
        make.numbered(tmp_path, "none.mp4", seconds=1)
        writer.commit_video(make_indexed(str(tmp_path / "none.mp4"), count=2), model)
    with framescout.open(tmp_path / "catalog").snapshot() as snapshot:

        def found(written):
            ((_, seconds),) = find_places(snapshot, Query("", like=(written,)))
            return seconds

        assert found("cam.mov@14:09:43:10") == 1.0
        assert found("late.mov@00:00:00:20") == 1.0
        assert found("cam.mov@1") == 1.0
        with pytest.raises(UsageError, match="begins at 14:09:42:10"):
            found("cam.mov@14:09:46:10")
        with pytest.raises(UsageError, match="carries no timecode"):
            found("none.mp4@00:00:00:10")
        with pytest.raises(UsageError, match="no timecode at 25"):
            found("cam.mov@14:09:42:25")


def test_what_is_indexed_is_found_shown_and_named_with_its_timecode(catalog, tmp_path, monkeypatch):
    (tmp_path / "archive").mkdir()
    path = reports.with_timecode(tmp_path / "archive", "cam.mov", "00:00:59;10", NTSC)
    make.numbered(tmp_path / "archive", "plain.mp4", seconds=1)
    indexer.index(catalog, [tmp_path / "archive"])
    path.rename(path.with_name("away.mov"))  # the catalog knows it by itself

    def run(*words):
        done = CliRunner().invoke(main, ["--catalog", str(catalog.folder), *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.stdout

    moments = json.loads(run("search", "a test picture", "--all", "--json"))["moments"]
    known = [each for each in moments if each["video"] == str(path)]
    assert known
    for each in known:
        frames = [59 * 30 + 10 + round(each[edge] * NTSC) for edge in ("start", "end")]
        assert [each["timecode_in"], each["timecode_out"]] == [drop_frame(frame) for frame in frames]
    assert not any("timecode_in" in each for each in moments if each not in known)
    assert "timecode    00:00:59;10" in run("status", "cam.mov")
    assert json.loads(run("status", "cam.mov", "--json"))["timecode"] == "00:00:59;10"
    assert json.loads(run("status", "plain.mp4", "--json"))["timecode"] is None
    with catalog.snapshot() as snapshot:
        ((_, seconds),) = find_places(snapshot, Query("", like=("cam.mov@00:01:00;12",)))
    assert seconds == pytest.approx(30 / NTSC)


def drop_frame(frame):
    """The timecode at 29.97 in the first ten minutes, by SMPTE ST 12-1: a minute leaves out two numbers."""
    number = frame + 2 * max(0, (frame - 2) // 1798) if frame >= 1800 else frame
    return f"00:{number // 1800:02d}:{number // 30 % 60:02d};{number % 30:02d}"


def test_a_table_shows_timecodes_where_some_are_known(capsys, tmp_path):
    first = replace(moment(tmp_path / "a.mov", 4, 6), timecode=SourceTimecode("14:09:42:10", Fraction(25)))
    second = moment(tmp_path / "b.mp4", 1, 2)
    present._show_table(Answer({}, "toy", 2, True, (first, second)))
    assert "14:09:46:10" in capsys.readouterr().out
    present._show_table(Answer({}, "toy", 2, True, (second,)))
    assert "timecode" not in capsys.readouterr().out.splitlines()[0]


def test_a_sheet_shows_the_timecode(tmp_path):
    path = make.numbered(tmp_path, seconds=1)
    plain = draw_sheet([moment(path, 0, 1)], title="x")
    known = replace(moment(path, 0, 1), timecode=SourceTimecode("14:09:42:10", Fraction(25)))
    changed = ImageChops.difference(plain, draw_sheet([known], title="x")).getbbox()
    assert changed
    assert changed[2] - changed[0] > 60
    assert changed[3] - changed[1] < 20


@settings(max_examples=200)
@given(
    st.sampled_from([*map(Fraction, (24, 25, 30, 50, 60)), NTSC, Fraction(24000, 1001), Fraction(60000, 1001)]),
    st.integers(0, 23), st.integers(0, 59), st.integers(0, 59), st.integers(0, 200_000), st.floats(0, 2),
)  # fmt: skip
def test_a_timecode_finds_the_very_frame_that_it_names(rate, hours, minutes, seconds, number, first_time):
    known = SourceTimecode(f"{hours:02d}:{minutes:02d}:{seconds:02d}:02", rate, first_time)
    at = first_time + float(number / rate)
    assert known.seconds_at(known.text_at(at), first_time + 3e5 / rate) == pytest.approx(at, abs=0.1 / float(rate))
    assert SourceTimecode.of_tags(known.tags) == known


@pytest.mark.parametrize("tags", [{}, {"timecode": "01:00:00:00"}, {"timecode": "x", "timecode_rate": "25"},
                                  {"timecode": "01:00:00:00", "timecode_rate": "1/0"},
                                  {"timecode": "01:00", "timecode_rate": "25"}])  # fmt: skip
def test_tags_that_make_no_sense_are_no_timecode(tags):
    assert SourceTimecode.of_tags(tags) is None
