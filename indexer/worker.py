"""The decoding side: one process a worker, with limits; what comes out is a stream of events, never an exception.

Trouble reading footage costs that video; any other trouble ends the run. A decoder that dies, hangs or eats too much
memory is one video's trouble too: its process is replaced.
"""

from __future__ import annotations

import contextlib
import importlib
import multiprocessing
import queue
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

from framescout.catalog.records import Probe, ReadEnd
from framescout.errors import MediaError, Reason
from indexer.scan import Found

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

    import numpy as np

    from indexer.key_pictures import PicturedKeyframe

_STARTING = threading.Lock()
_HEARTBEAT = 0.5  # seconds between signs of life
_LONGEST_WAIT = 0.2  # seconds for an event, before the embedder may look at other things
_EVENTS_WAITING = 64  # bounds the memory between decoding and embedding


@dataclass(frozen=True, slots=True)
class Limits:
    """What one decoding process may take, and how it decodes."""

    max_pixels: int
    memory_mib: int
    """Without a graphics card: the driver of one reserves more addresses than there is memory."""
    timeout: float
    """Seconds without a sign of life."""
    decode_on: str
    """As in `open_video`."""
    threads: int = 1
    """That decode the key pictures of one video."""


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be decoded."""

    found: Found
    content_hash: str
    density: str
    size: tuple[int, int]
    """Width and height of the pictures, in pixels."""


@dataclass(frozen=True, slots=True)
class Probed:
    """The file is a video."""

    job: Job
    probe: Probe


@dataclass(frozen=True, slots=True)
class Reading:
    """A sign of life: so far it was read, in seconds."""

    job: Job
    read_to: float


@dataclass(frozen=True, slots=True, eq=False)
class Pictured:
    """The next keyframe of a video, in order of time."""

    job: Job
    pts: int
    time_base: Fraction
    time: float
    """Seconds from the start of the video."""
    pixels: np.ndarray
    """(H, W, 3) uint8"""


@dataclass(frozen=True, slots=True)
class Ended:
    """The video was read as far as it goes."""

    job: Job
    end: ReadEnd


@dataclass(frozen=True, slots=True)
class Failed:
    """The file can't be used."""

    job: Job
    reason: Reason
    detail: str


@dataclass(frozen=True, slots=True)
class Crashed:
    """Our own fault: ends the run."""

    error: BaseException


Event = Probed | Reading | Pictured | Ended | Failed
Identify = Callable[[Found], Job | None]


class Decoders:
    """Decoding processes that work off a list of files; they start at once, and wait for `begin`."""

    def __init__(self, count: int, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._queue: queue.Queue[Event | Crashed | None] = queue.Queue(_EVENTS_WAITING)
        self._no_more = threading.Event()
        self._abandoned = threading.Event()
        self._idle = [_Process(limits) for _ in range(count)]
        self._threads: list[threading.Thread] = []

    def begin(self, files: list[Found], identify: Identify) -> None:
        """Decode these; then iterate `events` until it ends.

        `identify` turns a found file into a job, in a thread of its own, or says None: nothing to decode.
        """
        self._files, self._identify = iter(files), identify
        while self._idle:
            thread = threading.Thread(target=self._work, args=[self._idle.pop()], daemon=True)
            self._threads.append(thread)
            thread.start()

    def take_no_more(self) -> None:
        """Finish what is being decoded, begin nothing new."""
        self._no_more.set()

    def close(self) -> None:
        """Stop at once and wait until every process has ended."""
        self._no_more.set()
        self._abandoned.set()
        for process in self._idle:
            process.kill()
        for thread in self._threads:
            thread.join()

    def events(self) -> Iterator[Event | None]:
        """Every event in order; None where one must be waited for, and again now and then. Ends when all is done."""
        working, patience = len(self._threads), 0.0
        while working:
            try:
                event = self._queue.get(timeout=patience)
                patience = 0.0
            except queue.Empty:
                patience = _LONGEST_WAIT
                yield None
                continue
            if event is None:
                working -= 1
            elif isinstance(event, Crashed):
                raise event.error
            else:
                yield event

    def _work(self, process: _Process | None) -> None:
        try:
            while not self._no_more.is_set():
                with self._lock:
                    found = next(self._files, None)
                if found is None:
                    break
                job = self._identified(found)
                if job is None:
                    continue
                process = process or _Process(self._limits)
                if not self._decode(job, process):
                    process.kill()
                    process = None
        except BaseException as error:  # the main thread raises it
            self._put(Crashed(error))
        finally:
            self._put(None)
            if process:
                process.kill()

    def _identified(self, found: Found) -> Job | None:
        try:
            return self._identify(found)
        except MediaError as error:
            self._put(Failed(Job(found, "", "", (0, 0)), error.reason, error.detail))
            return None

    def _decode(self, job: Job, process: _Process) -> bool:
        """Pass on what the process says of this job; False where the process can't be used any more."""
        process.begin(job)
        heard = time.monotonic()
        while not self._abandoned.is_set():
            if not process.connection.poll(0.1):
                if time.monotonic() - heard > self._limits.timeout:
                    self._put(Failed(job, Reason.TOO_SLOW, f"no picture for {self._limits.timeout:.0f} s"))
                    return False
                continue
            try:
                event: Event = process.connection.recv()
            except (EOFError, OSError):
                self._put(Failed(job, Reason.DECODER_DIED, process.last_words()))
                return False
            self._put(event)
            heard = time.monotonic()  # after the put: waiting for the embedder is not the decoder's fault
            if isinstance(event, Ended | Failed):
                return True
        return False

    def _put(self, event: Event | Crashed | None) -> None:
        while not self._abandoned.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(event, timeout=0.1)
                return


class _Process:
    """A decoding process and the pipe to it."""

    def __init__(self, limits: Limits) -> None:
        spawn = multiprocessing.get_context("spawn")  # a fork would share the embedder's threads and locks
        self.connection, theirs = spawn.Pipe()
        self._process: SpawnProcess = spawn.Process(target=_serve, args=(theirs, limits), daemon=True)
        with _deaf_to_interrupts(), _without_main():
            self._process.start()
        theirs.close()

    def begin(self, job: Job) -> None:
        with contextlib.suppress(BrokenPipeError):  # a dead process shows when its answer is read
            self.connection.send(job)

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self.connection.close()

    def last_words(self) -> str:
        self._process.join(2)
        code = self._process.exitcode
        if code is not None and code < 0:
            return f"signal {signal.Signals(-code).name}"
        return f"exit code {code}"


@contextlib.contextmanager
def _deaf_to_interrupts() -> Iterator[None]:
    """A process that begins within never hears Ctrl-C, which is the parent's to answer."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # the spawn would start it, and unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _without_main() -> Iterator[None]:
    """A process that begins within doesn't import the caller's script, which may have no main guard and index again."""
    with _STARTING:
        main = sys.modules["__main__"]
        sys.modules["__main__"] = types.ModuleType("__main__")
        try:
            yield
        finally:
            sys.modules["__main__"] = main


def _serve(connection: Connection, limits: Limits) -> None:
    """Decode one job after the other until the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for needed in ("duplicates", "keyframes", "probe"):  # takes 0.1 s: done while the model is loaded
        importlib.import_module(f"indexer.{needed}")
    _limit_memory(limits)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            job = connection.recv()
            try:
                _decode(job, limits, connection)
            except MediaError as error:
                connection.send(Failed(job, error.reason, error.detail))
            except MemoryError:
                connection.send(Failed(job, Reason.TOO_LARGE, f"more than {limits.memory_mib} MiB of memory"))


def _limit_memory(limits: Limits) -> None:
    from framescout.media.container import has_device

    if has_device(limits.decode_on):
        return
    with contextlib.suppress(ImportError, ValueError, OSError):  # not every system has it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_mib * 2**20, limits.memory_mib * 2**20))


def _decode(job: Job, limits: Limits, connection: Connection) -> None:
    from indexer.duplicates import merge_duplicates
    from indexer.keyframes import read_keyframes
    from indexer.probe import probe

    facts = probe(job.found.path, max_pixels=limits.max_pixels)
    connection.send(Probed(job, facts))
    items = read_keyframes(
        job.found.path, facts, job.density, job.size, decode_on=limits.decode_on, threads=limits.threads
    )
    end: list[ReadEnd] = []
    heard = time.monotonic()

    def pictures() -> Iterator[PicturedKeyframe]:
        nonlocal heard
        for item in items:
            if isinstance(item, ReadEnd):
                end.append(item)
                return
            if time.monotonic() - heard > _HEARTBEAT:
                heard = time.monotonic()
                connection.send(Reading(job, item.time))
            yield item

    for keyframe in merge_duplicates(pictures()):
        connection.send(Pictured(job, keyframe.pts, keyframe.time_base, keyframe.time, keyframe.picture))
    connection.send(Ended(job, end[0]))
