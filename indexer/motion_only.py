"""Gives videos that were indexed before there were motion curves theirs: packets are read, nothing is embedded."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from framescout.catalog import Catalog
from framescout.catalog.records import Video
from framescout.errors import MediaError
from framescout.progress import Progress
from indexer.motion import read_motion


@dataclass
class MotionReport:
    """What was read for motion."""

    read: list[str] = field(default_factory=list)
    """Paths of videos that have a curve now."""
    failed: dict[str, str] = field(default_factory=dict)
    """Path -> why it could not be read."""
    left: int = 0
    """Videos that were not begun."""


def fill_in_motion(
    catalog: Catalog,
    paths: list[str | Path],
    progress: Progress,
    may_go_on: Callable[[], bool],
    *,
    max_pixels: int,
) -> MotionReport:
    """Read the motion of every video below these paths that has no curve; a transaction each.

    Raises:
        CatalogLockedError: another indexer is at work.
    """
    report = MotionReport()
    roots = [os.path.realpath(path) for path in paths]
    with catalog.writer() as writer:
        with catalog.snapshot() as snapshot:
            missing = [video for video in snapshot.videos(snapshot.without_motion()) if _is_wanted(video, roots)]
        sizes = [Path(video.path).stat().st_size for video in missing]
        progress.found(len(missing), sum(sizes))
        for number, (video, size) in enumerate(zip(missing, sizes, strict=True)):
            if not may_go_on():
                report.left = len(missing) - number
                break
            progress.started(video.path)
            try:
                writer.put_motion(video.id, read_motion(video.path, max_pixels=max_pixels))
                report.read.append(video.path)
            except MediaError as error:
                report.failed[video.path] = str(error)
                progress.note(f"no motion of {video.path}: {error}")
            progress.advanced(video.end.read_to, size)
            progress.finished(video.path)
    return report


def _is_wanted(video: Video, roots: list[str]) -> bool:
    is_below = any(video.path == root or video.path.startswith(root.rstrip(os.sep) + os.sep) for root in roots)
    return is_below and not video.is_gone and Path(video.path).is_file()
