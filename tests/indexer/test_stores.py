"""The commands do the same with a catalog in a folder and with one in PostgreSQL, to the bit."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from framescout.address import Address
from framescout.catalog import Catalog
from tests.conftest import Place, Program, program_path
from tests.footage import make
from tests.framescout.catalog.databases import execute
from tests.postgresql import Server
from tests.waiting import wait_until


def contents(place: Place) -> dict[str, tuple[Any, ...]]:
    """By path: what is known of each video, when its keyframes are shown, and their embeddings."""
    with Catalog.open(place, create=False).snapshot() as snapshot:
        if not snapshot.models():  # a run ended before it began with a video
            assert not snapshot.videos()
            return {}
        (model,) = snapshot.models()
        space, known = snapshot.space(model), {}
        for video in snapshot.videos():
            (block,), times = space.blocks(video_ids=[video.id]), space.keyframe_times(video.id)
            motion = snapshot.motion(video.id)
            assert times is not None
            assert motion is not None
            columns = [column.tobytes() for column in (block.embeddings, times.pts, times.times, times.ends)]
            facts = video.content_hash, video.duration, video.camera, video.recorded_at, video.end
            known[video.path] = (*facts, *columns, motion.levels.tobytes(), motion.source)
        return known


def found(program: Program, place: Place, *asked: str) -> list[tuple[Any, ...]]:
    said = program("--catalog", place, "search", *asked, "--json", timeout=240)
    assert said.returncode == 0, said.stderr
    names = ("video", "start", "end", "peak", "score", "confidence")
    return [tuple(moment[name] for name in names) for moment in json.loads(said.stdout)["moments"]]


def test_footage_is_indexed_and_found_alike(program: Program, postgresql: Server, towers: Path, tmp_path: Path) -> None:
    archive = tmp_path / "archive" / "cam02"
    archive.mkdir(parents=True)
    make.coloured_shots(archive, "20260214_221500.mp4")
    make.numbered(archive, "numbered.mp4")
    make.garbage(archive, "broken.mp4")
    with postgresql.database() as address:
        places: list[Place] = [tmp_path / "catalog", address]
        for place in places:
            folder = Address(place).folder if isinstance(place, str) else place
            shutil.copytree(towers, folder / "cache", copy_function=os.link)
            for again in (False, True):
                said = program("--catalog", place, "index", archive, "--quiet", "--json", timeout=240)
                assert said.returncode == 0, said.stderr
                report = json.loads(said.stdout)
                assert len(report["indexed"]) == (0 if again else 2)
                assert len(report["quarantined"]) == (0 if again else 1)
        assert contents(address) == contents(tmp_path / "catalog")
        for asked in (["a red picture"], ["a number", "--camera", "cam*", "--time", "22:00-23:00"]):
            answers = found(program, address, *asked)
            assert answers == found(program, tmp_path / "catalog", *asked)
            assert answers
        said = program("--catalog", address, "verify", timeout=240)
        assert (said.returncode, said.stdout) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("hurt", ["kill", "end session"])
def test_a_run_that_was_ended_goes_on_with_the_same_command(
    hurt: str, program: Program, postgresql: Server, towers: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    for number in range(8):
        make.numbered(archive, f"numbered{number}.mp4", seconds=3 + number, gop=10 + 5 * number)
    with postgresql.catalog() as address:
        for folder in (Address(address).folder, tmp_path / "catalog"):
            shutil.copytree(towers, folder / "cache", copy_function=os.link)
        command = [program_path(), "--catalog", address, "index", archive, "--quiet", "--workers", "1"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
            try:
                wait_until(lambda: Catalog.open(address).videos(), running)
                if hurt == "kill":
                    running.kill()
                else:
                    execute(address, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
                _, told = running.communicate(timeout=120)
            finally:
                running.kill()
        assert running.returncode == (-9 if hurt == "kill" else 1)
        assert hurt == "kill" or "what was committed is there, run the same command again" in told
        left = contents(address)
        assert 0 < len(left) < 8
        for place in (address, tmp_path / "catalog"):
            done = program("--catalog", place, "index", archive, "--quiet", timeout=240)
            assert done.returncode == 0, done.stderr
        assert contents(address) == contents(tmp_path / "catalog")
        assert left.items() <= contents(address).items()
        said = program("--catalog", address, "verify", timeout=240)
        assert (said.returncode, said.stdout) == (0, "")
