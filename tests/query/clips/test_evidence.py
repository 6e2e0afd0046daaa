"""What an export says of where its clips come from, and whether files are still what they were."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime

import av
import numpy as np
import pytest
from click.testing import CliRunner
from msgspec.structs import replace
from PIL import Image, ImageChops

from framescout.cli import main
from query.clips import export
from query.clips.sheet import _font, draw_sheet
from tests.footage import make, reports
from tests.footage.make import read_number
from tests.query.clips.footage import moment


@pytest.fixture
def exported(tmp_path):
    """One clip of a recording with a timecode, and everything besides."""
    path = reports.with_timecode(tmp_path, "cam.mov", "14:09:42:10", 25)
    known = replace(moment(path, 0.4, 1.4), camera="yard", recorded_at=datetime(2026, 2, 14, 22, 15, tzinfo=UTC))
    (clip,) = export([known], tmp_path / "clips", reel=True, still=True, command=["framescout", "export", "x"])
    return path, tmp_path / "clips", clip


def test_the_manifest_says_which_frames_of_which_file_a_clip_is(exported):
    path, folder, clip = exported
    document = json.loads((folder / "manifest.json").read_text())
    (entry,) = document["clips"]
    assert document["command"] == ["framescout", "export", "x"]
    assert {"framescout", "ffmpeg"} <= document["programs"].keys()
    assert entry["sha256"] == hashlib.sha256((folder / clip.file).read_bytes()).hexdigest()
    assert entry["source"] == {
        "path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "stream": 0, "frame_rate": "25",
        "frame_in": 10, "frame_out": 35, "timecode_in": "14:09:42:20", "timecode_out": "14:09:43:20",
    }  # fmt: skip


def test_a_check_tells_what_changed_and_what_is_gone(exported):
    path, folder, clip = exported

    def check():
        done = CliRunner().invoke(main, ["export", "--check", str(folder / "manifest.json")])
        return done.exit_code, [line.split()[0] for line in done.output.splitlines()]

    assert check() == (0, ["unchanged", "unchanged"])
    with (folder / clip.file).open("r+b") as file:
        file.seek(1000)
        byte = file.read(1)
        file.seek(1000)
        file.write(bytes([byte[0] ^ 1]))
    assert check() == (1, ["changed", "unchanged"])
    path.unlink()
    assert check() == (1, ["changed", "gone"])
    (folder / "manifest.json").write_text('{"clips": [{"file": "a.mp4"}]}')
    assert check()[0] == 2


def test_a_still_is_the_picture_at_the_peak_with_its_origin(exported):
    path, folder, clip = exported
    with Image.open(folder / f"{clip.file}.png") as still:
        assert read_number(still) == round(clip.moment.peak * 25)
        assert still.text["Source"] == str(path)
        assert (still.text["Camera"], still.text["Timecode"]) == ("yard", "14:09:43:07")
        assert still.text["Recorded"] == "2026-02-14 22:15:00 UTC"


def test_the_chapters_of_a_reel_name_source_camera_time_and_timecode(exported):
    with av.open(str(exported[1] / "reel.mp4")) as reel:
        (chapter,) = reel.chapters()
    assert chapter["metadata"]["title"] == "cam 0:00:00, yard, 2026-02-14 22:15:00 UTC, 14:09:42:20"


def test_a_sheet_shows_camera_and_time(tmp_path):
    path = make.numbered(tmp_path, "été – Ж.mp4", seconds=1)
    bare = moment(path, 0, 1)
    known = replace(bare, camera="yard", recorded_at=datetime(2026, 2, 14, 22, 15, tzinfo=UTC))
    assert ImageChops.difference(draw_sheet([bare], title="x"), draw_sheet([known], title="x")).getbbox()


def test_the_font_has_the_letters_that_people_use():
    missing = _font(20).getmask("\ufffe")
    shapes = {letter: np.asarray(_font(20).getmask(letter)).tobytes() for letter in "éüñçøğłőżß–—’„«ЖжΩשع"}
    assert len(set(shapes.values())) == len(shapes)
    assert np.asarray(missing).tobytes() not in shapes.values()
