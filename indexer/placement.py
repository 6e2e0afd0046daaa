"""Which machines of a cluster read which videos: those of the site where footage lies, with graphics cards or without.

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
    cards: int
    """Graphics cards."""


class Queue(msgspec.Struct, eq=False):
    """The files that machines of one site read, or any machine."""

    site: str
    """Empty: any machine."""
    cards: float
    """The share of a graphics card that a video takes."""
    task: Any
    """What reads one, as the cluster takes it."""
    files: Iterator[tuple[int, VideoFile]]
    ahead: int
    """Files that are under way at once: as many as the machines read, and a few that wait for the next."""
    seen_at: float
    """When a machine for it was last seen, on a clock that only goes forward."""
    under_way: int = 0

    def end_one(self, now: float) -> None:
        """One of its files is done."""
        self.under_way -= 1
        self.seen_at = now

    @property
    def without_a_machine(self) -> str:
        """For a person: why nobody reads these files."""
        where = f" with the label site={self.site}" if self.site else ""
        card = f" and {self.cards:g} of a graphics card" if self.cards else ""
        way_out = f"start one by `ray start --labels site={self.site}`" if self.site else "start one"
        settings = [*(["ray_sites"] if self.site else []), *(["ray_gpus_per_video"] if self.cards else [])]
        change = f", or change {' or '.join(settings)} in your settings" if settings else ""
        return f"no machine of the Ray cluster{where} has a processor{card} for a video; {way_out}{change}"


class Sites:
    """Where footage lies."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        """`folders`: absolute path -> site; links in them are followed."""
        self._folders = {os.path.realpath(folder).rstrip(os.sep) + os.sep: site for folder, site in folders.items()}

    def of(self, path: str) -> str:
        """The site of the innermost folder that holds this file; empty where none does."""
        return self._folders[max(found, key=len)] if (found := [*filter(path.startswith, self._folders)]) else ""


def at_once(machines: Iterable[Machine], site: str, cards: float) -> int:
    """How many videos machines of a site read at once, one a processor; a video's share of `cards` is of one card."""
    return sum(
        min(machine.processors, machine.cards * int(1 / cards)) if cards else machine.processors
        for machine in machines
        if site in ("", machine.site)
    )
