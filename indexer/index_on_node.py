"""What a machine of a cluster does for a vector index: indexes a part of the vectors of a dataset that it can read."""

from __future__ import annotations

from typing import Any

import numpy as np

from framescout.packages import install_command
from indexer.unfit import Unfit, of_another_version, unfit


def index_part(
    key: int, version: str, address: str, number: int, fragments: list[int], centres: np.ndarray
) -> Any | Unfit:
    """Index these fragments of a version of a dataset; it becomes a part of the index when the driver says so.

    Args:
        key: of the part.
        version: of framescout, on the machine that asks.
        address: of the dataset.
        number: of its version.
        centres: (P, W) float32.
    """
    if other := of_another_version(key, version):
        return other
    try:
        from framescout.vectors import lance_datasets
    except ImportError as error:
        return unfit(key, f"lacks a package ({error}); run there: {install_command('lance')}")
    try:
        return lance_datasets.index_part(address, number, fragments, centres)
    except lance_datasets.FAILURES as error:
        why = lance_datasets.reason(error)
        return unfit(key, f"can't index {address} ({why}); let it see the same place as here, with the same keys")
