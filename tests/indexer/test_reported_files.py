"""Files that people reported elsewhere, through a whole run: indexed, found, cut and played."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import opentimelineio as otio
import pytest

import indexer
import query
from framescout.catalog import Catalog
from framescout.media.footage import open_footage
from query.clips import export
from query.web.footage import streamed, way_to_play
from tests.footage import make
from tests.footage.make import ffmpeg, numbered
from tests.query.clips.footage import moment, shown


def _fragmented(folder: Path) -> Path:
    whole = numbered(folder, "whole.mp4", seconds=30, size=(96, 64), audio=True)
    flags = ("-c", "copy", "-movflags", "frag_keyframe+empty_moov+default_base_moof")
    ffmpeg("-i", whole, *flags, folder / "obs.mp4")
    whole.unlink()
    return folder / "obs.mp4"


def _cut_short(folder: Path) -> Path:
    path = _fragmented(folder)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10])
    return path


def _live(folder: Path) -> Path:
    codec = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-live", "1")
    return numbered(folder, "browser.webm", seconds=12, size=(96, 64), codec=codec)


def _raw(name: str, rate: int, *codec: str) -> Callable[[Path], Path]:
    return lambda folder: numbered(folder, name, seconds=10, rate=rate, size=(96, 64), codec=codec)


def _called_mp4(folder: Path, ending: str) -> Path:
    codec = make.QUICK_X264 if ending == "ts" else ("-c:v", "mpeg2video", "-q:v", "4")
    return numbered(folder, f"live.{ending}", seconds=6, codec=codec).rename(folder / "live.mp4")


H265 = ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none")
FILES: dict[str, tuple[Callable[[Path], Path], float, float, float]] = {
    "16 OBS": (_fragmented, 30.0, 20.5, 511),
    "16 OBS, cut short": (_cut_short, 18.0, 10.5, 261),
    "19 a browser's WebM": (_live, 12.0, 2.967, 74),
    "20 raw H.264 at 30": (_raw("bunny.h264", 30, *make.QUICK_X264), 10.0, 4.0, 120),
    "20 raw HEVC at 15": (_raw("cam.h265", 15, *H265), 10.0, 4.0, 60),
    "27 a transport stream": (lambda folder: _called_mp4(folder, "ts"), 6.0, 2.0, 50),
    "27 a program stream": (lambda folder: _called_mp4(folder, "mpg"), 6.0, 2.0, 50),
}
"""What makes it, its seconds, a time, and the frame that is shown then."""


@pytest.mark.parametrize("name", FILES)
def test_a_recording_is_read_whole_and_cut_to_the_frame(catalog: Catalog, tmp_path: Path, name: str) -> None:
    maker, seconds, at, frame = FILES[name]
    (tmp_path / "archive").mkdir()
    path = maker(tmp_path / "archive")
    report = indexer.index(catalog, [path.parent])
    assert not report.quarantined
    with catalog.snapshot() as snapshot:
        (video,) = snapshot.videos()
    assert video.duration == pytest.approx(seconds, abs=3 if "cut short" in name else 0.1)
    (clip,) = export([moment(path, at, at + 1)], tmp_path / "clips", otio=True)
    numbers = [number for _, number in shown(tmp_path / "clips" / clip.file)]
    assert numbers == list(range(numbers[0], numbers[0] + round(video.frame_rate)))
    assert numbers[0] == frame
    listed = otio.adapters.read_from_file(str(tmp_path / "clips" / "timeline.otio")).video_tracks()[0][0].source_range
    assert (listed.start_time.value, listed.duration.value) == (numbers[0], len(numbers))
    with open_footage(path) as (_, facts):
        if name.startswith(("16", "19")):
            assert way_to_play(video, facts) == "file"
        else:  # the player falls back to it
            assert b"moof" in b"".join(streamed(video, facts, at, encode=True))


def test_files_whose_times_moved_by_an_hour_are_not_embedded_again(catalog: Catalog, tmp_path: Path) -> None:
    """FAT keeps local times: after the change of clocks every file's is an hour off."""
    archive = tmp_path / "archive"
    archive.mkdir()
    for number in range(3):
        numbered(archive, f"{number}.mp4", seconds=1 + number)
    indexer.index(catalog, [archive])
    for path in archive.iterdir():
        facts = path.stat()
        os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns + 3600 * 10**9))
    report = indexer.index(catalog, [archive])
    assert (report.indexed, len(report.known), report.unchanged) == ([], 3, 0)
    (archive / "0.mp4").rename(archive / "renamed.mp4")
    shutil.copy(archive / "1.mp4", archive / "copy.mp4")
    report = indexer.index(catalog, [archive])
    assert report.indexed == []
    assert {Path(path).name for path in report.known} == {"renamed.mp4", "copy.mp4"}


ODD = ["new\nline.mp4", "100%d.mp4", "a:b.mp4", "-y.mp4", "\"quotes\" 'both'.mp4", "[]{}*?.mp4", "a|b\\c.mp4", "🐕.mp4"]


def test_odd_names_are_found_and_cut(catalog: Catalog, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    for number, name in enumerate([*ODD, "x" * 251 + ".mp4"]):
        numbered(archive, f"{number}.mp4", seconds=1, step=number + 2).rename(archive / name)
    (archive / "._x.mp4").write_bytes(b"\0\5\x16\7" + bytes(4092))
    report = indexer.index(catalog, [archive])
    assert (len(report.indexed), report.quarantined) == (9, {})
    moments = query.search(catalog, "a test picture", limit=20, collapse=False).moments
    assert {moment.video for moment in moments} == {str(path) for path in archive.iterdir() if path.name[0] != "."}
    besides = {"reel": True, "edl": True, "otio": True, "mlt": True, "sheet": True}
    clips = export(moments, tmp_path / "clips", **besides)
    assert len({clip.file for clip in clips}) == len(moments)
    assert all((tmp_path / "clips" / clip.file).stat().st_size for clip in clips)
