"""Whole index runs on small archives, with the starter model, real SQLite and real decoders."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine, event

import indexer
import query
from framescout import settings
from framescout.catalog import Catalog, Writer
from framescout.catalog.lock import Note
from framescout.catalog.records import Video
from framescout.errors import CatalogLockedError, DiskFullError, NotAvailableError
from indexer import pipeline
from indexer import run as running
from indexer.report import Report
from tests.conftest import program_path
from tests.footage import make
from tests.indexer.hurting import hurt_decoder_of
from tests.waiting import wait_until

SETTINGS = settings.load()
HEAR = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
HEARING = [sys.executable, "-c", HEAR]
"""Begins a command that hears SIGINT, which a test run in the background ignores."""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three videos: coloured shots, numbered frames in a folder of their own, a file that is no video."""
    folder = tmp_path / "archive"
    (folder / "cam02").mkdir(parents=True)
    make.coloured_shots(folder, "colours.mp4")
    make.numbered(folder / "cam02", "cam02_20260214_221500.mp4")
    make.garbage(folder, "broken.mp4")
    return folder


def run(catalog: Catalog, *paths: Path, **changes: object) -> Report:
    chosen = settings.load(**changes) if changes else SETTINGS
    return indexer.index(catalog, paths, settings=chosen)


def videos(catalog: Catalog) -> dict[str, Video]:
    with catalog.snapshot() as snapshot:
        return {Path(video.path).name: video for video in snapshot.videos()}


def test_a_run_catalogs_what_is_video_and_quarantines_what_is_broken(catalog: Catalog, archive: Path) -> None:
    report = run(catalog, archive)
    assert sorted(Path(path).name for path in report.indexed) == ["cam02_20260214_221500.mp4", "colours.mp4"]
    assert [Path(path).name for path in report.quarantined] == ["broken.mp4"]
    found = videos(catalog)
    assert found["cam02_20260214_221500.mp4"].camera == "cam02"
    assert str(found["cam02_20260214_221500.mp4"].recorded_at) == "2026-02-14 22:15:00+00:00"
    assert found["colours.mp4"].end.is_complete
    with catalog.snapshot() as snapshot:
        model = snapshot.active_model()
        assert model is not None
        for block in snapshot.space(model).blocks():
            times = snapshot.space(model).keyframe_times(block.video_id)
            assert times is not None
            assert len(times.times) == len(block.embeddings) >= 3
            assert np.allclose(np.linalg.norm(block.embeddings.astype(np.float32), axis=1), 1, atol=0.01)
            assert times.starts[0] == 0.0
            assert np.array_equal(times.starts[1:], times.ends[:-1])


def test_thorough_looks_at_parts_of_a_picture_too(catalog: Catalog, archive: Path, tmp_path: Path) -> None:
    closer = Catalog.open(tmp_path / "closer")
    first = []
    for each, density in ((catalog, "balanced"), (closer, "thorough")):
        run(each, archive / "cam02", density=density)
        with each.snapshot() as snapshot:
            model = snapshot.active_model()
            assert model is not None
            first.append(next(snapshot.space(model).blocks()).embeddings[0].astype(np.float32))
    assert 0.8 < first[0] @ first[1] < 0.999  # of the same keyframe, at 0 s


def test_a_second_run_has_nothing_to_do_and_loads_no_torch(catalog: Catalog, archive: Path) -> None:
    run(catalog, archive)
    script = (
        "import sys, framescout, indexer\n"
        "report = indexer.index(framescout.open(sys.argv[1]), [sys.argv[2]])\n"
        "print(report.unchanged, report.still_quarantined, len(report.indexed), 'torch' in sys.modules)"
    )
    again = subprocess.run(
        [sys.executable, "-c", script, str(catalog.folder), str(archive)], capture_output=True, text=True, check=True
    )
    assert again.stdout.split() == ["2", "1", "0", "False"]


def test_a_moved_file_keeps_its_embeddings(catalog: Catalog, archive: Path) -> None:
    run(catalog, archive)
    before = videos(catalog)["colours.mp4"]
    (archive / "ch07").mkdir()
    (archive / "colours.mp4").rename(archive / "ch07" / "moved.mp4")
    report = run(catalog, archive)
    assert [Path(path).name for path in report.known] == ["moved.mp4"]
    assert report.indexed == []
    after = videos(catalog)["moved.mp4"]
    assert (after.id, after.is_gone, after.camera) == (before.id, False, "ch07")


def test_footage_whose_name_another_took_is_answered_by_none_and_found_again(
    catalog: Catalog, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(catalog, archive)
    before = videos(catalog)["colours.mp4"].id
    kept = (archive / "colours.mp4").rename(tmp_path / "kept.mp4")
    make.numbered(archive, "colours.mp4", seconds=5)
    with monkeypatch.context() as patched:  # as if it were killed after the commit of the new footage
        patched.setattr(Writer, "drop_replaced", lambda _: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            run(catalog, archive)
    answer = query.search(catalog, "a red picture")
    assert {moment.video_id for moment in answer.moments} == {video.id for video in videos(catalog).values()}
    assert before not in {moment.video_id for moment in answer.moments}
    kept.rename(archive / "old colours.mp4")
    assert run(catalog, archive).known == [str(archive / "old colours.mp4")]
    assert videos(catalog)["old colours.mp4"].id == before


def test_a_copy_is_one_video_and_outlives_its_original(catalog: Catalog, archive: Path) -> None:
    run(catalog, archive)
    shutil.copy(archive / "colours.mp4", archive / "copy.mp4")
    assert run(catalog, archive).known == [str(archive / "copy.mp4")]
    (archive / "colours.mp4").unlink()
    run(catalog, archive)
    assert set(videos(catalog)) == {"copy.mp4", "cam02_20260214_221500.mp4"}


def test_two_files_that_differ_only_between_the_samples_are_two_videos(catalog: Catalog, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    folder.mkdir()
    first = make.numbered(folder, "first.mp4")
    with first.open("ab") as padding:  # a container ignores what follows its last box
        padding.write(b"\0\0\0\0free" + bytes(16 * 2**20))
    second = folder / "second.mp4"
    shutil.copy(first, second)
    size = first.stat().st_size
    with second.open("r+b") as changed:
        changed.seek(size // 2 + 70_000)
        changed.write(b"\1")
    report = run(catalog, folder)
    assert len(report.indexed) + len(report.known) == 2
    assert run(catalog, folder).unchanged == 2


def test_changed_footage_is_read_again_and_the_old_is_dropped(catalog: Catalog, archive: Path) -> None:
    run(catalog, archive)
    old = videos(catalog)["colours.mp4"]
    (archive / "colours.mp4").unlink()
    make.numbered(archive, "colours.mp4", seconds=2)
    report = run(catalog, archive)
    assert report.indexed == [str(archive / "colours.mp4")]
    assert videos(catalog)["colours.mp4"].content_hash != old.content_hash
    assert len(videos(catalog)) == 2


def test_a_vanished_file_stays_until_prune_and_comes_back_for_nothing(catalog: Catalog, archive: Path) -> None:
    run(catalog, archive)
    (archive / "colours.mp4").rename(archive.parent / "away.mp4")
    assert run(catalog, archive).gone == 1
    assert videos(catalog)["colours.mp4"].is_gone
    (archive.parent / "away.mp4").rename(archive / "colours.mp4")
    report = run(catalog, archive)
    assert report.indexed == []
    assert not videos(catalog)["colours.mp4"].is_gone


def test_a_path_that_does_not_exist_is_named_and_nothing_is_marked_gone(catalog: Catalog, archive: Path) -> None:
    run(catalog, archive)
    archive.rename(archive.with_name("unmounted"))
    with pytest.raises(NotAvailableError, match="archive"):
        run(catalog, archive)
    assert not any(video.is_gone for video in videos(catalog).values())


def test_a_quarantined_file_is_tried_again_when_it_is_mended(catalog: Catalog, archive: Path) -> None:
    run(catalog, archive)
    (archive / "broken.mp4").unlink()
    make.numbered(archive, "broken.mp4", seconds=2)
    assert run(catalog, archive).indexed == [str(archive / "broken.mp4")]
    with catalog.snapshot() as snapshot:
        assert snapshot.quarantined() == []


@pytest.mark.parametrize(
    ("maker", "reason"),
    [(make.empty, "empty"), (make.garbage, "not-video"), (make.audio_only, "no-picture"), (make.huge, "too-large")],
)
def test_each_kind_of_useless_file_has_its_reason(catalog: Catalog, tmp_path: Path, maker: object, reason: str) -> None:
    maker(tmp_path)
    run(catalog, tmp_path)
    with catalog.snapshot() as snapshot:
        assert [file.reason for file in snapshot.quarantined()] == [reason]


def test_what_decodes_of_a_truncated_file_is_kept_and_marked_partial(catalog: Catalog, tmp_path: Path) -> None:
    make.truncated(tmp_path)
    report = run(catalog, tmp_path)
    (video,) = videos(catalog).values()
    assert report.partial == [video.path]
    assert not video.end.is_complete
    assert video.end.detail
    assert 0 < video.end.read_to < 6


@pytest.mark.parametrize(("sent", "reason"), [(signal.SIGKILL, "decoder-died"), (signal.SIGSTOP, "too-slow")])
def test_a_decoder_that_dies_or_hangs_costs_one_video(
    catalog: Catalog, archive: Path, monkeypatch: pytest.MonkeyPatch, sent: signal.Signals, reason: str
) -> None:
    hurt_decoder_of("colours.mp4", sent, monkeypatch)
    report = run(catalog, archive / "colours.mp4", archive / "cam02", workers=1, decode_timeout=15.0)
    assert [Path(path).name for path in report.indexed] == ["cam02_20260214_221500.mp4"]
    with catalog.snapshot() as snapshot:
        assert [file.reason for file in snapshot.quarantined()] == [reason]


def test_a_closer_density_reads_again_and_a_wider_one_does_not(catalog: Catalog, archive: Path) -> None:
    run(catalog, archive, density="balanced")
    assert run(catalog, archive, density="fast").indexed == []
    assert len(run(catalog, archive, density="thorough").indexed) == 2


def test_a_run_that_must_not_go_on_begins_nothing_new(catalog: Catalog, archive: Path) -> None:
    report = indexer.index(catalog, [archive], settings=settings.load(workers=1), may_go_on=lambda: False)
    assert report.stopped == "until"
    assert report.left >= 1
    assert run(catalog, archive).stopped is None
    assert len(videos(catalog)) == 2


def test_a_file_that_grows_while_it_is_read_is_left_for_the_next_run(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = make.numbered(tmp_path)
    looked = []

    def grow_once() -> bool:
        if not looked:
            with path.open("ab") as growing:
                growing.write(bytes(100))
        looked.append(True)
        return True

    report = indexer.index(catalog, [path], settings=SETTINGS, may_go_on=grow_once)
    assert "being written" in report.quarantined[str(path)]
    assert run(catalog, path).indexed == [str(path)]


def test_a_full_disk_is_one_sentence_and_the_catalog_stays_whole(catalog: Catalog, archive: Path) -> None:
    run(catalog, archive / "cam02")
    with contextlib.closing(sqlite3.connect(catalog.folder / "catalog.sqlite")) as database:
        database.execute("VACUUM")  # no page is free

    def make_small(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")

    event.listen(Engine, "connect", make_small)
    try:
        with pytest.raises(DiskFullError, match="free some space"):
            run(catalog, archive)
    finally:
        event.remove(Engine, "connect", make_small)
    again = Catalog.open(catalog.folder)
    assert again.check() == []
    assert "cam02_20260214_221500.mp4" in videos(again)


def command(catalog: Catalog, *arguments: object) -> list[str]:
    return [program_path(), "--catalog", str(catalog.folder), *map(str, arguments)]


def many(archive: Path, count: int) -> None:
    source = make.numbered(archive, "00.mp4", seconds=3)
    for number in range(1, count):
        copy = archive / f"{number:02d}.mp4"
        shutil.copy(source, copy)
        with copy.open("ab") as tail:
            tail.write(b"\0\0\0\x0cfree" + number.to_bytes(4))  # other content, the same pictures


@pytest.mark.slow
def test_kill_at_any_time_loses_only_the_videos_in_work(catalog: Catalog, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    many(archive, 12)
    counts = []
    for _ in range(6):
        process = subprocess.Popen(command(catalog, "index", archive), stderr=subprocess.DEVNULL)
        enough = min(len(videos(catalog)) + 2, 12)
        wait_until(lambda enough=enough: len(videos(catalog)) >= enough, process)
        process.send_signal(signal.SIGKILL)
        process.wait()
        counts.append(len(videos(catalog)))
        assert catalog.check() == []
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    subprocess.run(command(catalog, "index", archive, "--quiet"), check=True)
    assert len(videos(catalog)) == 12
    assert subprocess.run(command(catalog, "verify"), check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_run_ends_cleanly_with_130(catalog: Catalog, tmp_path: Path, sent: signal.Signals) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    many(archive, 40)
    process = subprocess.Popen([*HEARING, *command(catalog, "index", archive)], stderr=subprocess.PIPE, text=True)
    wait_until(lambda: videos(catalog), process)
    process.send_signal(sent)
    _, said = process.communicate(timeout=200)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert 0 < len(videos(catalog)) < 40
    assert not (catalog.folder / "writer.json").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there are no process groups")
def test_ctrl_c_while_the_model_is_loaded_is_clean(catalog: Catalog, archive: Path) -> None:
    process = subprocess.Popen(
        [*HEARING, *command(catalog, "index", archive)], stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    wait_until((catalog.folder / "writer.json").exists, process)
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: decoders hear it too
    _, said = process.communicate(timeout=200)
    assert process.returncode == 130
    assert "Traceback" not in said
    with catalog.snapshot() as snapshot:
        assert snapshot.quarantined() == []


def test_other_processes_can_read_how_far_a_run_is(
    catalog: Catalog, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.garbage(archive)
    told = []
    monkeypatch.setattr(Note, "say", lambda note, **facts: told.append(facts))
    monkeypatch.setattr(running, "_SAY_EVERY", 0.0)
    report = run(catalog, archive)
    said = [facts for facts in told if facts]
    files = len(report.indexed) + len(report.known) + len(report.quarantined)
    assert (said[-1]["files_done"], said[-1]["files"]) == (files, files)
    assert [facts["bytes_done"] for facts in said] == sorted(facts["bytes_done"] for facts in said)
    assert said[-1]["bytes_done"] == pytest.approx(said[-1]["bytes"], rel=0.02)


@pytest.mark.parametrize(("files", "processes", "threads"), [(1, 1, 6), (2, 2, 3), (4, 4, 1), (99, 6, 1)])
def test_few_files_are_decoded_in_threads(
    monkeypatch: pytest.MonkeyPatch, files: int, processes: int, threads: int
) -> None:
    monkeypatch.setattr(pipeline, "DecodingProcesses", lambda count, limits: (count, limits))
    count, limits = pipeline.workers_for(files, settings.load(workers=6, decode_memory=100))
    assert (count, limits.threads, limits.memory_mib) == (processes, threads, 100 * threads)


def test_a_second_indexer_is_refused(catalog: Catalog, archive: Path) -> None:
    with catalog.writer():
        with pytest.raises(CatalogLockedError):
            run(catalog, archive)
        refused = subprocess.run(command(catalog, "index", archive), capture_output=True, text=True, check=False)
    assert refused.returncode == 4
    assert f"pid {os.getpid()}" in refused.stderr


def test_switching_the_model_keeps_the_old_one_until_the_new_is_complete(
    catalog: Catalog, archive: Path, small_model: str
) -> None:
    run(catalog, archive)
    stopped = indexer.index(
        catalog, [archive], settings=settings.load(model=small_model, workers=1), may_go_on=lambda: False
    )
    assert stopped.left >= 1
    with catalog.snapshot() as snapshot:
        assert snapshot.active_model().name == "starter"
    run(catalog, archive, model=small_model)
    with catalog.snapshot() as snapshot:
        assert snapshot.active_model().name == small_model
        assert set(snapshot.totals().by_model.values()) == {2}
