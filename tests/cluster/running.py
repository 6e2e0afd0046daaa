"""A Ray cluster of the tests' own, and what is done to it; only its own processes are ended, by their ids."""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_PATIENCE = 150.0  # seconds, for the cluster's start and for a node more

SETTINGS = {
    "RAY_AUTH_MODE": "disabled",  # else a token is written into the home folder
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_memory_monitor_refresh_ms": "0",  # what else runs on the machine is no fault of a task
    "RAY_worker_niceness": "0",  # tests wait for it
}
"""Environment of a cluster, and of whoever joins it."""


class NoClusterError(Exception):
    """No cluster starts on this machine."""


@dataclass
class RayCluster:
    """A cluster that runs."""

    process: subprocess.Popen[str]
    address: str
    head: int
    """Process id of the head's control process."""
    nodes: list[int]
    """Process ids of the nodes, those that were killed too."""
    folder: Path
    """Where it keeps what it writes, and each site's file of settings."""

    @property
    def environment(self) -> dict[str, str]:
        """For a command that joins it."""
        return {**os.environ, **SETTINGS}

    def workers(self, task: str = "carry_out") -> list[psutil.Process]:
        """Its processes that do such a task at the moment."""
        found = []
        for process in psutil.Process(self.process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                if "".join(process.cmdline()[:1]).startswith(f"ray::{task}"):
                    found.append(process)
        return found

    @contextlib.contextmanager
    def settings(self, **files: str) -> Iterator[None]:
        """Within, the nodes of these sites have these settings."""
        paths = [self.folder / site / "framescout" / "framescout.toml" for site in files]
        for path, text in zip(paths, files.values(), strict=True):
            path.write_text(text)
        try:
            yield
        finally:
            for path in paths:
                path.unlink()

    def kill_node(self) -> None:
        """The newest one."""
        os.kill(self.nodes[-1], signal.SIGKILL)

    def add_node(self) -> None:
        """Of one processor, and of the site bonn where it is not the first."""
        assert self.process.stdin
        self.process.stdin.write("add\n")
        self.process.stdin.flush()
        self.nodes = _told(self.process)["nodes"]


@contextlib.contextmanager
def ray_cluster(towers: Path, nodes: int = 2) -> Iterator[RayCluster]:
    """A head without processors and nodes of one processor, whose cache of models holds `towers`.

    Raises:
        NoClusterError: none starts here.
    """
    folder = Path(tempfile.mkdtemp(prefix="fs-ray-"))  # paths of sockets must be short
    try:
        shutil.copytree(towers, folder / "cache" / "framescout")
        own = {"XDG_CACHE_HOME": str(folder / "cache"), "RAY_TMPDIR": str(folder)}
        environment = {**os.environ, **SETTINGS, **own}
        command = [sys.executable, "-m", "tests.cluster.nodes", str(nodes)]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, env=environment, text=True,
                cwd=Path(__file__).parents[2],
            )  # fmt: skip
        try:
            try:
                facts = _told(process)
            except NoClusterError as error:
                said = (folder / "log").read_text(errors="replace")
                raise NoClusterError(f"{error}: {said.strip()[-300:]}") from None
            yield RayCluster(process, folder=folder, **facts)
        finally:
            _end(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _told(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    is_heard = select.select([process.stdout], [], [], _PATIENCE)[0]
    line = process.stdout.readline() if is_heard else ""
    if not line:
        raise NoClusterError(f"no Ray cluster starts here within {_PATIENCE:.0f} s")
    facts: dict[str, Any] = json.loads(line)
    return facts


def _end(process: subprocess.Popen[str]) -> None:
    """Its processes end with it, or are killed by their ids."""
    with contextlib.suppress(psutil.NoSuchProcess):
        children = psutil.Process(process.pid).children(recursive=True)
        assert process.stdin
        process.stdin.close()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(60)
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
