"""Has the machines of a Ray cluster index the vectors of a Lance dataset that all of them see, each a part."""

from __future__ import annotations

from typing import Any

import numpy as np
import ray
from ray.exceptions import RayError, RayTaskError

from framescout import __version__
from framescout.errors import FramescoutError, NotAvailableError
from framescout.vectors import lance_datasets
from indexer.cluster import first_line, join, machines, what_went_wrong
from indexer.index_on_node import index_part
from indexer.unfit import Unfit

_RETRIES = 3  # of a part whose machine died
_MOST = 16  # parts: a question asks each of them


class ClusterIndexing:
    """Adds the index to a version of a dataset; an `AddIndex` of framescout/vectors/lance_build.py.

    Lance uses all processors of a machine for a part, so a machine gets one.
    """

    def __init__(self, cluster: str) -> None:
        """`cluster`: its address."""
        self._cluster = cluster

    def __call__(self, dataset: Any, centres: np.ndarray) -> Any:
        """The version that has the index.

        Raises:
            NotAvailableError: the cluster can't be reached, or a machine of it can't read the dataset.
            FramescoutError: the cluster lost a part too often.
        """
        join(self._cluster)
        try:
            able = sum(machine.processors > 0 for machine in machines())
            fragments = [number for number, _ in lance_datasets.fragments_of(dataset)]
            parts = np.array_split(np.array(fragments), max(1, min(able, len(fragments), _MOST)))
            task = ray.remote(num_cpus=1, max_calls=0, max_retries=_RETRIES, scheduling_strategy="SPREAD")(index_part)
            shared = ray.put(centres)
            asked = [
                task.remote(key, __version__, dataset.uri, dataset.version, part.tolist(), shared)
                for key, part in enumerate(parts)
            ]
            return lance_datasets.with_index(dataset, [_answer(reference) for reference in asked])
        finally:
            ray.shutdown()


def _answer(reference: Any) -> Any:
    try:
        answer = ray.get(reference)
    except RayTaskError as error:
        raise what_went_wrong(error) from error
    except RayError as error:
        raise FramescoutError(
            f"the Ray cluster lost a part of the vector index ({first_line(error)}); what was committed is there, run "
            "the same command again"
        ) from error
    if isinstance(answer, Unfit):
        raise NotAvailableError(answer.sentence)
    return answer
