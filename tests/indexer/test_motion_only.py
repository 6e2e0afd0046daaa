"""Videos that were indexed before there were motion curves get theirs without being embedded again."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from framescout.catalog import Catalog
from framescout.motion import Source
from tests.conftest import Program
from tests.footage import make, moving


def test_index_motion_fills_in_what_is_missing_and_embeds_nothing(tmp_path: Path, program: Program) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    moving.scene(archive, "moving.mp4", "block")
    make.mjpeg(archive)
    lost = make.numbered(archive, "lost.mp4", seconds=2)
    program("--catalog", tmp_path / "catalog", "index", archive)
    with contextlib.closing(sqlite3.connect(tmp_path / "catalog" / "catalog.sqlite")) as database, database:
        motions = "SELECT id, motion_levels, motion_source FROM video ORDER BY id"
        before = database.execute(motions).fetchall()
        database.execute("UPDATE video SET motion_levels = NULL, motion_source = NULL, motion_detail = NULL")
        indexings = database.execute("SELECT first_keyframe_id FROM indexing").fetchall()
    lost.unlink()
    done = program("--catalog", tmp_path / "catalog", "index", archive, "--motion")
    assert (done.returncode, "motion of 2 videos read" in done.stderr) == (0, True)
    with contextlib.closing(sqlite3.connect(tmp_path / "catalog" / "catalog.sqlite")) as database:
        assert database.execute("SELECT first_keyframe_id FROM indexing").fetchall() == indexings
        after = database.execute(motions).fetchall()
    with Catalog.open(tmp_path / "catalog").snapshot() as snapshot:
        sources = {Path(video.path).name: snapshot.motion(video.id) for video in snapshot.videos()}
    assert sources["lost.mp4"] is None
    assert sources["mjpeg.avi"].source is Source.UNKNOWN  # its pictures would have to be decoded
    assert sources["moving.mp4"].source is Source.SIZES
    assert sum(one == other for one, other in zip(before, after, strict=True)) == 1  # the same as while indexing
    again = program("--catalog", tmp_path / "catalog", "index", archive, "--motion")
    assert "motion of 0 videos read" in again.stderr
