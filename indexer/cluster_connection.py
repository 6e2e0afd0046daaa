"""The connection of this process to a Ray cluster: how it joins, what machines there are, what their errors mean."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
import time

import ray
from ray.exceptions import RayTaskError

from framescout import __version__
from framescout.errors import NotAvailableError, first_line
from indexer.cluster_watch import Watch
from indexer.placement import Machine, slots

PATIENCE = 5.0
"""Seconds for what is there, or isn't: a connection, or an answer that a machine has ready."""
_NOT_INSTALLED = "failed to import on the worker"  # Ray gives it as a RuntimeError, whose last line says why


def join(address: str) -> None:
    """Make this process one of the cluster's.

    Raises:
        NotAvailableError: the cluster can't be reached, refuses this process, or has no processors.
    """
    if address != "auto":
        _knock(address)
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        ray.init(address=address, log_to_driver=False, configure_logging=False)
    except Exception as error:
        said = "no Ray cluster runs here" if isinstance(error, ConnectionError) else first_line(error)
        raise NotAvailableError(
            f"the Ray cluster {address} can't be joined: {said}; see docs/cluster.md, or leave out --ray"
        ) from error
    finally:
        with contextlib.suppress(ValueError):  # no other thread than the main one sets them, Ray neither
            for number, handler in before.items():
                signal.signal(number, handler)
    if not slots(machines(), "", 0):
        ray.shutdown()
        raise NotAvailableError(f"the Ray cluster {address} has no processors; run `ray start` on more machines")


def _knock(address: str) -> None:
    """Ray itself waits for ten minutes and more where nothing answers."""
    parts = re.fullmatch(r"\[?([^/\s\[\]]+)\]?:(\d{1,5})", address)
    if not parts or int(parts[2]) >= 2**16:
        raise NotAvailableError(f"{address!r} is no address of a Ray cluster; it is auto, or HOST:PORT")
    try:
        socket.create_connection((parts[1], int(parts[2])), timeout=PATIENCE).close()
    except OSError as error:
        raise NotAvailableError(
            f"the Ray cluster {address} can't be reached ({error.strerror or error}); look whether its head runs and "
            "the port is right"
        ) from error


def machines() -> list[Machine]:
    """Of the cluster that this process joined, those that are there."""
    found = [node for node in ray.nodes() if node["Alive"]]
    had = [(node["Labels"].get("site", ""), node["Resources"]) for node in found]
    return [Machine(site, int(has.get("CPU", 0)), int(has.get("GPU", 0))) for site, has in had]


def watch() -> Watch:
    """Of the cluster that this process joined."""
    return Watch(ray.get_runtime_context().gcs_address, machines, time.monotonic())


def what_went_wrong(error: RayTaskError) -> BaseException:
    """A fault of framescout itself, or a machine on which it isn't installed."""
    cause: BaseException = error.cause
    if _NOT_INSTALLED not in str(cause):
        return cause
    why = str(cause).strip().splitlines()[-1].partition(": ")[2]
    where = re.search(r"ip=([\w.:]+)", str(error))  # which this error has no attribute for
    return NotAvailableError(
        f"The machine {where[1] if where else ''} of the Ray cluster can't run framescout: {why}; install framescout "
        f"{__version__} there, in the environment that Ray runs in."
    )
