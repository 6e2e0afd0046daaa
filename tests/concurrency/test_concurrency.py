"""Whoever asks while the catalog is written gets the answer of some committed state, and never trouble with locks."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import framescout
from framescout.address import Address
from framescout.catalog import Catalog
from framescout.catalog.opening import LARGEST_LOG
from tests.concurrency.asker import QUERIES, ask
from tests.conftest import Place
from tests.footage import make
from tests.framescout.catalog.make import make_indexed
from tests.postgresql import Server
from tests.torture.scenes import CachingEngine, make_archive

HERE = "tests.concurrency"


@contextlib.contextmanager
def askers(catalog: Place, folder: Path, count: int, homes: Sequence[Path] = ()) -> Iterator[list[Path]]:
    """So many processes that ask until the block ends; what each wrote.

    `homes`: where each keeps what it derives, as if on a machine of its own.
    """
    stop, written = folder / "stop", [folder / f"answers{number}" for number in range(count)]
    calls = [[sys.executable, "-m", f"{HERE}.asker", catalog, stop, path] for path in written]
    own = [{"XDG_DATA_HOME": str(home)} for home in homes] or [{}] * count
    running = [
        subprocess.Popen(call, stderr=subprocess.PIPE, env=os.environ | home)
        for call, home in zip(calls, own, strict=True)
    ]
    try:
        yield written
    finally:
        stop.touch()
        said = [process.communicate(timeout=200)[1] for process in running]
    assert [process.returncode for process in running] == [0] * count, said


def run(catalog: Place, states: Path, *command: str | Path, **settings: str) -> None:
    """A command that writes."""
    call = [sys.executable, "-m", f"{HERE}.witness", catalog, states, *command]
    chosen = {f"FRAMESCOUT_{name.upper()}": value for name, value in settings.items()}
    ended = subprocess.run(call, env=os.environ | chosen, capture_output=True, check=False, timeout=400)
    assert ended.returncode == 0, ended.stderr.decode()


def exact_answers(states: Path, cache: Path) -> list[list[str]]:
    """A list a question: what each state answers, read without any vector index. As text, to be compared."""
    answers: list[list[str]] = [[] for _ in QUERIES]
    for copy in sorted(states.iterdir()):
        folder = states.parent / "state"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(cache, folder / "cache", copy_function=os.link)
        shutil.copyfile(copy, folder / "catalog.sqlite")
        engine = CachingEngine(Catalog.open(folder))
        for number in range(len(QUERIES)):
            answers[number].append(said(ask(engine, number)))
    return answers


def said(answer: Any) -> str:
    """An answer in a form that can be compared."""
    return answer if isinstance(answer, str) else json.dumps(answer)


def test_every_answer_is_that_of_a_committed_state(tmp_path: Path, towers: Path, small_model: str) -> None:
    archive, catalog, states = tmp_path / "archive", tmp_path / "catalog", tmp_path / "states"
    states.mkdir()
    make_archive(archive)
    shutil.copytree(towers, catalog / "cache", copy_function=os.link)
    run(catalog, states, "index", archive, model=small_model)  # the towers of both are there before
    (catalog / "catalog.sqlite").unlink()
    for path in states.iterdir():
        path.unlink()
    Catalog.open(catalog)
    with askers(catalog, tmp_path, 3) as written:
        run(catalog, states, "index", archive, density="fast")
        make.numbered(archive, "later.mp4", seconds=6, gop=9)
        (archive / "numbered1.mp4").unlink()
        (archive / "numbered2.mp4").rename(archive / "zz moved.mp4")  # and another takes its name
        make.numbered(archive, "numbered2.mp4", seconds=8, gop=30)
        run(catalog, states, "index", archive, density="thorough")
        run(catalog, states, "prune")
        run(catalog, states, "index", archive, model=small_model)
        run(catalog, states, "index", archive)
        for index in (catalog / "vectors").glob("*.faiss"):
            index.write_bytes(index.read_bytes()[:-100])
        run(catalog, states, "verify", "--repair")
    assert_each_is_of_a_state(written, exact_answers(states, catalog / "cache"))


@pytest.mark.slow
def test_with_postgresql_every_answer_is_that_of_a_committed_state(
    postgresql: Server, tmp_path: Path, towers: Path
) -> None:
    archive, states = tmp_path / "archive", tmp_path / "states"
    states.mkdir()
    make_archive(archive)
    with postgresql.catalog() as catalog:
        cache = Address(catalog).folder / "cache"
        shutil.copytree(towers, cache, copy_function=os.link)
        with askers(catalog, tmp_path, 2) as written:
            run(catalog, states, "index", archive, density="fast")
            (archive / "numbered1.mp4").unlink()
            (archive / "numbered2.mp4").rename(archive / "zz moved.mp4")
            run(catalog, states, "index", archive)
            run(catalog, states, "prune")
        assert_each_is_of_a_state(written, exact_answers(states, cache), answers=20, asked=2)


def assert_each_is_of_a_state(
    written: list[Path], exact: list[list[str]], *, answers: int = 100, asked: int = 5
) -> None:
    """`written`: by askers. `exact`: a list a question, what each state answers.

    `answers`, `asked`: more answers than so many are wanted, of at least so many states.
    """
    got = [json.loads(line) for path in written for line in path.read_text().splitlines()]
    strange = [(number, said(answer)) for number, answer in got if said(answer) not in {"nothing", *exact[number]}]
    assert not strange, f"{len(strange)} of {len(got)} answers belong to no state; the first: {strange[0]}"
    seen = [{said(answer) for number, answer in got if number == which} for which in range(len(QUERIES))]
    assert len(got) > answers
    assert len(seen[0]) >= asked, "hardly any state was asked"


def test_a_reader_that_holds_an_old_state_is_told_of(tmp_path: Path, towers: Path) -> None:
    catalog = framescout.open(tmp_path / "catalog")
    with catalog.writer() as writer:
        model = writer.model("made-up", "0", 8)
        with catalog.snapshot() as held:
            before = held.totals().videos
            for number in range(20):
                writer.commit_video(make_indexed(f"/a/{number}.mp4", content_hash=str(number)), model)
            grown = catalog.log_bytes
            assert held.totals().videos == before == 0
        assert grown > 100_000
        for number in range(20, 24):
            writer.commit_video(make_indexed(f"/a/{number}.mp4", content_hash=str(number)), model)
    assert catalog.log_bytes <= grown  # it is written over from its start again
    assert LARGEST_LOG >= 2**20


@pytest.mark.parametrize("large", [True, False])
def test_status_names_a_log_that_grew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool) -> None:
    from click.testing import CliRunner

    from framescout.cli import main

    catalog = framescout.open(tmp_path / "catalog")
    monkeypatch.setattr("framescout.catalog.opening.LARGEST_LOG", 1 if large else 2**20)
    with catalog.snapshot() as held, catalog.writer() as writer:
        held.totals()
        model = writer.model("made-up", "0", 8)
        writer.commit_video(make_indexed(), model)
        told = CliRunner().invoke(main, ["--catalog", str(catalog.folder), "status"])
    assert told.exit_code == 0
    assert ("has held an old state" in told.output) is large
