"""Carries a plan out: takes in what the workers say, embeds, and writes; alone in writing, and in one thread."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from framescout.catalog import Catalog, Writer
from framescout.catalog.records import FileIdentity, IndexedVideo, Model
from framescout.embedding import Embedder
from framescout.errors import Reason
from framescout.progress import Progress
from framescout.settings import Settings
from indexer.assembly import Assembler
from indexer.embed import Batcher, Embedded
from indexer.events import Ended, Event, Failed, Identified, Indexed, Job, Known, Pictured, Probed, Reading
from indexer.identify import KnownVideo, Sampling, identify
from indexer.plan import Plan
from indexer.report import Report
from indexer.scan import VideoFile, is_as_found
from indexer.workers import Workers

_SAY_EVERY = 1.0  # seconds between two times that other processes are told


class Run:
    """One index run over a plan; `execute` does it.

    Only the thread that calls `execute` writes to the catalog, the report and the progress. Workers call `_identify`
    from theirs, which reads.
    """

    def __init__(
        self,
        catalog: Catalog,
        writer: Writer,
        plan: Plan,
        embedder: Embedder,
        model: Model,
        settings: Settings,
        progress: Progress,
    ) -> None:
        self.catalog = catalog
        self.writer = writer
        self.plan = plan
        self.embedder = embedder
        self.model = model
        self.settings = settings
        self.progress = progress
        self.report = plan.report()
        self.bytes_read = 0.0
        self._sampling = Sampling(settings.density, embedder.image_size)
        self._batcher = Batcher(embedder, settings.batch or embedder.good_batch)
        self._bytes_done = 0.0  # of files that were read, known by their content or put into quarantine
        self._said_at = -math.inf
        self._in_work: dict[int, Assembler] = {}  # by the key of the job

    def execute(self, workers: Workers, interrupted: threading.Event, may_go_on: Callable[[], bool]) -> Report:
        """Do the plan; `may_go_on` is asked often, and once it says False no new video is begun.

        Once `interrupted` is set the videos in work are abandoned.
        """
        started = time.monotonic()
        self.progress.found(len(self.plan.to_read), self.plan.size_bytes)
        workers.begin(self.plan.to_read, self._identify)
        for event in workers.events():
            if interrupted.is_set():
                self.report.stopped = "interrupted"
                break
            if self.report.stopped is None and not may_go_on():
                self.report.stopped = "until"
                workers.take_no_more()
            if event is None:
                self._take_in(self._batcher.flush())
            else:
                self._hear(event)
            if time.monotonic() - self._said_at >= _SAY_EVERY:
                self._say_how_far()
        else:
            self._take_in(self._batcher.flush())
        self._say_how_far()
        self.report.left = len(self.plan.to_read) - self._files_done
        if self.report.left == 0:
            self.report.stopped = None
        self.report.elapsed = time.monotonic() - started
        return self.report

    def _identify(self, key: int, file: VideoFile) -> Identified:
        return identify(key, file, self._sampling, self._look_up)

    def _look_up(self, content_hash: str) -> KnownVideo | None:
        with self.catalog.snapshot() as snapshot:
            video_id = snapshot.video_id_of(content_hash)
            if video_id is None:
                return None
            path = next((video.path for video in snapshot.videos([video_id])), None)
            density = snapshot.space(self.model).density_of(video_id)
            return KnownVideo(video_id, density, path)

    def _hear(self, event: Event) -> None:
        """Take in what a worker says."""
        match event:
            case Known():
                self._link(event)
            case Job():
                self._in_work[event.key] = Assembler(event)
            case Failed():
                self._fail(event)
            case Probed():
                self._in_work[event.key].probe = event.probe
                self.progress.started(self.plan.to_read[event.key].path)
            case Reading():
                self._read(event.key, event.read_to)
            case Pictured():
                self._read(event.key, event.keyframe.time)
                self._in_work[event.key].add(event.keyframe)
                self._take_in(self._batcher.add(event.key, event.keyframe.picture))
            case Ended():
                self._read(event.key, event.end.read_to)
                video = self._in_work[event.key]
                video.end, video.motion = event.end, event.motion
                self._commit_if_whole(event.key)
            case Indexed():
                self._in_work[event.key].probe = event.video.probe
                self._read(event.key, event.video.end.read_to)
                del self._in_work[event.key]
                self._commit(self.plan.to_read[event.key], event.video)

    def _link(self, known: Known) -> None:
        """Note a new place of known footage."""
        file = self.plan.to_read[known.key]
        identity = FileIdentity(file.path, file.size_bytes, file.mtime_ns, known.content_hash)
        self.writer.link_file(identity, known.video_id)
        self.report.known.append(file.path)
        self._advance(0.0, file.size_bytes)
        self.progress.finished(file.path)

    def _fail(self, failed: Failed) -> None:
        file = self.plan.to_read[failed.key]
        video = self._in_work.pop(failed.key, None)
        self._batcher.forget(failed.key)
        self._advance(0.0, max(0.0, file.size_bytes - (video.bytes_read if video else 0.0)))
        if Path(file.path).exists() and not is_as_found(file):  # it changed meanwhile, which explains any failure
            self._quarantine(file, Reason.CHANGED, "")
        else:
            self._quarantine(file, failed.reason, failed.detail)

    def _read(self, key: int, read_to: float) -> None:
        seconds, size_bytes = self._in_work[key].advance(read_to)
        self.report.footage += seconds
        self.bytes_read += size_bytes
        self._advance(seconds, size_bytes)

    def _advance(self, footage: float, size_bytes: float) -> None:
        self._bytes_done += size_bytes
        self.progress.advanced(footage, size_bytes)

    def _take_in(self, embedded: Embedded) -> None:
        """Hand embeddings to their videos, and commit those that they make whole."""
        for key, row in embedded:
            self._in_work[key].embed(row)
        for key in dict.fromkeys(key for key, _ in embedded):
            self._commit_if_whole(key)

    def _commit_if_whole(self, key: int) -> None:
        video = self._in_work[key]
        if not video.is_whole:
            return
        del self._in_work[key]
        self._commit(video.job.file, video.video())

    def _commit(self, file: VideoFile, indexed: IndexedVideo) -> None:
        if not is_as_found(file):
            self._quarantine(file, Reason.CHANGED, "")
            return
        self.writer.commit_video(indexed, self.model)
        self.report.indexed.append(file.path)
        if not indexed.end.is_complete:
            self.report.partial.append(file.path)
            self.progress.note(f"partial {file.path}: {indexed.end.detail}")
        self.progress.finished(file.path)

    def _quarantine(self, file: VideoFile, reason: Reason, detail: str) -> None:
        self.writer.quarantine(file.path, file.size_bytes, file.mtime_ns, reason, detail)
        sentence = f"{reason.sentence} ({detail})" if detail else reason.sentence
        self.report.quarantined[file.path] = sentence
        self.progress.quarantined(file.path, sentence)

    @property
    def _files_done(self) -> int:
        return len(self.report.indexed) + len(self.report.known) + len(self.report.quarantined)

    def _say_how_far(self) -> None:
        """Tell other processes."""
        self._said_at = time.monotonic()
        files, size_bytes = len(self.plan.to_read), self.plan.size_bytes
        done = min(round(self._bytes_done), size_bytes)
        self.writer.note.say(files_done=self._files_done, files=files, bytes_done=done, bytes=size_bytes)
