"""A cluster that indexes into PostgreSQL leads to the answers of one machine with a catalog in a folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from framescout.address import Address
from framescout.catalog import Catalog
from query.engine import Engine
from query.request import Query
from tests.cluster.running import SETTINGS, RayCluster
from tests.concurrency.test_concurrency import askers, assert_each_is_of_a_state, exact_answers, run
from tests.conftest import Place, Program
from tests.footage import make
from tests.indexer.test_stores import contents
from tests.postgresql import Server
from tests.torture.scenes import make_archive

pytestmark = pytest.mark.slow
SENTENCES = (
    "a red picture", "a number", "a person walking", "a car on a street", "a dog", "snow", "text on a screen",
    "a blue wall", "two people fighting", "a crowd", "a kitchen", "a boat on the water", "something green",
)  # fmt: skip
FACTS = ("video", "start", "end", "peak", "score", "confidence", "similar")


def answers(place: Place) -> list[Any]:
    asked = [Query(text=text, limit=20) for text in SENTENCES]
    asked += [Query(text="a number", without=("a wall",)), Query(text="a red picture", then=("a blue picture",))]
    return [
        [tuple(moment.to_json().get(name) for name in FACTS) for moment in answer.moments]
        for answer in Engine(Catalog.open(place, create=False)).answer_all(asked)
    ]


def test_the_same_is_found_as_on_one_machine(
    program: Program, postgresql: Server, cluster: RayCluster, towers: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "archive" / "cam02"
    archive.mkdir(parents=True)
    make.coloured_shots(archive, "20260214_221500.mp4")
    for number in range(5):
        make.numbered(archive, f"numbered{number}.mp4", seconds=9 - number, gop=5 + 5 * number)
    make.garbage(archive, "broken.mp4")
    with postgresql.database() as address:
        ways: dict[Place, list[str]] = {tmp_path / "alone": [], address: ["--ray", cluster.address]}
        for place, more in ways.items():
            folder = Address(place).folder if isinstance(place, str) else place
            shutil.copytree(towers, folder / "cache", copy_function=os.link)
            said = program(
                "--catalog", place, "index", archive, "--quiet", *more, env=cluster.environment, timeout=240
            )  # fmt: skip
            assert said.returncode == 0, said.stderr
        assert contents(address) == contents(tmp_path / "alone")
        found = answers(address)
        assert found == answers(tmp_path / "alone")
        assert all(found)


def test_whoever_asks_on_another_machine_meanwhile_gets_the_answer_of_a_committed_state(
    postgresql: Server, cluster: RayCluster, towers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three machines, of which one indexes and two ask: each with a folder of its own for what is derived."""
    archive, states = tmp_path / "archive", tmp_path / "states"
    states.mkdir()
    make_archive(archive)
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    caches, homes = [], [tmp_path / name for name in ("indexes", "asks", "asks-too")]
    with postgresql.catalog() as catalog:
        for home in homes:
            monkeypatch.setenv("XDG_DATA_HOME", str(home))
            caches.append(Address(catalog).folder / "cache")
            shutil.copytree(towers, caches[-1], copy_function=os.link)
        assert len(set(caches)) == len(homes)
        monkeypatch.setenv("XDG_DATA_HOME", str(homes[0]))
        with askers(catalog, tmp_path, 2, homes[1:]) as written:
            run(catalog, states, "index", archive, "--ray", cluster.address, density="fast")
            (archive / "numbered1.mp4").unlink()
            (archive / "numbered2.mp4").rename(archive / "zz moved.mp4")
            run(catalog, states, "index", archive, "--ray", cluster.address)
        assert_each_is_of_a_state(written, exact_answers(states, caches[0]), answers=20, asked=2)
