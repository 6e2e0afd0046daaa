"""Videos that were indexed before there were motion curves get theirs without being embedded again."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import indexer
from framescout import settings
from framescout.catalog import Catalog
from framescout.catalog.records import FileIdentity
from framescout.motion import Motion, Source
from indexer.motion_only import MotionReport
from tests.conftest import Program
from tests.footage import make, moving
from tests.framescout.catalog.make import make_indexed
from tests.indexer.hurting import hurt_decoder_of


def test_index_motion_fills_in_what_is_missing_and_embeds_nothing(tmp_path: Path, program: Program) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    moving.scene(archive, "moving.mp4", "block")
    make.mjpeg(archive)
    lost = make.numbered(archive, "lost.mp4", seconds=2)
    program("--catalog", tmp_path / "catalog", "index", archive)
    with contextlib.closing(sqlite3.connect(tmp_path / "catalog" / "catalog.sqlite")) as database, database:
        motions = "SELECT id, motion_levels, motion_source, motion_jerks FROM video ORDER BY id"
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


def test_a_curve_of_before_jerks_gets_them(without_curves: Catalog) -> None:
    assert len(fill_in(without_curves).read) == 2
    known = curves(without_curves)["moving"]
    with contextlib.closing(sqlite3.connect(without_curves.folder / "catalog.sqlite")) as database, database:
        database.execute("UPDATE video SET motion_jerks = NULL")
    assert len(fill_in(without_curves).read) == 2
    again = curves(without_curves)["moving"]
    assert known is not None
    assert again is not None
    assert known.jerks.any()  # something moves behind the key picture at 6.0
    assert again.jerks.tolist() == known.jerks.tolist()
    assert again.levels.tolist() == known.levels.tolist()


@pytest.fixture
def without_curves(tmp_path: Path) -> Catalog:
    """Two videos that nobody has looked at for motion."""
    (tmp_path / "archive").mkdir()
    catalog = Catalog.open(tmp_path / "catalog")
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        for name in ("moving", "resting"):
            path = moving.scene(tmp_path / "archive", f"{name}.mp4", "block" if name == "moving" else "nothing")
            facts = path.stat()
            identity = FileIdentity(str(path), facts.st_size, facts.st_mtime_ns, name)
            writer.commit_video(replace(make_indexed(), file=identity), model)
    return catalog


def fill_in(catalog: Catalog, **flags: Any) -> MotionReport:
    with catalog.snapshot() as snapshot:
        paths = [Path(video.path).parent for video in snapshot.videos()]
    return indexer.fill_in_motion(catalog, paths, settings=settings.load(workers=1, **flags))


def curves(catalog: Catalog) -> dict[str, Motion | None]:
    with catalog.snapshot() as snapshot:
        return {Path(video.path).stem: snapshot.motion(video.id) for video in snapshot.videos()}


@pytest.mark.parametrize(("sent", "why"), [(signal.SIGKILL, "died"), (signal.SIGSTOP, "longer than the limit")])
def test_a_process_that_dies_or_hangs_costs_one_curve_once(
    without_curves: Catalog, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, why: str
) -> None:
    hurt_decoder_of("moving.mp4", sent, monkeypatch)
    report = fill_in(without_curves, decode_timeout=15.0)
    assert [Path(path).name for path in report.read] == ["resting.mp4"]
    assert [why in told for told in report.failed.values()] == [True]
    known = curves(without_curves)
    assert known["resting"] is not None
    assert known["resting"].source is Source.SIZES
    assert known["moving"] is not None
    assert known["moving"].source is Source.UNKNOWN
    assert why in known["moving"].detail
    assert fill_in(without_curves).failed == {}  # it isn't tried again


def test_a_file_that_was_replaced_keeps_its_curve_unknown(without_curves: Catalog) -> None:
    with without_curves.snapshot() as snapshot:
        path = Path(snapshot.videos()[0].path)
    with path.open("ab") as file:
        file.write(b"more")
    report = fill_in(without_curves)
    assert list(report.failed) == [str(path)]
    assert curves(without_curves)[path.stem] is None  # the next index run reads what is there now


def test_it_begins_nothing_when_it_must_not_go_on(without_curves: Catalog) -> None:
    with without_curves.snapshot() as snapshot:
        paths = [Path(video.path).parent for video in snapshot.videos()]
    report = indexer.fill_in_motion(without_curves, paths, settings=settings.load(workers=1), may_go_on=lambda: False)
    assert report.left >= 1
    assert report.left + len(report.read) == 2
