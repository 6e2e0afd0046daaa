"""What is said of cameras and folders counts at once; `status VIDEO` shows every time and which one counts."""

from __future__ import annotations

import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

import framescout
from framescout.catalog import Catalog
from framescout.catalog.records import FileIdentity, Video
from framescout.cli import main
from framescout.recording import said
from tests.framescout.catalog.make import make_indexed

UTC_TAG = {"container": "mov,mp4", "creation_time": "2026-02-14T22:15:00.000000Z"}


@pytest.fixture
def kept(tmp_path: Path) -> Catalog:
    """A night of cam03, a phone's video with a tag alone, a yard."""
    catalog = framescout.open(tmp_path / "kept")
    with catalog.writer() as writer:
        model = writer.model("toy", "print", 8)
        writer.commit_video(make_indexed("/archive/cam03/cam03_20260214_221500.mp4"), model)
        phone = make_indexed("/archive/phones/IMG_1234.MOV")
        writer.commit_video(replace(phone, probe=replace(phone.probe, tags=UTC_TAG)), model)
        writer.commit_video(make_indexed("/archive/yard/2026-02-14_22-15-00.mp4"), model)
    return catalog


def run(catalog: Catalog, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--catalog", str(catalog.folder), *arguments], catch_exceptions=False)


def video(catalog: Catalog, number: int) -> Video:
    with framescout.open(catalog.folder).snapshot() as snapshot:
        return snapshot.videos([number])[0]


def test_a_changed_setting_counts_at_once(kept: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(video(kept, 1).recorded_at) == "2026-02-14 22:15:00+00:00"
    monkeypatch.setenv("FRAMESCOUT_TIMEZONE", "Europe/Berlin")
    monkeypatch.setenv("FRAMESCOUT_CAMERA_PATTERN", r"/archive/(?P<camera>[a-z]+)")
    assert str(video(kept, 1).recorded_at) == "2026-02-14 21:15:00+00:00"
    assert [video(kept, number).camera for number in (1, 2, 3)] == ["cam", "phones", "yard"]


def test_a_clock_that_is_fast_is_put_right_for_its_camera_alone(kept: Catalog) -> None:
    assert run(kept, "cameras", "set", "CAM03", "--fast", "4:10").exit_code == 0
    assert str(video(kept, 1).recorded_at) == "2026-02-14 22:10:50+00:00"
    assert str(video(kept, 3).recorded_at) == "2026-02-14 22:15:00+00:00"
    assert run(kept, "cameras", "set", "CAM03", "--slow", "10").exit_code == 0
    assert str(video(kept, 1).recorded_at) == "2026-02-14 22:15:10+00:00"
    assert run(kept, "cameras", "forget", "CAM03").exit_code == 0
    assert str(video(kept, 1).recorded_at) == "2026-02-14 22:15:00+00:00"


def test_a_folder_has_a_zone_a_camera_and_tags_of_its_own(kept: Catalog) -> None:
    run(kept, "cameras", "set", "--folder", "/archive", "--timezone", "Europe/Berlin")
    run(kept, "cameras", "set", "nikon", "--folder", "/archive/phones", "--local-tags")
    run(kept, "cameras", "set", "--folder", "/archive/yard", "--timezone", "America/New_York")
    assert [str(video(kept, number).recorded_at) for number in (1, 2, 3)] == [
        "2026-02-14 21:15:00+00:00",
        "2026-02-14 21:15:00+00:00",
        "2026-02-15 03:15:00+00:00",
    ]
    assert [video(kept, number).camera for number in (1, 2, 3)] == ["cam03", "nikon", "yard"]
    listed = run(kept, "cameras").stdout
    assert "/archive/phones: of camera nikon, its tags hold local time" in listed


def test_an_open_catalog_sees_what_another_process_says(kept: Catalog) -> None:
    server = Catalog.open(kept.folder, stays=True)
    with server.snapshot() as snapshot:
        assert snapshot.cameras() == ["cam03", "yard"]
    run(kept, "cameras", "set", "door", "--folder", "/archive/yard")
    with server.snapshot() as snapshot:
        assert snapshot.cameras() == ["cam03", "door"]
        assert [each.camera for each in snapshot.videos()] == ["cam03", None, "door"]


def test_the_list_counts_videos_and_says_from_when_to_when(kept: Catalog) -> None:
    at = "2026-02-14T22:15:00+00:00"
    facts = json.loads(run(kept, "cameras", "--json").stdout)
    assert facts["cameras"] == [
        {"camera": name, "videos": 1, "timed": 1, "first": at, "last": at} for name in ("cam03", "yard", None)
    ]
    assert facts["said"] == []


def test_videos_without_a_time_or_a_camera_are_told_apart(kept: Catalog) -> None:
    with kept.writer() as writer:
        model = writer.model("toy", "print", 8)
        writer.commit_video(make_indexed("/archive/phones/holiday.mp4"), model)
        writer.commit_video(make_indexed("/archive/attic/tape.mp4"), model)
    run(kept, "cameras", "set", "unknown", "--folder", "/archive/attic")
    lines = [line.split(maxsplit=1) for line in run(kept, "cameras").stdout.splitlines()[:4]]
    assert lines[:3] == [
        ["cam03", "1 videos  2026-02-14 22:15"],
        ["unknown", "1 videos"],
        ["yard", "1 videos  2026-02-14 22:15"],
    ]
    assert " ".join(lines[3]) == "(not known)       2 videos  1 with a time: 2026-02-14 22:15"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["set"], "Name a camera"),
        (["set", "cam03"], "Say something"),
        (["set", "cam03", "--timezone", "Nowhere"], "Europe/Berlin"),
        (["set", "cam03", "--fast", "soon"], "no time"),
        (["set", "cam03", "--fast", "1", "--slow", "1"], "not both"),
        (["forget", "cam03"], "Nothing was said"),
    ],
)
def test_a_mistake_is_a_sentence_and_changes_nothing(kept: Catalog, arguments: list[str], told: str) -> None:
    result = run(kept, "cameras", *arguments)
    assert (result.exit_code, told in result.stderr) == (2, True)
    assert not (kept.folder / said.FILE_NAME).exists()


def test_a_file_that_was_broken_by_hand_is_named(kept: Catalog) -> None:
    (kept.folder / said.FILE_NAME).write_text('[{"folder": "/a", "colour": "red"}]')
    result = run(kept, "cameras")
    assert result.exit_code == 2
    assert "cameras.json" in result.stderr
    assert "colour" in result.stderr


def test_status_of_a_video_shows_every_time_and_which_one_counts(kept: Catalog) -> None:
    with kept.writer() as writer:
        writer.link_file(FileIdentity("/archive/2026-02-14/181530.mp4", 1, 1, "x"), 2)
    shown = run(kept, "status", "phones/IMG_1234.MOV").stdout.splitlines()
    assert shown[1] == "file        /archive/phones/IMG_1234.MOV"
    assert shown[3].startswith(
        "  recorded  2026-02-14 22:15:00+00:00 (creation_time: UTC by the container's definition"
    )
    guess = json.loads(run(kept, "status", "2", "--json").stdout)["files"][1]
    assert [time["source"] for time in guess["times"]] == ["tag", "folders"]
    assert guess["recorded_at"] == "2026-02-14T22:15:00+00:00"
    assert "six digits, a guess" in guess["times"][1]["why"]
    missing = run(kept, "status", "nothing.mp4")
    assert missing.exit_code == 2
    assert "there is no video 'nothing.mp4'" in missing.stderr


def test_times_are_shown_in_the_zone_of_the_setting(kept: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRAMESCOUT_TIMEZONE", "Europe/Berlin")
    zone = ZoneInfo("Europe/Berlin")
    at = video(kept, 1).recorded_at
    assert at is not None
    assert at.astimezone(zone).isoformat(" ") in run(kept, "status", "1").stdout
