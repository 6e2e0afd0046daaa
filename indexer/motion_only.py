"""Gives videos that were indexed before there were motion curves theirs: packets are read, nothing is embedded.

The packets are read in decoding processes, with their limits. A file on which such a process dies, hangs or eats too
much memory is known well enough: its curve is marked as unknown, with the reason, and it isn't tried again.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np

from framescout.catalog import Catalog, Writer
from framescout.catalog.records import KnownFile
from framescout.errors import MediaError, Reason
from framescout.motion import STEP, Motion, Source
from framescout.paths import is_below
from framescout.progress import Progress
from framescout.settings import Settings
from indexer.events import Event, Failed, Identified, MotionJob, MotionRead, Reading
from indexer.pipeline import interrupts, workers_for
from indexer.scan import VideoFile, is_as_found
from indexer.workers import Workers

_HOPELESS = (Reason.DECODER_DIED, Reason.TOO_SLOW, Reason.TOO_LARGE)


class MotionReport(msgspec.Struct):
    """What was read for motion."""

    read: list[str] = msgspec.field(default_factory=list)
    """Paths of videos that have a curve now."""
    failed: dict[str, str] = msgspec.field(default_factory=dict)
    """Path -> why it could not be read."""
    left: int = 0
    """Videos that were not begun, or not ended."""
    is_interrupted: bool = False


def fill_in_motion(
    catalog: Catalog,
    paths: list[str | Path],
    settings: Settings,
    progress: Progress,
    may_go_on: Callable[[], bool],
) -> MotionReport:
    """Read the motion of every video below these paths that has no curve; a transaction each.

    Raises:
        CatalogLockedError: another indexer is at work.
    """
    roots = [os.path.realpath(path) for path in paths]
    with catalog.writer() as writer:
        found = list(_without_motion(catalog, roots))
        reading = _Reading(writer, progress, [video_id for video_id, _ in found], [file for _, file in found])
        progress.found(len(found), sum(file.size_bytes for file in reading.files))
        if found:
            with interrupts() as interrupted, contextlib.closing(workers_for(len(found), settings)) as workers:
                reading.execute(workers, interrupted, may_go_on)
    return reading.report


def _without_motion(catalog: Catalog, roots: list[str]) -> Iterator[tuple[int, VideoFile]]:
    """Each video below the roots that has no curve, and the file that holds it."""
    with catalog.snapshot() as snapshot:
        known: dict[str, KnownFile] = snapshot.known_files()
        missing = snapshot.videos(snapshot.without_motion())
    for video in missing:
        if is_below(video.path, roots) and not video.is_gone and Path(video.path).is_file():
            file = known[video.path]
            yield video.id, VideoFile(video.path, file.size_bytes, file.mtime_ns)


class _Reading:
    """One run over videos that have no curve."""

    def __init__(self, writer: Writer, progress: Progress, video_ids: list[int], files: list[VideoFile]) -> None:
        self._writer, self._progress, self._video_ids, self.files = writer, progress, video_ids, files
        self._reached = [0.0] * len(files)  # seconds of each video
        self.report = MotionReport(left=len(files))

    def execute(self, workers: Workers, interrupted: threading.Event, may_go_on: Callable[[], bool]) -> None:
        """Do it; what is in work when `interrupted` is set is left to the next run."""
        workers.begin(self.files, _identify)
        for event in workers.events():
            if interrupted.is_set():
                self.report.is_interrupted = True
                return
            if not may_go_on():
                workers.take_no_more()
            if event is not None:
                self._hear(event)

    def _hear(self, event: Event) -> None:
        match event:
            case MotionJob():
                self._progress.started(event.file.path)
            case Reading():
                self._advance(event.key, event.read_to)
            case MotionRead():
                self._writer.put_motion(self._video_ids[event.key], event.motion)
                self.report.read.append(self.files[event.key].path)
                self._end(event.key, len(event.motion.levels) * STEP)
            case Failed():
                self._fail(event)

    def _fail(self, failed: Failed) -> None:
        path, why = self.files[failed.key].path, str(MediaError(failed.reason, failed.detail))
        if failed.reason in _HOPELESS:
            self._writer.put_motion(self._video_ids[failed.key], Motion(np.empty(0, np.uint8), Source.UNKNOWN, why))
        self.report.failed[path] = why
        self._progress.note(f"no motion of {path}: {why}")
        self._end(failed.key, 0.0)

    def _advance(self, key: int, reached: float, size_bytes: float = 0.0) -> None:
        self._progress.advanced(max(0.0, reached - self._reached[key]), size_bytes)
        self._reached[key] = max(reached, self._reached[key])

    def _end(self, key: int, reached: float) -> None:
        self._advance(key, reached, self.files[key].size_bytes)
        self._progress.finished(self.files[key].path)
        self.report.left -= 1


def _identify(key: int, file: VideoFile) -> Identified:
    return MotionJob(key, file) if is_as_found(file) else Failed(key, Reason.CHANGED, "")
