"""The app over the demo's drawn landscapes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import framescout
import indexer
from framescout.catalog import Catalog
from query.web import create_app
from tests.footage import make


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, towers: Path, landscapes: Path) -> Catalog:
    """The four landscapes, and videos that browsers don't play."""
    folder = tmp_path_factory.mktemp("served")
    shutil.copytree(landscapes, folder / "archive", dirs_exist_ok=True)
    odd = folder / "archive" / "odd"
    odd.mkdir()
    make.mpeg4_avi(odd)
    make.b_frames(odd, "b_frames.mkv")
    make.late_start(odd)
    make.raw_h264(odd)
    make.variable_rate(odd, "variable_rate.mkv")
    make.encode(odd / "slow.mkv", map(make.numbered_picture, range(6)), make.QUICK_X264, rate=0.5)
    shutil.copytree(towers, folder / "catalog" / "cache")
    catalog = framescout.open(folder / "catalog")
    indexer.index(catalog, [folder / "archive"])
    return catalog


@pytest.fixture
def client(served: Catalog, tmp_path: Path) -> Iterator[TestClient]:
    app = create_app(served, exports=tmp_path / "exports", zone=UTC)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as opened:
        yield opened


@pytest.fixture
def ids(served: Catalog) -> dict[str, int]:
    """Video ids by file name."""
    with served.snapshot() as snapshot:
        return {Path(video.path).name: video.id for video in snapshot.videos()}
