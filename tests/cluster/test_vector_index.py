"""The machines of a cluster index the vectors of a Lance dataset."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from framescout.catalog import Catalog
from framescout.settings import load
from framescout.vectors import VectorIndex
from tests.cluster.running import RayCluster
from tests.footage import make
from tests.framescout.vectors.make import LANCE, Archive, unit_rows

pytestmark = pytest.mark.slow
pytest.importorskip("lance", reason="Lance is not installed")
QUERIES = unit_rows(5, seed=2000)

BUILD = """
import sys, time
from contextlib import nullcontext
from unittest import mock
from framescout.catalog import Catalog
from framescout.errors import FramescoutError
from framescout.progress import SilentProgress
from framescout.vectors import lance_datasets
from framescout.settings import load
from indexer.cluster_index import ClusterIndexing
from indexer.index_on_node import index_part
from indexer.publish import publish
folder, place, address, pause = sys.argv[1:]
catalog = Catalog.open(folder, settings=load(vectors=place))
def index_slowly(*order):
    time.sleep(float(pause))
    return index_part(*order)
slowly = mock.patch("indexer.cluster_index.index_part", index_slowly) if pause else nullcontext()
with catalog.snapshot() as snapshot:
    (model,) = snapshot.models()
fragments = mock.patch.object(lance_datasets, "_A_FRAGMENT", 100)
with slowly, fragments, mock.patch("framescout.vectors.is_worth_building", lambda *_: True), catalog.writer() as writer:
    try:
        publish(catalog, writer, model, SilentProgress(), ClusterIndexing(address))
    except FramescoutError as error:
        sys.exit(f"{error.exit_code} {error}")
"""

INDEX = """
import sys
from unittest import mock
import indexer
from framescout import settings
from framescout.catalog import Catalog
from framescout.vectors import lance_datasets
folder, place, footage, address = sys.argv[1:]
catalog = Catalog.open(folder, settings=settings.load(vectors=place))
fragments = mock.patch.object(lance_datasets, "_A_FRAGMENT", 4)
with fragments, mock.patch("framescout.vectors.is_worth_building", lambda *_: True):
    indexer.index(catalog, [footage], settings=settings.load(ray=address))
"""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    made = Archive.make(tmp_path / "catalog", LANCE)
    made.add([50] * 10)
    return made


def build(archive: Archive, place: str, cluster: RayCluster, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(archive, place, cluster.address), capture_output=True, text=True, check=False, timeout=240,
        env=cluster.environment | environment,
    )  # fmt: skip


def command(archive: Archive, place: str, address: str, *, pause: str = "", before: str = "") -> list[str]:
    """`pause`: seconds that each part takes longer. `before`: a script that runs first."""
    return [sys.executable, "-c", before + BUILD, str(archive.catalog.folder), place, address, pause]


def own_place(archive: Archive, place: Path) -> str:
    """The catalog's own part of a place that was indexed."""
    return str(Catalog.open(archive.catalog.folder, settings=load(vectors=str(place))).vectors_place)


def test_each_machine_indexes_a_part(archive: Archive, cluster: RayCluster) -> None:
    place = archive.catalog.vectors_folder / "sets"
    said = build(archive, str(place), cluster)
    assert said.returncode == 0, said.stderr
    archive.place = own_place(archive, place)
    (dataset,) = Path(archive.place).iterdir()
    assert len(list((dataset / "_indices").iterdir())) == 2
    assert archive.verify() == []
    archive.add([20])
    archive.drop([4])
    for ranges in (None, np.array([[40, 160], [300, 520]])):
        with archive.catalog.snapshot() as snapshot:
            index = VectorIndex.open(snapshot.space(archive.model), archive.store, few=0)
            assert index.generation is not None
            found = index.search(QUERIES, 20, ranges)
        wanted = archive.brute_force(QUERIES, 20, ranges)
        assert np.mean([len(np.intersect1d(a, b)) / 20 for a, b in zip(found[0], wanted[0], strict=True)]) >= 0.9


def test_a_part_whose_machine_dies_is_made_on_another(archive: Archive, cluster: RayCluster) -> None:
    place = archive.catalog.vectors_folder / "sets"
    assert build(archive, str(place), cluster).returncode == 0
    archive.place = own_place(archive, place)
    undisturbed = archive.search(QUERIES, 50)
    slowly = command(archive, str(place), cluster.address, pause="6")
    process = subprocess.Popen(slowly, stderr=subprocess.PIPE, text=True, env=cluster.environment)
    try:
        deadline = time.monotonic() + 120
        while len(cluster.workers("index_slowly")) < 2:
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline, "no machine began with a part"
            time.sleep(0.05)
        cluster.kill_node()
        _, said = process.communicate(timeout=240)
    finally:
        process.kill()
        process.wait(60)
        cluster.add_node()
    assert process.returncode == 0, said
    assert archive.is_indexed()
    assert archive.verify() == []
    for found, wanted in zip(archive.search(QUERIES, 50), undisturbed, strict=True):
        assert np.array_equal(found, wanted)


def test_a_cluster_that_is_not_there_leaves_what_was(archive: Archive, cluster: RayCluster) -> None:
    archive.publish()
    before = archive.search(QUERIES, 10)
    place = str(archive.catalog.vectors_folder / "sets")
    said = subprocess.run(
        command(archive, place, "127.0.0.1:9"), capture_output=True, text=True, check=False, timeout=240,
        env=cluster.environment,
    )  # fmt: skip
    assert said.returncode == 1
    assert "3 the Ray cluster 127.0.0.1:9 can't be reached" in said.stderr
    assert archive.is_indexed()
    assert np.array_equal(archive.search(QUERIES, 10)[0], before[0])


def test_the_run_s_settings_say_who_indexes(catalog: Catalog, cluster: RayCluster, tmp_path: Path) -> None:
    """The catalog's own settings name no cluster: from Python those of the run may."""
    footage, place = tmp_path / "footage", tmp_path / "sets"
    footage.mkdir()
    for number in range(3):
        make.numbered(footage, f"numbered{number}.mp4", seconds=9 + number, gop=10 + 5 * number)
    said = subprocess.run(
        [sys.executable, "-c", INDEX, catalog.folder, place, footage, cluster.address],
        capture_output=True, text=True, check=False, timeout=240, env=cluster.environment,
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    (dataset,) = place.glob("catalog-*/*")
    assert len(list((dataset / "_indices").iterdir())) == 2  # this process alone would write one
