"""Compares the archive with the catalog and says what is to be done. It reads names, sizes and times alone: seconds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from framescout.catalog import Catalog, Snapshot
from framescout.catalog.records import KnownFile, Model, QuarantinedFile
from framescout.embedding import fingerprint
from framescout.paths import is_below
from framescout.settings import DENSITIES, Settings
from indexer.report import Report
from indexer.scan import VideoFile, own_name, scan


class Sight(msgspec.Struct, frozen=True):
    """What was seen of an archive."""

    paths: list[str]
    """Folders and files, as they were named."""
    files: list[VideoFile]
    """The video files below them."""
    unreadable: list[str]
    """Folders and files that can't be looked into."""
    state: str | None
    """As `Snapshot.files_state`, before anybody looked."""


def look(catalog: Catalog, paths: Iterable[str | Path]) -> Sight:
    """Look at the names, sizes and times of all files below these paths.

    Raises:
        NotAvailableError: a path that was named does not exist.
    """
    with catalog.snapshot() as snapshot:
        state = snapshot.files_state()
    named, unreadable = [os.fsdecode(path) for path in paths], list[str]()
    return Sight(named, [*scan(named, unreadable=unreadable.append)], unreadable, state)


class Plan(msgspec.Struct):
    """What a run has to do, found by looking at names, sizes and times alone."""

    to_read: list[VideoFile] = msgspec.field(default_factory=list)
    new: int = 0
    changed: int = 0
    coarser: int = 0
    """Known, but not by this model or not at this density."""
    back: list[str] = msgspec.field(default_factory=list)
    """Gone before, here again, unchanged."""
    gone: list[str] = msgspec.field(default_factory=list)
    unchanged: int = 0
    still_quarantined: int = 0
    vanished_from_quarantine: list[str] = msgspec.field(default_factory=list)
    unreadable_folders: list[str] = msgspec.field(default_factory=list)

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


def find_model(snapshot: Snapshot, settings: Settings) -> Model | None:
    """The catalog's record of the model that is set, as its weights are now; None where it has none yet."""
    identity = fingerprint(settings.model)
    return next((m for m in snapshot.models() if (m.name, m.fingerprint) == (settings.model, identity)), None)


def make_plan(snapshot: Snapshot, sight: Sight, model: Model | None, density: str) -> Plan:
    """Compare what was seen of the archive with the catalog."""
    plan = Plan(unreadable_folders=sight.unreadable)
    roots = [*map(os.path.realpath, sight.paths), *map(own_name, sight.paths)]
    unseen = snapshot.known_files()
    quarantined = {file.path: file for file in snapshot.quarantined()}
    densities = snapshot.space(model).densities() if model else {}
    fine = DENSITIES[DENSITIES.index(density) :]
    for file in sight.files:
        _place(plan, file, unseen.pop(file.path, None), quarantined.pop(file.path, None), densities, fine)

    def is_looked_at(path: str) -> bool:
        return is_below(path, roots) and not is_below(path, plan.unreadable_folders)

    plan.gone = [p for p, was in unseen.items() if not was.is_gone and is_looked_at(p)]
    plan.vanished_from_quarantine = [p for p in quarantined if is_looked_at(p)]
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
