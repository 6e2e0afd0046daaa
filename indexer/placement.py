"""Which machines of a cluster read which videos: those of the site where footage lies, with GPUs or without.

Knows nothing of Ray: a machine is what it says of itself.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from indexer.scan import VideoFile


class Machine(msgspec.Struct, frozen=True):
    """A machine of a cluster."""

    site: str
    """Its label; empty where it has none."""
    processors: int
    gpus: int


class Need(msgspec.Struct, eq=False):
    """What something that is to be done asks of a machine."""

    what: str
    """For a person: what is to be done."""
    site: str
    """Empty: any machine."""
    gpus: float
    """The share of a GPU that it takes."""
    absent_since: float | None = None
    """Since when no machine for it has been seen, on a clock that only goes forward; None: one was seen last."""

    @property
    def without_a_machine(self) -> str:
        """For a person: why nobody does it."""
        where = f" with the label site={self.site}" if self.site else ""
        gpu = f" and {self.gpus:g} of a GPU" if self.gpus else ""
        way_out = f"start one by `ray start --labels site={self.site}`" if self.site else "start one"
        settings = [*(["ray_sites"] if self.site else []), *(["ray_gpus_per_video"] if self.gpus else [])]
        change = f", or change {' or '.join(settings)} in your settings" if settings else ""
        return f"no machine of the Ray cluster{where} has a processor{gpu} for {self.what}; {way_out}{change}"


class SiteFiles(msgspec.Struct, eq=False):
    """The files that machines of one site read, or any machine."""

    need: Need
    """Of each of them."""
    task: Any
    """What reads one, as the cluster takes it."""
    files: Iterator[tuple[int, VideoFile]]
    ahead: int
    """Files that are under way at once: as many as the machines read, and a few that wait for the next."""
    under_way: int = 0


class Sites:
    """Where footage lies."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        """`folders`: absolute path -> site; links in them are followed."""
        self._folders = {os.path.realpath(folder).rstrip(os.sep) + os.sep: site for folder, site in folders.items()}

    def of(self, path: str) -> str:
        """The site of the innermost folder that holds this file; empty where none does."""
        return self._folders[max(found, key=len)] if (found := [*filter(path.startswith, self._folders)]) else ""


def slots(machines: Iterable[Machine], site: str, gpus: float) -> int:
    """How many videos machines of a site read at once, one a processor; `gpus` is a video's share of one GPU."""
    return sum(
        min(machine.processors, machine.gpus * int(1 / gpus)) if gpus else machine.processors
        for machine in machines
        if site in ("", machine.site)
    )
