"""The cluster that tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cluster.running import NoClusterError, RayCluster, ray_cluster


@pytest.fixture(scope="session")
def cluster(towers: Path) -> Iterator[RayCluster]:
    """A Ray cluster of a head and two nodes; skips where there can be none."""
    pytest.importorskip("ray", reason="Ray is not installed")
    try:
        with ray_cluster(towers) as running:
            yield running
    except NoClusterError as error:
        pytest.skip(str(error))
