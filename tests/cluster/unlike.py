"""The `framescout` command on a machine that differs from a cluster's.

python -m tests.cluster.unlike version|weights|footage|install|poison|hasty|headless ARGUMENTS...
"""

from __future__ import annotations

import os
import signal
import sys
import types
from typing import Any
from unittest import mock

import msgspec

from framescout.cli import run
from indexer import cluster_watch, cluster_workers
from indexer.on_node import Answer, carry_out


def main(what: str) -> None:
    differences = {
        "version": mock.patch.object(cluster_workers, "__version__", "0.0.1"),
        "weights": mock.patch.object(cluster_workers, "fingerprint", return_value="0" * 64),
        "footage": mock.patch.object(cluster_workers.RayWorkers, "_hand_out", _by_another_name),
        "poison": mock.patch.object(cluster_workers, "carry_out", _deadly),
        "hasty": mock.patch.multiple(cluster_watch, LOOK_EVERY=0.5, _QUIET=0.5, _LONGEST_ABSENCE=1.0),
        "headless": mock.patch.multiple(
            cluster_watch, LOOK_EVERY=0.1, _LONGEST_WITHOUT_HEAD=0.2, _answers=lambda _: False
        ),
        "install": mock.patch.object(cluster_workers, "carry_out", not_there),
    }
    with differences[what]:
        run()


_hand_out = cluster_workers.RayWorkers._hand_out


def _by_another_name(workers: cluster_workers.RayWorkers, job: Any) -> None:
    """By a path that leads to the file in this process alone."""
    handle = os.dup2(os.open(job.file.path, os.O_RDONLY), 900 + job.key)
    file = job.file._replace(path=f"/proc/self/fd/{handle}")
    _hand_out(workers, msgspec.structs.replace(job, file=file))


def _deadly(key: int, version: str, order: bytes) -> Answer:
    """Goes to the machines by value, since this module is the program."""
    if b"poison.mp4" in order:
        os.kill(os.getpid(), signal.SIGKILL)
    return carry_out(key, version, order)


def not_there(key: int, version: str, order: bytes) -> Answer:
    """On no other machine: its module isn't installed there."""


not_there.__module__, not_there.__qualname__ = "indexer.only_here", "not_there"
sys.modules["indexer.only_here"] = only_here = types.ModuleType("indexer.only_here")
vars(only_here)["not_there"] = not_there

if __name__ == "__main__":
    del sys.argv[0]
    main(sys.argv[0])
