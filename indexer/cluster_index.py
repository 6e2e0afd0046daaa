"""Has the machines of a Ray cluster index the vectors of a Lance dataset that all of them see, each a part."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

import numpy as np
import ray
from ray.exceptions import GetTimeoutError, RayError, RayTaskError

from framescout import __version__
from framescout.errors import FramescoutError, NotAvailableError, first_line
from framescout.vectors import lance_datasets
from indexer.cluster_connection import PATIENCE, join, machines, watch, what_went_wrong
from indexer.cluster_watch import LOOK_EVERY
from indexer.index_on_node import index_part
from indexer.placement import Need
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
            NotAvailableError: the cluster can't be reached, has no processors, loses all of them or its head, or a
                machine of it can't read the dataset.
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
            return lance_datasets.with_index(dataset, _answers(asked))
        finally:
            ray.shutdown()


def _answers(asked: Sequence[Any]) -> list[Any]:
    """What comes of tasks, in their order."""
    watching, need = watch(), Need("a part of the vector index", "", 0)
    answers: dict[Any, Any] = {}
    while waiting := [reference for reference in asked if reference not in answers]:
        for reference in ray.wait(waiting, timeout=LOOK_EVERY)[0]:
            with contextlib.suppress(GetTimeoutError):  # its machine died with it: it is made again
                answers[reference] = _answer(reference)
        watching.look([need], time.monotonic())
    return [answers[reference] for reference in asked]


def _answer(reference: Any) -> Any:
    try:
        answer = ray.get(reference, timeout=PATIENCE)
    except GetTimeoutError:
        raise
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
