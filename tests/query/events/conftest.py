"""The demo's drawn landscapes, indexed once; each test looks for events in a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import framescout
import indexer
from framescout.catalog import Catalog
from query.engine import Engine


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory, towers: Path, landscapes: Path) -> Catalog:
    folder = tmp_path_factory.mktemp("events")
    shutil.copytree(landscapes, folder / "archive", dirs_exist_ok=True)
    shutil.copytree(towers, folder / "catalog" / "cache")
    catalog = framescout.open(folder / "catalog")
    indexer.index(catalog, [folder / "archive"])
    return catalog


@pytest.fixture
def engine(indexed: Catalog, tmp_path: Path) -> Engine:
    """On a copy, so that each test has its own rows."""
    shutil.copytree(indexed.folder, tmp_path / "catalog")
    return Engine(framescout.open(tmp_path / "catalog"))
