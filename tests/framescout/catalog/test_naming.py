"""What a person may call a video: one rule for `status`, `--like` and `events test`."""

from __future__ import annotations

from pathlib import Path

import pytest

import framescout
from framescout.catalog.naming import find_video
from framescout.catalog.records import VideoFacts
from framescout.errors import UsageError
from tests.framescout.catalog.make import make_indexed


@pytest.fixture
def videos(tmp_path: Path) -> tuple[VideoFacts, ...]:
    """Six videos, with ids from 1: two are called a.mp4, one like an id, one like a pattern, one has two files."""
    archive = tmp_path / "archive"
    (archive / "cam1").mkdir(parents=True)
    with framescout.open(tmp_path / "catalog").writer() as writer:
        model = writer.model("toy", "print", 8)
        for name in ("cam1/a.mp4", "cam2/a.mp4", "cam1/holiday.mp4", "1", "take[1].mp4", "cam3/first.mp4"):
            writer.commit_video(make_indexed(str(archive / name), content_hash=name), model)
        writer.link_file(make_indexed(str(archive / "copy.mp4"), content_hash="cam3/first.mp4").file, 6)
    with framescout.open(tmp_path / "catalog").snapshot() as snapshot:
        return snapshot.video_facts()


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1", 1),  # an id comes before a name
        ("{archive}/1", 4),
        ("./1", 4),
        ("{archive}/cam2/a.mp4", 2),
        ("cam2/a.mp4", 2),
        ("holiday.mp4", 3),
        ("take[1].mp4", 5),
        ("copy.mp4", 6),
        ("first.mp4", 6),
        ("{archive}/link/holiday.mp4", 3),
        ("{archive}/cam1/../cam2/a.mp4", 2),
    ],
)
def test_a_video_is_found_by_id_path_name_or_the_end_of_a_path(
    videos: tuple[VideoFacts, ...], tmp_path: Path, written: str, number: int
) -> None:
    (tmp_path / "archive" / "link").symlink_to(tmp_path / "archive" / "cam1")
    assert find_video(videos, written.format(archive=tmp_path / "archive")).id == number


def test_a_file_of_this_folder_comes_before_another_of_its_name(
    videos: tuple[VideoFacts, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "archive" / "cam1")
    assert find_video(videos, "a.mp4").id == 1
    assert find_video(videos, "../cam2/a.mp4").id == 2


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("a.mp4", r"2 videos 'a.mp4' in the catalog: .*cam1/a.mp4 \(1\), .*cam2/a.mp4 \(2\); write one's path or id"),
        ("*.mp4", r"no video '\*.mp4'.* the pattern fits 5 videos: .*cam1/a.mp4 \(1\), "),
        ("Holidays/holiday.MOV", r"no video .*much the same is called: .*cam1/holiday.mp4 \(3\)"),
        ("nowhere.mp4", "in the catalog; framescout index"),
        ("4.mp4", "no video .* in the catalog"),
        ("a\0.mp4", "no video .* in the catalog"),
        ("\ud800.mp4", "no video .* in the catalog"),
        ("x" * 5000, "no video .* in the catalog"),
    ],
)
def test_where_none_or_several_are_meant_they_are_listed(
    videos: tuple[VideoFacts, ...], written: str, says: str
) -> None:
    with pytest.raises(UsageError, match=says):
        find_video(videos, written)
