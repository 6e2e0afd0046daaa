"""Decodes in processes of this machine, which have limits; the parent's side, and the loop that each process runs.

Trouble reading footage costs that video; any other trouble ends the run. A decoder that dies, hangs or eats too much
memory is one video's trouble too: its process is replaced.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import queue
import signal
import sys
import threading
import time
import types
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING

import msgspec

from framescout.errors import Reason
from indexer.events import Decoded, Ended, Event, Failed, Job, MotionJob, MotionRead
from indexer.scan import VideoFile
from indexer.workers import Identify, Limits

if TYPE_CHECKING:
    from multiprocessing.context import SpawnProcess

_STARTING = threading.Lock()
_LONGEST_WAIT = 0.2  # seconds for an event, before the embedder may look at other things
_EVENTS_WAITING = 64  # bounds the memory between decoding and embedding


class _Crashed(msgspec.Struct, frozen=True):
    """A fault of framescout itself, in a thread."""

    error: BaseException


class DecodingProcesses:
    """Workers that are processes of this machine; they start at once, and wait for `begin`.

    A thread for each process identifies files and passes its events on. All threads write into one queue, and nowhere
    else.
    """

    def __init__(self, count: int, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._queue: queue.Queue[Event | _Crashed | None] = queue.Queue(_EVENTS_WAITING)
        self._no_more = threading.Event()
        self._abandoned = threading.Event()
        self._idle = [DecodingProcess(limits) for _ in range(count)]
        self._threads: list[threading.Thread] = []

    def begin(self, files: Sequence[VideoFile], identify: Identify) -> None:
        """As in `Workers`; `identify` is called in the thread of the process that would decode the file."""
        self._files, self._identify = enumerate(files), identify
        while self._idle:
            thread = threading.Thread(target=self._work, args=[self._idle.pop()], daemon=True)
            self._threads.append(thread)
            thread.start()

    def take_no_more(self) -> None:
        """As in `Workers`."""
        self._no_more.set()

    def close(self) -> None:
        """As in `Workers`: waits until every process has ended."""
        self._no_more.set()
        self._abandoned.set()
        for process in self._idle:
            process.kill()
        for thread in self._threads:
            thread.join()

    def events(self) -> Iterator[Event | None]:
        """As in `Workers`."""
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
            elif isinstance(event, _Crashed):
                raise event.error
            else:
                yield event

    def _work(self, process: DecodingProcess | None) -> None:
        try:
            while not self._no_more.is_set():
                with self._lock:
                    key, file = next(self._files, (0, None))
                if file is None:
                    break
                identified = self._identify(key, file)
                self._put(identified)
                if not isinstance(identified, Job | MotionJob):
                    continue
                process = process or DecodingProcess(self._limits)
                if not self._decode(identified, process):
                    process.kill()
                    process = None
        except BaseException as error:  # the main thread raises it
            self._put(_Crashed(error))
        finally:
            self._put(None)
            if process:
                process.kill()

    def _decode(self, job: Job | MotionJob, process: DecodingProcess) -> bool:
        """Pass on what the process says of this job; False where the process can't be used any more."""
        for event in process.decode(job, self._abandoned.is_set):
            self._put(event)
        return process.is_free

    def _put(self, event: Event | _Crashed | None) -> None:
        while not self._abandoned.is_set():
            with contextlib.suppress(queue.Full):
                self._queue.put(event, timeout=0.1)
                return


class DecodingProcess:
    """A decoding process with its limits, and the pipe to it. It decodes one job after the other."""

    is_free = True
    """Whether it can take a job; not after it died, was too slow or was left in the middle of one."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        spawn = multiprocessing.get_context("spawn")  # a fork would share the embedder's threads and locks
        self._connection, theirs = spawn.Pipe()
        self._process: SpawnProcess = spawn.Process(target=_serve, args=(theirs, limits), daemon=True)
        with _deaf_to_interrupts(), _without_main():
            self._process.start()
        theirs.close()

    def decode(self, job: Job | MotionJob, is_abandoned: Callable[[], bool]) -> Iterator[Decoded]:
        """As `indexer.decode.decode`, but whatever happens to the process: then the last event is Failed.

        It ends early once `is_abandoned` says so. How long an event takes its reader is not held against the process.
        """
        self.is_free = False
        self._begin(job)
        heard = time.monotonic()
        while not is_abandoned():
            if not self._connection.poll(0.1):
                if time.monotonic() - heard > self._limits.timeout:
                    yield Failed(job.key, Reason.TOO_SLOW, f"no picture for {self._limits.timeout:.0f} s")
                    return
                continue
            try:
                event: Decoded = self._connection.recv()
            except (EOFError, OSError):
                yield Failed(job.key, Reason.DECODER_DIED, self._last_words())
                return
            self.is_free = isinstance(event, Ended | MotionRead | Failed)
            yield event
            if self.is_free:
                return
            heard = time.monotonic()

    def kill(self) -> None:
        self._process.kill()
        self._process.join()
        self._connection.close()

    def _begin(self, job: Job | MotionJob) -> None:
        with contextlib.suppress(BrokenPipeError):  # a dead process shows when its answer is read
            self._connection.send(job)

    def _last_words(self) -> str:
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
    """Decode one job after the other until the parent is gone; what a decoding process does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    from indexer.decode import decode  # takes 0.1 s: done while the model is loaded

    _limit_memory(limits)
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        while True:
            job = connection.recv()
            try:
                for event in decode(job, limits):
                    connection.send(event)
            except MemoryError:
                connection.send(Failed(job.key, Reason.TOO_LARGE, f"more than {limits.memory_mib} MiB of memory"))


def _limit_memory(limits: Limits) -> None:
    from framescout.media.container import has_device

    if has_device(limits.decode_on):
        return
    with contextlib.suppress(ImportError, ValueError, OSError):  # not every system has it
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (limits.memory_mib * 2**20, limits.memory_mib * 2**20))
