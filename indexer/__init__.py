"""Indexes footage into a catalog: the offline side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framescout.catalog import Catalog
    from framescout.progress import Progress
    from framescout.settings import Settings
    from indexer.motion_only import MotionReport
    from indexer.report import Report

__all__ = ["fill_in_motion", "index"]


def index(
    catalog: Catalog,
    paths: Iterable[str | Path],
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
    may_go_on: Callable[[], bool] = lambda: True,
) -> Report:
    """Bring the catalog up to date with these folders and files: new, changed, moved, gone.

    Once `may_go_on` says False no new video is begun. What was committed stays, whatever happens.

    Raises:
        NotAvailableError: a path does not exist.
        ModelNotAvailableError: the model's weights are not here.
        CatalogLockedError: another indexer is at work.
    """
    from framescout import settings as configuration
    from framescout.progress import SilentProgress
    from indexer.plan import look
    from indexer.unchanged import as_it_was_left

    named, told = list(paths), progress or SilentProgress()
    loaded = settings or configuration.load(catalog=catalog.folder)
    seen = None
    if not catalog.holder():  # else the run can't begin
        told.began("looking for files")
        seen = look(catalog, named)
        if report := as_it_was_left(catalog, seen, loaded):
            return report
    from indexer.pipeline import bring_up_to_date

    return bring_up_to_date(catalog, named, seen, loaded, told, may_go_on)


def fill_in_motion(
    catalog: Catalog,
    paths: Iterable[str | Path],
    *,
    settings: Settings | None = None,
    progress: Progress | None = None,
    may_go_on: Callable[[], bool] = lambda: True,
) -> MotionReport:
    """Read the motion of the videos below these paths that were indexed before there were motion curves.

    Raises:
        CatalogLockedError: another indexer is at work.
    """
    from framescout import settings as configuration
    from framescout.progress import SilentProgress
    from indexer import motion_only

    loaded = settings or configuration.load(catalog=catalog.folder)
    return motion_only.fill_in_motion(catalog, list(paths), loaded, progress or SilentProgress(), may_go_on)
