"""Compares the archive with the catalog and says what is to be done. It reads names, sizes and times alone: seconds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from framescout.catalog import Catalog
from framescout.catalog.records import KnownFile, Model, QuarantinedFile
from framescout.settings import DENSITIES
from indexer.report import Report
from indexer.scan import VideoFile, own_name, scan


@dataclass
class Plan:
    """What a run has to do, found by looking at names, sizes and times alone."""

    to_read: list[VideoFile] = field(default_factory=list)
    new: int = 0
    changed: int = 0
    coarser: int = 0
    """Known, but not by this model or not at this density."""
    back: list[str] = field(default_factory=list)
    """Gone before, here again, unchanged."""
    gone: list[str] = field(default_factory=list)
    unchanged: int = 0
    still_quarantined: int = 0
    vanished_from_quarantine: list[str] = field(default_factory=list)
    unreadable_folders: list[str] = field(default_factory=list)

    @property
    def size_bytes(self) -> int:
        """Bytes of the files that are to be read."""
        return sum(file.size_bytes for file in self.to_read)

    def report(self) -> Report:
        """What there is to say before anything was read."""
        return Report(
            unchanged=self.unchanged,
            gone=len(self.gone),
            still_quarantined=self.still_quarantined,
            unreadable_folders=self.unreadable_folders,
        )


def make_plan(catalog: Catalog, paths: Iterable[str | Path], model: Model | None, density: str) -> Plan:
    """Compare the archive with the catalog, by stat alone.

    Raises:
        NotAvailableError: a path that was named does not exist.
    """
    plan = Plan()
    named = [os.fsdecode(path) for path in paths]
    roots = [*map(os.path.realpath, named), *map(own_name, named)]
    with catalog.snapshot() as snapshot:
        known = snapshot.known_files()
        quarantined = {file.path: file for file in snapshot.quarantined()}
        densities = snapshot.space(model).densities() if model else {}
    fine = DENSITIES[DENSITIES.index(density) :]
    seen = set()
    for file in scan(named, unreadable=plan.unreadable_folders.append):
        seen.add(file.path)
        _place(plan, file, known.get(file.path), quarantined.get(file.path), densities, fine)

    def is_looked_at(path: str) -> bool:
        return _is_below(path, roots) and not _is_below(path, plan.unreadable_folders)

    plan.gone = [p for p, was in known.items() if not was.is_gone and p not in seen and is_looked_at(p)]
    plan.vanished_from_quarantine = [p for p in quarantined if p not in seen and is_looked_at(p)]
    return plan


def _place(
    plan: Plan,
    file: VideoFile,
    known: KnownFile | None,
    quarantined: QuarantinedFile | None,
    densities: dict[int, str],
    fine: tuple[str, ...],
) -> None:
    stamp = (file.size_bytes, file.mtime_ns)
    if quarantined and (quarantined.size_bytes, quarantined.mtime_ns) == stamp:
        plan.still_quarantined += 1
    elif known is None:
        plan.new += 1
        plan.to_read.append(file)
    elif (known.size_bytes, known.mtime_ns) != stamp:
        plan.changed += 1
        plan.to_read.append(file)
    elif densities.get(known.video_id) not in fine:
        plan.coarser += 1
        plan.to_read.append(file)
    else:
        plan.unchanged += 1
        if known.is_gone:
            plan.back.append(file.path)


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)
