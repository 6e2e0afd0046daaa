"""Odd footage is indexed, lies are quarantined, and nothing of either ends a run."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.hostile.media import BROKEN, SEEDS, SOUND, make_seeds, mutate
from tests.hostile.trial import index, read_motion, verify


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return make_seeds(tmp_path_factory.mktemp("seeds"))


@pytest.fixture
def folder(tmp_path: Path, towers: Path) -> Path:
    """A catalog that has its model, beside an empty archive."""
    shutil.copytree(towers, tmp_path / "catalog" / "cache", copy_function=os.link)
    (tmp_path / "archive").mkdir()
    return tmp_path


def test_each_seed_is_taken_for_what_it_is(folder: Path, seeds: dict[str, Path]) -> None:
    placed = {}
    for name, path in seeds.items():
        placed[name] = Path(shutil.copy(path, folder / "archive" / f"{name}{path.suffix}"))
    fates = index(folder / "catalog", list(placed.values())).fates
    found = {name: fates[str(path)] for name, path in placed.items()}
    assert "passed over" not in found.values()
    taken = {name for name, fate in found.items() if fate in ("indexed", "in part")}
    assert {name for name, (kind, _) in SEEDS.items() if kind == SOUND} <= taken, found
    assert not {name for name, (kind, _) in SEEDS.items() if kind == BROKEN} & taken, found
    verify(folder / "catalog")
    read_motion(folder / "catalog", folder / "archive")
    verify(folder / "catalog")


def test_mutated_files_are_indexed_or_quarantined(folder: Path, seeds: dict[str, Path]) -> None:
    made = [mutate(seeds, folder / "archive", 7, number)[1] for number in range(60)]
    fates = index(folder / "catalog", made).fates
    assert "passed over" not in fates.values(), fates
    assert {"indexed", "no_video"} & set(fates.values())
    assert len(set(fates.values())) >= 3, "the mutations are all of one kind"
    verify(folder / "catalog")


def test_a_file_is_made_again_from_its_number(tmp_path: Path, seeds: dict[str, Path]) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    once, again = (mutate(seeds, tmp_path / name, 3, 11)[1] for name in ("a", "b"))
    assert (once.name, once.read_bytes()) == (again.name, again.read_bytes())
