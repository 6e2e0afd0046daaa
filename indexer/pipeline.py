"""The whole road of an index run: plan, workers, run, and what is concluded from it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from framescout.catalog import Catalog, Space, Writer
from framescout.catalog.records import Model
from framescout.embedding import has_towers, load_embedder
from framescout.processors import usable_processors
from framescout.progress import Progress
from framescout.settings import Settings
from indexer.plan import Plan, Sight, find_model, look, make_plan
from indexer.processes import DecodingProcesses
from indexer.publish import publish
from indexer.report import Report
from indexer.run import Run
from indexer.unchanged import remember
from indexer.workers import Limits, Workers

if TYPE_CHECKING:
    from framescout.vectors.lance_build import AddIndex


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


def _conclude(catalog: Catalog, writer: Writer, model: Model, settings: Settings, progress: Progress) -> None:
    """After a run: drop footage that was replaced, switch to a model that is complete, publish its vectors."""
    writer.drop_replaced()
    with catalog.snapshot() as snapshot:
        active = snapshot.active_model()
        is_to_be_active = active is None or (active.id != model.id and _has_seen_everything(snapshot.space(model)))
    if is_to_be_active:
        writer.activate(model)
    publish(catalog, writer, model, progress, _add_index(catalog, settings))
    with catalog.snapshot() as snapshot:
        snapshot.file_columns()  # so that no search has to derive all times and cameras


def _add_index(catalog: Catalog, settings: Settings) -> AddIndex | None:
    """The cluster that the run names, for a vector index at a place that its machines see."""
    if not settings.ray or isinstance(catalog.vectors_place, Path):
        return None
    from indexer.cluster_index import ClusterIndexing

    return ClusterIndexing(settings.ray)


def _has_seen_everything(space: Space) -> bool:
    embedded = space.densities()
    return all(file.is_gone or file.video_id in embedded for file in space.snapshot.known_files().values())


def bring_up_to_date(
    catalog: Catalog,
    paths: list[str | Path],
    seen: Sight | None,
    settings: Settings,
    progress: Progress,
    may_go_on: Callable[[], bool],
) -> Report:
    """The whole road for these paths; what `indexer.index` does where something may be to do.

    `seen`: what lies below them, where that is known.
    """
    with catalog.writer() as writer:
        sight = _sight(catalog, paths, seen, progress)
        plan, model = _plan(catalog, sight, settings)
        writer.mark_gone(plan.gone)
        writer.bring_back(plan.back)
        writer.forget_quarantine(plan.vanished_from_quarantine)
        if not plan.to_read:  # nothing to embed: the model is not even loaded
            report = plan.report()
            if model:
                _conclude(catalog, writer, model, settings, progress)
                remember(catalog, sight, settings, report)
            return report
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
        _conclude(catalog, writer, model, settings, progress)
        remember(catalog, sight, settings, report)
    return report


def workers_for(files: int, settings: Settings) -> Workers:
    """The cluster that was named, else processes.

    By default one more than half the processors, since each waits now and then; threads besides for few files.

    Raises:
        NotAvailableError: the cluster can't be had.
    """
    if settings.ray:
        from indexer.cluster_workers import RayWorkers

        alone = Limits(settings.max_pixels, settings.decode_memory, settings.decode_timeout, settings.decode_on)
        return RayWorkers(alone, settings)
    count = settings.workers or usable_processors() // 2 + 1
    processes = min(count, files)
    threads = count // processes
    memory = settings.decode_memory * threads
    limits = Limits(settings.max_pixels, memory, settings.decode_timeout, settings.decode_on, threads)
    return DecodingProcesses(processes, limits)


def look_ahead(catalog: Catalog, paths: list[str | Path], settings: Settings) -> tuple[Plan, float | None]:
    """What a run would do, and about how many seconds it would take at the speed of the last one."""
    plan, _ = _plan(catalog, look(catalog, paths), settings)
    with catalog.snapshot() as snapshot:
        speed = snapshot.speed()
    return plan, plan.size_bytes / speed if speed else None


def _sight(catalog: Catalog, paths: list[str | Path], seen: Sight | None, progress: Progress) -> Sight:
    """What was seen before this process held the lock, unless another has written since."""
    with catalog.snapshot() as snapshot:
        state = snapshot.files_state()
    if seen is not None and seen.state == state:
        return seen
    progress.began("looking for files")
    return look(catalog, paths)


def _plan(catalog: Catalog, sight: Sight, settings: Settings) -> tuple[Plan, Model | None]:
    with catalog.snapshot() as snapshot:
        model = find_model(snapshot, settings)
        return make_plan(snapshot, sight, model, settings.density), model
