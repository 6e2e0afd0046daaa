"""Lists of clips as an editor's own program reads them, and as OpenTimelineIO does: they show the very frames.

MLT (Debian's package `melt`) is what Shotcut and Kdenlive play by.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest

from query.clips import export
from tests.footage import make, referee, reports
from tests.footage.make import read_number
from tests.query.clips.footage import moment, shown

MELT = shutil.which("melt")
PLAYER = Path(__file__).with_name("play_mlt.py")
NTSC = Fraction(30000, 1001)
MAKERS: dict[str, Callable[[Path], Path]] = {
    "plain": make.numbered,
    "b-frames": make.b_frames,
    "matroska": lambda folder: make.b_frames(folder, "b_frames.mkv"),
    "29.97": lambda folder: make.numbered(folder, rate=float(NTSC), audio=True),
    "transport stream": lambda folder: make.numbered(folder, "a.ts", audio=True, options=("-bf", "2")),
    "broadcast": reports.broadcast,
    "edit list": make.edit_list,
    "late start": make.late_start,
    "sound before the picture": reports.early_sound,
    "timecode": lambda folder: reports.with_timecode(folder, "cam.mov", "14:09:42:10", 25),
    "dropping": lambda folder: reports.with_timecode(folder, "cam.mp4", "00:00:59;10", NTSC),
    "cover first": reports.unmarked_cover,
    "vp9": make.vp9,
    "turned": make.rotated,
    "program stream": reports.small_pictures,
}


def frames_of_mlt(project: Path) -> list[int]:
    """The numbers of the frames that MLT plays."""
    profile = ElementTree.parse(project).find("profile")
    assert profile is not None
    width, height = int(profile.attrib["width"]), int(profile.attrib["height"])
    raw = project.with_suffix(".raw")
    command = [sys.executable, str(PLAYER), str(project), str(width), str(height), str(raw)]
    subprocess.run(command, stdin=subprocess.DEVNULL, check=True, timeout=120)
    pictures = np.fromfile(raw, np.uint8).reshape(-1, height, width, 3)
    return [read_number(picture) for picture in pictures]


@pytest.mark.skipif(not MELT, reason="melt is not installed (Debian: apt-get install melt)")
@pytest.mark.parametrize("kind", MAKERS)
def test_mlt_plays_the_frames_of_the_clips(tmp_path: Path, kind: str) -> None:
    path = MAKERS[kind](tmp_path)
    clips = export([moment(path, 1.2, 1.6), moment(path, 0.6, 0.8)], tmp_path / "clips", mlt=True)
    wanted = [number for clip in clips for _, number in shown(tmp_path / "clips" / clip.file)]
    assert frames_of_mlt(tmp_path / "clips" / "timeline.mlt") == wanted


@pytest.mark.skipif(not MELT, reason="melt is not installed (Debian: apt-get install melt)")
def test_mlt_finds_files_of_any_name_and_plays_several_in_their_order(tmp_path: Path) -> None:
    one = make.numbered(tmp_path, "plain.mp4").rename(tmp_path / "<Küche> & \"Hof\" 'é'.mp4")
    two = make.b_frames(tmp_path, "two.mkv")
    moments = [moment(one, 1, 1.4), moment(two, 2, 2.4), moment(one, 0, 0.2)]
    export(moments, tmp_path / "clips", mlt=True, query={"text": 'a < "b" & c'})
    assert frames_of_mlt(tmp_path / "clips" / "timeline.mlt") == [*range(25, 35), *range(50, 60), *range(5)]


def test_a_name_that_xml_cannot_hold_breaks_no_project(tmp_path: Path) -> None:
    path = make.numbered(tmp_path, "plain.mp4", seconds=1).rename(tmp_path / "bell\x07.mp4")
    export([moment(path, 0, 0.4)], tmp_path / "clips", mlt=True)
    assert ElementTree.parse(tmp_path / "clips" / "timeline.mlt").find("playlist/entry") is not None


@pytest.mark.parametrize("kind", [kind for kind in MAKERS if kind != "cover first"])
def test_the_frames_that_a_timeline_names_are_those_of_the_clips(tmp_path: Path, kind: str) -> None:
    """Frame n of the list is the n-th of the file, counted from the file's own timecode; a full decode says which."""
    path = MAKERS[kind](tmp_path)
    clips = export([moment(path, 1.2, 1.6), moment(path, 0.6, 0.8)], tmp_path / "clips", otio=True)
    decoded = referee.decode_all(path)
    track = otio.adapters.read_from_file(str(tmp_path / "clips" / "timeline.otio")).video_tracks()[0]
    for clip, listed in zip(clips, track, strict=True):
        assert Path(unquote(urlparse(listed.media_reference.target_url).path)) == path
        first = listed.source_range.start_time - listed.media_reference.available_range.start_time
        numbers = [decoded[round(first.value) + n].number for n in range(round(listed.source_range.duration.value))]
        assert numbers == [number for _, number in shown(tmp_path / "clips" / clip.file)]
