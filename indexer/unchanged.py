"""Tells by one checksum that an archive is as the last run left it, in place of comparing each file with the catalog.

The derived file holds the checksum of all that a plan depends on: the names, sizes and times that were seen, the state
of the catalog, what is in quarantine, the model and the density. Where it is the same, so is the plan: nothing to do.
What is imported here counts: a run that finds nothing new needs neither SQLAlchemy nor a decoder.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from array import array

from framescout import __version__
from framescout.cached import Cache, Entry
from framescout.catalog import Catalog, Snapshot
from framescout.catalog.records import Model
from framescout.settings import Settings
from framescout.vectors import is_worth_building, store_in
from indexer.plan import Sight, find_model
from indexer.report import Report

_AT_ONCE = 4096  # files


def as_it_was_left(catalog: Catalog, sight: Sight, settings: Settings) -> Report | None:
    """What a run has to say that sees what the last one left; None where something may be to do."""
    kept = Cache(catalog.cache_folder).read(Entry.UNCHANGED, _key(sight))
    if kept is None:
        return None
    known = json.loads(kept)
    with catalog.snapshot() as snapshot:
        model = find_model(snapshot, settings)
        if (
            model is None
            or snapshot.active_model() != model
            or known["checksum"] != _checksum(catalog, snapshot, sight, model, settings.density)
        ):
            return None
        if is_worth_building(snapshot.space(model), store_in(catalog.vectors_place)):
            return None
        snapshot.file_columns()  # so that no search has to derive all times and cameras
    return Report(unchanged=known["unchanged"], still_quarantined=known["quarantined"])


def remember(catalog: Catalog, sight: Sight, settings: Settings, report: Report) -> None:
    """Keep what a run saw that did all there was to do."""
    if report.left or report.stopped or sight.unreadable:
        return
    with catalog.snapshot() as snapshot:
        model = find_model(snapshot, settings)
        checksum = model and _checksum(catalog, snapshot, sight, model, settings.density)
    if checksum:
        counts = {
            "unchanged": report.unchanged + len(report.indexed) + len(report.known),
            "quarantined": report.still_quarantined + len(report.quarantined),
        }
        with contextlib.suppress(OSError):
            document = json.dumps({"checksum": checksum, **counts}).encode()
            Cache(catalog.cache_folder).write(Entry.UNCHANGED, _key(sight), document)


def _key(sight: Sight) -> str:
    paths = "\0".join(map(os.path.realpath, sight.paths))
    return hashlib.blake2b(paths.encode("utf-8", "surrogateescape"), digest_size=8).hexdigest()


def _checksum(catalog: Catalog, snapshot: Snapshot, sight: Sight, model: Model, density: str) -> str | None:
    """None where no checksum tells it."""
    state = snapshot.files_state()
    if state is None or sight.unreadable:
        return None
    quarantined = [(file.path, file.size_bytes, file.mtime_ns) for file in snapshot.quarantined()]
    facts = (__version__, state, model, density, catalog.roots, sight.paths, quarantined)
    digest = hashlib.blake2b(repr(facts).encode("utf-8", "surrogateescape"), digest_size=16)
    for begin in range(0, len(sight.files), _AT_ONCE):
        some = sight.files[begin : begin + _AT_ONCE]
        digest.update("\0".join([file.path for file in some]).encode("utf-8", "surrogateescape"))
        digest.update(array("q", [file.size_bytes for file in some]).tobytes())
        digest.update(array("q", [file.mtime_ns for file in some]).tobytes())
    return digest.hexdigest()
