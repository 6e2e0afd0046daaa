"""Disks that are full, read-only or broken, rights that lack, odd places, odd clocks: a sentence, a code, a state."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import indexer
import query
from framescout import settings
from framescout.catalog import Catalog
from indexer.verify import check, mend
from tests.conftest import program_path
from tests.faults.conftest import Ended, is_one_sentence, run
from tests.footage import make


def known(catalog: Catalog) -> set[str]:
    with catalog.snapshot() as snapshot:
        return {Path(path).name for path in snapshot.known_files()}


def test_a_full_disk_ends_the_run_with_a_sentence_and_the_next_one_completes_it(
    catalog: Catalog, archive: Path, with_mounts: Callable[[str], Ended]
) -> None:
    """A file system of 2 MiB that is all but filled by something else, and then is not."""
    for number in range(4):  # more than what SQLite has room for in its log
        make.numbered(archive, f"more{number}.mp4", seconds=8, gop=5)
    program, folder = program_path(), catalog.folder
    cache = shutil.copytree(folder / "cache", folder.parent / "kept", copy_function=os.link)
    ended = with_mounts(
        f"""
        mount -t tmpfs -o size=2m none {folder}
        mkdir {folder}/cache; mount --bind {cache} {folder}/cache
        mkdir {folder}.empty; {program} --catalog {folder} index --quiet {folder}.empty
        dd if=/dev/zero of={folder}/other bs=1k 2>/dev/null || true
        truncate -s -40k {folder}/other
        code=0; {program} --catalog {folder} index {archive} || code=$?
        echo "code $code"
        rm {folder}/other
        {program} --catalog {folder} verify && {program} --catalog {folder} index {archive}
        {program} --catalog {folder} verify
        """
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("code 1"), ended
    assert "is full; free some space and run the same command again" in ended.stderr
    assert ended.stderr.rstrip().endswith("all is well")
    assert is_one_sentence(ended)


def test_a_full_disk_costs_a_search_nothing_but_time(
    catalog: Catalog, archive: Path, with_mounts: Callable[[str], Ended]
) -> None:
    indexer.index(catalog, [archive])
    program, folder = program_path(), catalog.folder
    there = run("--catalog", folder, "search", "a red picture").stdout
    for path in (folder / "cache").glob("strangers-*"):
        path.unlink()
    ended = with_mounts(
        f"""
        cp -r {folder} {folder}.kept
        mount -t tmpfs -o size=200m none {folder}; cp -r {folder}.kept/. {folder}
        dd if=/dev/zero of={folder}/other bs=4k 2>/dev/null || true
        truncate -s -64k {folder}/other  # for the memory that SQLite's readers share, and for nothing else
        {program} --catalog {folder} search "a red picture"
        """
    )
    assert (ended.returncode, ended.stdout) == (0, there), ended.stderr


@pytest.mark.parametrize("write", ["write_whole", "write_durably"])
def test_what_does_not_fit_takes_no_room_afterwards(
    tmp_path: Path, with_mounts: Callable[[str], Ended], write: str
) -> None:
    """A file system of 64 KiB."""
    (tmp_path / "write.py").write_text(
        f"import pathlib, sys\nfrom framescout.durable import {write}\n"
        f"try:\n    {write}(pathlib.Path(sys.argv[1]), bytes(200_000))\n"
        "except OSError as error:\n    print(error.strerror)\n"
    )
    disk = tmp_path / "disk"
    disk.mkdir()
    ended = with_mounts(
        f"mount -t tmpfs -o size=64k none {disk}; {sys.executable} {tmp_path}/write.py {disk}/a; ls -A {disk}"
    )
    assert (ended.returncode, ended.stdout) == (0, "No space left on device\n"), ended.stderr


@pytest.mark.parametrize(("command", "code"), [("index", 3), ("search", 3), ("status", 3), ("verify", 3)])
def test_a_read_only_catalog_is_named_and_stays_as_it_was(
    catalog: Catalog, archive: Path, with_mounts: Callable[[str], Ended], command: str, code: int
) -> None:
    indexer.index(catalog, [archive / "b.mp4"])
    folder, before = catalog.folder, (catalog.folder / "catalog.sqlite").read_bytes()
    argument = {"index": archive, "search": "'a red picture'"}.get(command, "")
    ended = with_mounts(
        f"""
        mount --bind {folder} {folder}; mount -o remount,ro,bind {folder}
        exec {program_path()} --catalog {folder} {command} {argument}
        """
    )
    assert ended.returncode == code, ended
    assert "check its permissions" in ended.stderr
    assert is_one_sentence(ended)
    assert (folder / "catalog.sqlite").read_bytes() == before
    assert known(Catalog.open(folder)) == {"b.mp4"}


def test_footage_that_may_not_be_read_is_quarantined_and_the_rest_is_read(
    catalog: Catalog, archive: Path, as_a_user: list[str]
) -> None:
    (archive / "b.mp4").chmod(0)
    ended = run("--catalog", catalog.folder, "index", archive, before=as_a_user)
    assert ended.returncode == 0, ended.stderr
    assert f"quarantined {archive}/b.mp4: the file can't be read (Permission denied)" in ended.stderr
    assert is_one_sentence(ended)
    assert known(catalog) == {"coloured_shots.mp4", "c.mp4"}
    (archive / "b.mp4").chmod(0o600)
    assert run("--catalog", catalog.folder, "retry", before=as_a_user).returncode == 0
    assert known(catalog) == {"coloured_shots.mp4", "b.mp4", "c.mp4"}


def test_a_catalog_that_may_not_be_written_is_named(
    catalog: Catalog, archive: Path, tmp_path: Path, as_a_user: list[str]
) -> None:
    indexer.index(catalog, [archive / "b.mp4"])
    (catalog.folder / "catalog.sqlite").chmod(0o400)
    ended = run("--catalog", catalog.folder, "index", archive, before=as_a_user)
    assert ended.returncode == 3, ended.stderr
    assert "check its permissions" in ended.stderr
    nobodys = tmp_path / "nobody's"
    nobodys.mkdir()
    nobodys.chmod(0o500)
    refused = run("--catalog", nobodys / "catalog", "index", archive, before=as_a_user)
    assert refused.returncode == 3, refused.stderr
    assert "can't be made (Permission denied); choose another with --catalog" in refused.stderr
    assert is_one_sentence(ended)
    assert is_one_sentence(refused)
    (catalog.folder / "catalog.sqlite").chmod(0o600)
    assert known(catalog) == {"b.mp4"}


@pytest.fixture(scope="module")
def failing_reads(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("there is no C compiler to make a failing disk with")
    library = tmp_path_factory.mktemp("library") / "failing_reads.so"
    source = Path(__file__).with_name("failing_reads.c")
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def test_a_disk_that_fails_in_the_middle_of_a_video_costs_that_video(
    catalog: Catalog, archive: Path, failing_reads: Path
) -> None:
    """From its middle on: the identity can't be had, and it is left for when the disk is well again."""
    middle = (archive / "b.mp4").stat().st_size // 2
    broken = {"LD_PRELOAD": str(failing_reads), "FAILING_NAME": str(archive / "b.mp4"), "FAILING_FROM": str(middle)}
    ended = run("--catalog", catalog.folder, "index", archive, **broken)
    assert ended.returncode == 0, ended.stderr
    assert f"quarantined {archive}/b.mp4: the file can't be read (Input/output error)" in ended.stderr
    assert is_one_sentence(ended)
    assert known(catalog) == {"coloured_shots.mp4", "c.mp4"}
    run("--catalog", catalog.folder, "retry")
    assert known(catalog) == {"coloured_shots.mp4", "b.mp4", "c.mp4"}


def test_a_disk_that_fails_where_only_the_decoder_reads_leaves_what_was_read_before(
    catalog: Catalog, tmp_path: Path, failing_reads: Path
) -> None:
    """In a large file, the identity reads samples; the decoder meets what lies between them."""
    path = make.encode(
        tmp_path / "large.avi",
        (make.numbered_picture(number) for number in range(150)),
        ["-c:v", "rawvideo", "-pix_fmt", "yuv420p"],
    )
    assert path.stat().st_size > 4 * 2**20
    # Decoders alone are given the broken disk: the main process has read the samples by then.
    script = (
        "import os, sys, framescout, indexer\n"
        "os.environ |= dict(zip(('LD_PRELOAD', 'FAILING_NAME', 'FAILING_FROM'), sys.argv[3:]))\n"
        "print(indexer.index(framescout.open(sys.argv[1]), [sys.argv[2]]).to_json())"
    )
    call = [sys.executable, "-c", script, catalog.folder, path, failing_reads, path, str(path.stat().st_size // 2)]
    ended = subprocess.run(call, capture_output=True, text=True, check=True)
    assert "'partial': ['" in ended.stdout or "Input/output error" in ended.stdout, ended.stdout
    with catalog.snapshot() as snapshot:
        for video in snapshot.videos():
            assert not video.end.is_complete
            assert video.end.read_to == pytest.approx(3.0, abs=0.5)
    assert check(catalog) == []


@pytest.mark.parametrize("name", ["with some spaces", "Überwachung 監視 🎥", "two\nlines", "50%25?#&=;'\"", "-dashes"])
def test_a_catalog_and_an_archive_may_lie_anywhere(towers: Path, tmp_path: Path, archive: Path, name: str) -> None:
    place = tmp_path / name
    place.mkdir()
    footage = archive.rename(place / f"archive {name}")
    folder = place / "catalog"
    shutil.copytree(towers, folder / "cache", copy_function=os.link)
    catalog = Catalog.open(folder)
    indexer.index(catalog, [footage])
    assert known(catalog) == {"coloured_shots.mp4", "b.mp4", "c.mp4"}
    moments = query.search(catalog, "a red picture").moments
    assert str(moments[0].video).startswith(str(footage))
    assert query.export(moments[:1], place / "clips")
    assert check(catalog) == []
    data = bytearray((folder / "catalog.sqlite").read_bytes())
    data[4096 * 3 : 4096 * 4] = bytes(4096)
    (folder / "catalog.sqlite").write_bytes(data)
    assert Catalog.salvage(folder).damaged.read_bytes() == data
    indexer.index(Catalog.open(folder), [footage])
    assert query.search(Catalog.open(folder), "a red picture").moments[0].video == moments[0].video


def test_a_clock_that_jumps_changes_nothing_but_the_times_that_are_noted(
    catalog: Catalog, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each look at the clock finds it years before or after the last; files are of the past, the future and 1901."""
    jumps = iter([datetime(1990, 1, 1, tzinfo=UTC) + timedelta(days=7000 * (number % 5)) for number in range(1000)])

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return next(jumps)

    for module in ("framescout.catalog.writing", "framescout.catalog.saved"):
        monkeypatch.setattr(f"{module}.datetime", Jumping)
    for path, when in zip(sorted(archive.iterdir()), (-2_000_000_000, 0, 5_000_000_000), strict=True):
        os.utime(path, (when, when))
    chosen = settings.load()
    assert len(indexer.index(catalog, [archive], settings=chosen).indexed) == 3
    assert indexer.index(catalog, [archive], settings=chosen).unchanged == 3
    gone = (archive / "b.mp4").rename(archive.parent / "b.mp4")
    assert indexer.index(catalog, [archive], settings=chosen).gone == 1
    gone.rename(archive / "b.mp4")
    indexer.index(catalog, [archive], settings=chosen)
    with catalog.writer() as writer:
        assert writer.prune() == []
    assert check(catalog) == []
    assert mend(catalog, []) == []
    assert query.search(catalog, "a red picture").moments
