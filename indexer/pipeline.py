"""Joins the stages: identify, decode, embed, commit; one transaction a video, so that a run can end anywhere."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path

import numpy as np

from framescout.catalog import Catalog, Space, Writer
from framescout.catalog.records import FileIdentity, IndexedVideo, Keyframe, Model, Recording
from framescout.embedding import Embedder, fingerprint, load_embedder
from framescout.errors import Reason
from framescout.progress import Progress
from framescout.settings import DENSITIES, Settings
from indexer.embed import Batcher, VideoInWork
from indexer.identity import content_hash, full_hash
from indexer.keyframes import spans
from indexer.plan import Plan, make_plan
from indexer.publish import publish
from indexer.recording import read_recording
from indexer.report import Report
from indexer.scan import Found
from indexer.worker import Decoders, Event, Failed, Job, Limits, Pictured, Probed, Reading

_SAY_EVERY = 1.0  # seconds between two times that other processes are told


class Run:
    """One index run over a plan; `execute` does it."""

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
        self._bytes_done = 0.0  # of files that were read, known by their content or put into quarantine
        self._said_at = -math.inf
        self._in_work: dict[str, VideoInWork] = {}

    def execute(self, decoders: Decoders, interrupted: threading.Event, may_go_on: Callable[[], bool]) -> Report:
        """Do the plan; `may_go_on` is asked often, and once it says False no new video is begun.

        Once `interrupted` is set the videos in work are abandoned.
        """
        started = time.monotonic()
        self.progress.found(len(self.plan.to_read), self.plan.size_bytes)
        batcher = Batcher(self.embedder, self.settings.batch or self.embedder.good_batch)
        decoders.begin(self.plan.to_read, self._identify)
        for event in decoders.events():
            if interrupted.is_set():
                self.report.stopped = "interrupted"
                break
            if self.report.stopped is None and not may_go_on():
                self.report.stopped = "until"
                decoders.take_no_more()
            self._commit(batcher.flush() if event is None else self._hear(event, batcher))
            if time.monotonic() - self._said_at >= _SAY_EVERY:
                self._say_how_far()
        else:
            self._commit(batcher.flush())
        self._say_how_far()
        self.report.left = len(self.plan.to_read) - self._files_done
        if self.report.left == 0:
            self.report.stopped = None
        self.report.elapsed = time.monotonic() - started
        return self.report

    def _identify(self, found: Found) -> Job | None:
        """The job of a file; None where its footage is known and embedded: then its new place is noted."""
        identity = content_hash(found.path)
        video_id, elsewhere = self._known(identity, found)
        if elsewhere:  # both files are here: only their whole content tells whether they are one
            whole = full_hash(found.path)
            if whole != full_hash(elsewhere):
                identity = f"{identity}+{whole}"
                video_id, _ = self._known(identity, found)
        if video_id is None:
            return Job(found, identity, self.settings.density, self.embedder.image_size)
        file = FileIdentity(found.path, found.size_bytes, found.mtime_ns, identity)
        with self.catalog.snapshot() as snapshot:
            created_at = snapshot.created_at(video_id)
        self.writer.link_file(file, video_id, self._recording(found.path, created_at))
        self.report.known.append(found.path)
        self._advance(0.0, found.size_bytes)
        self.progress.finished(found.path)
        return None

    def _known(self, identity: str, found: Found) -> tuple[int | None, str | None]:
        """The embedded video with this identity, and another present file that holds it."""
        with self.catalog.snapshot() as snapshot:
            video_id = snapshot.video_id_of(identity)
            if video_id is None:
                return None, None
            fine = snapshot.space(self.model).densities().get(video_id) in DENSITIES[self._level :]
            path = next((video.path for video in snapshot.videos([video_id])), None)  # none: it was replaced
        with contextlib.suppress(OSError):
            if path and path != found.path and Path(path).stat().st_size == found.size_bytes:
                return video_id if fine else None, path
        return video_id if fine else None, None

    @property
    def _level(self) -> int:
        return DENSITIES.index(self.settings.density)

    def _hear(self, event: Event, batcher: Batcher) -> list[VideoInWork]:
        """Take in one event; return the videos that it brought further."""
        path = event.job.found.path
        if isinstance(event, Probed):
            self._in_work[path] = VideoInWork(event.job, event.probe)
            self.progress.started(path)
            return []
        if isinstance(event, Failed):
            video = self._in_work.pop(path, None)
            if video:
                batcher.forget(video)
            rest = event.job.found.size_bytes - (video.bytes_reported if video else 0.0)
            self._advance(0.0, max(0.0, rest))
            if Path(path).exists() and not _is_as_found(event.job.found):  # no wonder
                self._quarantine(event.job, Reason.CHANGED, "")
            else:
                self._quarantine(event.job, event.reason, event.detail)
            return []
        video = self._in_work[path]
        if isinstance(event, Pictured):
            self._read(video, event.time)
            return batcher.add(video, event)
        if isinstance(event, Reading):
            self._read(video, event.read_to)
            return []
        video.end = event.end
        self._read(video, event.end.read_to)
        return [video]

    def _read(self, video: VideoInWork, read_to: float) -> None:
        step = max(0.0, read_to - video.reported)
        share = min(1.0, step / video.probe.duration) if video.probe.duration else 0.0
        size_bytes = share * video.job.found.size_bytes
        video.reported += step
        video.bytes_reported += size_bytes
        self.report.footage += step
        self.bytes_read += size_bytes
        self._advance(step, size_bytes)

    def _advance(self, footage: float, size_bytes: float) -> None:
        self._bytes_done += size_bytes
        self.progress.advanced(footage, size_bytes)

    @property
    def _files_done(self) -> int:
        return len(self.report.indexed) + len(self.report.known) + len(self.report.quarantined)

    def _say_how_far(self) -> None:
        """To other processes."""
        self._said_at = time.monotonic()
        files, size_bytes = len(self.plan.to_read), self.plan.size_bytes
        done = min(round(self._bytes_done), size_bytes)
        self.writer.note.say(files_done=self._files_done, files=files, bytes_done=done, bytes=size_bytes)

    def _commit(self, videos: Iterable[VideoInWork]) -> None:
        for video in videos:
            if not video.is_whole:
                continue
            found = video.job.found
            del self._in_work[found.path]
            if not _is_as_found(found):
                self._quarantine(video.job, Reason.CHANGED, "")
                continue
            indexed = self._indexed(video)
            self.writer.commit_video(indexed, self.model)
            self.report.indexed.append(found.path)
            if not indexed.end.is_complete:
                self.report.partial.append(found.path)
                self.progress.note(f"partial {found.path}: {indexed.end.detail}")
            self.progress.finished(found.path)

    def _indexed(self, video: VideoInWork) -> IndexedVideo:
        found, end = video.job.found, video.end
        assert end is not None
        stretches = spans([time for _, _, time in video.stamps], end.read_to)
        keyframes = tuple(
            Keyframe(pts, time_base, time, span)
            for (pts, time_base, time), span in zip(video.stamps, stretches, strict=True)
        )
        return IndexedVideo(
            file=FileIdentity(found.path, found.size_bytes, found.mtime_ns, video.job.content_hash),
            probe=video.probe,
            recording=self._recording(found.path, video.probe.created_at),
            end=end,
            keyframes=keyframes,
            embeddings=np.stack(video.embedded),
            density=video.job.density,
        )

    def _recording(self, path: str, created_at: datetime | None) -> Recording:
        pattern = self.settings.camera_pattern or None
        return read_recording(path, created_at, camera_pattern=pattern, timezone=self.settings.zone)

    def _quarantine(self, job: Job, reason: Reason, detail: str) -> None:
        found = job.found
        self.writer.quarantine(found.path, found.size_bytes, found.mtime_ns, reason, detail)
        sentence = f"{reason.sentence} ({detail})" if detail else reason.sentence
        self.report.quarantined[found.path] = sentence
        self.progress.quarantined(found.path, sentence)


@contextlib.contextmanager
def _interrupts() -> Iterator[threading.Event]:
    """Within, SIGINT and SIGTERM set the event; else they raise anywhere, in a commit or an import."""
    interrupted = threading.Event()
    before = {}
    if threading.current_thread() is threading.main_thread():  # no other may handle signals
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:  # a run in the background goes on
                before[number] = signal.signal(number, lambda *_: interrupted.set())
    try:
        yield interrupted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_as_found(found: Found) -> bool:
    """Whether the file has not changed since the scan."""
    try:
        now = Path(found.path).stat()
    except OSError:
        return False
    return (now.st_size, now.st_mtime_ns) == (found.size_bytes, found.mtime_ns)


def _conclude(catalog: Catalog, writer: Writer, model: Model, progress: Progress) -> None:
    """After a run: drop footage that was replaced, switch to a model that is complete, publish its vectors."""
    writer.drop_replaced()
    with catalog.snapshot() as snapshot:
        active = snapshot.active_model()
        is_to_be_active = active is None or (active.id != model.id and _has_seen_everything(snapshot.space(model)))
    if is_to_be_active:
        writer.activate(model)
    publish(catalog, writer, model, progress)


def _has_seen_everything(space: Space) -> bool:
    embedded = space.densities()
    return all(video.is_gone or video.id in embedded for video in space.snapshot.videos())


def bring_up_to_date(
    catalog: Catalog, paths: list[str | Path], settings: Settings, progress: Progress, may_go_on: Callable[[], bool]
) -> Report:
    """The whole road for these paths; what `indexer.index` does."""
    with catalog.writer() as writer:
        plan, model = _plan(catalog, paths, settings)
        writer.mark_gone(plan.gone)
        writer.bring_back(plan.back)
        writer.forget_quarantine(plan.vanished_from_quarantine)
        if not plan.to_read:  # nothing to embed: the model is not even loaded
            if model:
                _conclude(catalog, writer, model, progress)
            return plan.report()
        with _interrupts() as interrupted, contextlib.closing(_decoders(len(plan.to_read), settings)) as decoders:
            embedder = load_embedder(settings.model, cache=catalog.cache_folder)
            model = writer.model(settings.model, embedder.fingerprint, embedder.dimensions)
            run = Run(catalog, writer, plan, embedder, model, settings, progress)
            report = run.execute(decoders, interrupted, may_go_on)
        if run.bytes_read and report.elapsed > 1:
            writer.remember_speed(run.bytes_read / report.elapsed)
        _conclude(catalog, writer, model, progress)
    return report


def _decoders(files: int, settings: Settings) -> Decoders:
    """By themselves one more than half the cores: each waits now and then. Few files are decoded in threads, too."""
    count = settings.workers or (os.cpu_count() or 2) // 2 + 1
    processes = min(count, files)
    threads = count // processes
    memory = settings.decode_memory * threads
    limits = Limits(settings.max_pixels, memory, settings.decode_timeout, settings.decode_on, threads)
    return Decoders(processes, limits)


def look_ahead(catalog: Catalog, paths: list[str | Path], settings: Settings) -> tuple[Plan, float | None]:
    """What a run would do, and about how many seconds it would take at the speed of the last one."""
    plan, _ = _plan(catalog, paths, settings)
    with catalog.snapshot() as snapshot:
        speed = snapshot.speed()
    return plan, plan.size_bytes / speed if speed else None


def _plan(catalog: Catalog, paths: list[str | Path], settings: Settings) -> tuple[Plan, Model | None]:
    identity = fingerprint(settings.model)
    with catalog.snapshot() as snapshot:
        models = snapshot.models()
    model = next((m for m in models if (m.name, m.fingerprint) == (settings.model, identity)), None)
    return make_plan(catalog, paths, model, settings.density), model
