"""The whole road of an index run: plan, workers, run, and what is concluded from it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from framescout.catalog import Catalog, Space, Writer
from framescout.catalog.records import Model
from framescout.embedding import fingerprint, has_towers, load_embedder
from framescout.processors import usable_processors
from framescout.progress import Progress
from framescout.settings import Settings
from indexer.plan import Plan, make_plan
from indexer.processes import DecodingProcesses
from indexer.publish import publish
from indexer.report import Report
from indexer.run import Run
from indexer.workers import Limits


@contextlib.contextmanager
def interrupts() -> Iterator[threading.Event]:
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


def _conclude(catalog: Catalog, writer: Writer, model: Model, progress: Progress) -> None:
    """After a run: drop footage that was replaced, switch to a model that is complete, publish its vectors."""
    writer.drop_replaced()
    with catalog.snapshot() as snapshot:
        active = snapshot.active_model()
        is_to_be_active = active is None or (active.id != model.id and _has_seen_everything(snapshot.space(model)))
    if is_to_be_active:
        writer.activate(model)
    publish(catalog, writer, model, progress)
    with catalog.snapshot() as snapshot:
        snapshot.file_columns()  # so that no search has to derive all times and cameras


def _has_seen_everything(space: Space) -> bool:
    embedded = space.densities()
    return all(video.is_gone or video.id in embedded for video in space.snapshot.videos())


def bring_up_to_date(
    catalog: Catalog, paths: list[str | Path], settings: Settings, progress: Progress, may_go_on: Callable[[], bool]
) -> Report:
    """The whole road for these paths; what `indexer.index` does."""
    with catalog.writer() as writer:
        progress.began("looking for files")
        plan, model = _plan(catalog, paths, settings)
        writer.mark_gone(plan.gone)
        writer.bring_back(plan.back)
        writer.forget_quarantine(plan.vanished_from_quarantine)
        if not plan.to_read:  # nothing to embed: the model is not even loaded
            if model:
                _conclude(catalog, writer, model, progress)
            return plan.report()
        with interrupts() as interrupted, contextlib.closing(workers_for(len(plan.to_read), settings)) as workers:
            if not has_towers(settings.model, catalog.cache_folder):
                progress.note(f"getting the model {settings.model} ready for this machine: once, it takes a moment")
            progress.began(f"reading the model {settings.model}")
            closely = settings.density == "thorough"
            embedder = load_embedder(settings.model, cache=catalog.cache_folder, closely=closely)
            model = writer.model(settings.model, embedder.fingerprint, embedder.dimensions)
            run = Run(catalog, writer, plan, embedder, model, settings, progress)
            report = run.execute(workers, interrupted, may_go_on)
            if not interrupted.is_set():
                embedder.keep_background(catalog.cache_folder)
            if interrupted.is_set():
                report.stopped = "interrupted"
        if run.bytes_read and report.elapsed > 1:
            writer.remember_speed(run.bytes_read / report.elapsed)
        progress.began("finishing: the vector index, and what a first search needs")
        _conclude(catalog, writer, model, progress)
    return report


def workers_for(files: int, settings: Settings) -> DecodingProcesses:
    """By default one more than half the processors, since each waits now and then; threads besides for few files."""
    count = settings.workers or usable_processors() // 2 + 1
    processes = min(count, files)
    threads = count // processes
    memory = settings.decode_memory * threads
    limits = Limits(settings.max_pixels, memory, settings.decode_timeout, settings.decode_on, threads)
    return DecodingProcesses(processes, limits)


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
