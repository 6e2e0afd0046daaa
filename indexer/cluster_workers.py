"""Workers that are tasks of a Ray cluster, one a video.

Any machine of the cluster may do any video, and one that died is done again elsewhere: a task writes nothing. No
actors: Ray queues an actor's calls forever when no machine can host it.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import pickle
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import ray
from ray.exceptions import GetTimeoutError, OutOfMemoryError, RayError, RayTaskError, WorkerCrashedError

from framescout import __version__
from framescout.embedding import fingerprint
from framescout.errors import FramescoutError, NotAvailableError, Reason, first_line
from framescout.roots import Roots
from framescout.settings import Settings
from indexer.cluster_connection import PATIENCE, join, machines, watch, what_went_wrong
from indexer.events import Event, Failed, Identified, Job, MotionJob
from indexer.on_node import Answer, Order, carry_out
from indexer.placement import Machine, Need, SiteFiles, Sites, slots
from indexer.scan import VideoFile, is_as_found
from indexer.unfit import Unfit
from indexer.workers import Identify, Limits

_RETRIES = 3  # of a task whose worker process or machine died; of one that was ended for want of memory as well
_IDENTIFIERS = 4  # threads: hashing waits for the disk or the network
_LONGEST_WAIT = 0.2  # seconds for an event


class RayWorkers:
    """Workers that are the processors of a Ray cluster's machines; this process belongs to the cluster meanwhile.

    Files are identified in threads of this process, whose catalog knows what is known. No more tasks are under way than
    the processors need, so that answers never heap up before the one that writes.
    """

    def __init__(self, limits: Limits, settings: Settings) -> None:
        """Join the cluster that `settings` name.

        Raises:
            NotAvailableError: there is none, it has no processors, or it is of another version.
        """
        self._limits = limits
        self._model, self._batch = settings.model, settings.batch
        self._fingerprint = fingerprint(settings.model)
        self._roots, self._sites = Roots(settings.roots), Sites(settings.ray_sites)
        self._gpus = settings.ray_gpus_per_video
        join(settings.ray)
        self._threads = ThreadPoolExecutor(_IDENTIFIERS)
        self._identifying: set[Future[Identified]] = set()
        self._watch = watch()
        self._working: dict[Any, Job | MotionJob] = {}  # by the reference to the answer
        self._takes_more = True

    def begin(self, files: Sequence[VideoFile], identify: Identify) -> None:
        """As in `Workers`.

        Raises:
            NotAvailableError: no machine of the cluster can read some of them.
        """
        self._files, self._identify = files, identify
        there = machines()
        of_sites: dict[str, list[tuple[int, VideoFile]]] = {}
        for key, file in enumerate(files):
            of_sites.setdefault(self._sites.of(file.path), []).append((key, file))
        self._site_files = {site: self._files_at(site, iter(own), there) for site, own in of_sites.items()}

    def _files_at(self, site: str, files: Iterator[tuple[int, VideoFile]], there: list[Machine]) -> SiteFiles:
        need = Need("a video", site, self._gpus)
        most = slots(there, site, self._gpus)
        if not most:
            raise NotAvailableError(need.without_a_machine)
        task = ray.remote(
            num_cpus=1, num_gpus=self._gpus, label_selector={"site": site} if site else {}, max_calls=0,
            max_retries=_RETRIES,
        )(carry_out)  # fmt: skip
        return SiteFiles(need, task, files, most + most // 4 + 1)

    def take_no_more(self) -> None:
        """As in `Workers`; the few tasks that wait for a processor are done."""
        self._takes_more = False

    def events(self) -> Iterator[Event | None]:
        """As in `Workers`."""
        self._fill_up()
        while self._identifying or self._working:
            is_quiet = True
            for event in (*self._identified(), *self._answered()):
                is_quiet = False
                yield event
                if isinstance(event, Job | MotionJob):
                    self._hand_out(event)
                else:
                    self._site_files_of(event).under_way -= 1
            if is_quiet:
                yield None
            else:
                self._watch.hear(time.monotonic())
            waiting = [site_files.need for site_files in self._site_files.values() if site_files.under_way]
            self._watch.look(waiting, time.monotonic())
            self._fill_up()

    def close(self) -> None:
        """As in `Workers`: the cluster ends the tasks of a process that leaves it.

        They are not cancelled one by one: a task that ends at that moment can take this process down (Ray 2.60).
        """
        self._threads.shutdown(cancel_futures=True)
        ray.shutdown()

    def _site_files_of(self, event: Event) -> SiteFiles:
        """Those of the site whose file it speaks of."""
        return self._site_files[self._sites.of(self._files[event.key].path)]

    def _fill_up(self) -> None:
        for site_files in self._site_files.values():
            while self._takes_more and site_files.under_way < site_files.ahead:
                file = next(site_files.files, None)
                if file is None:
                    break
                site_files.under_way += 1
                self._identifying.add(self._threads.submit(self._identify, *file))

    def _identified(self) -> list[Identified]:
        """Files that were identified meanwhile; waits for one where there is nothing else to wait for."""
        patience = 0.0 if self._working else _LONGEST_WAIT
        done, self._identifying = concurrent.futures.wait(
            self._identifying, patience, concurrent.futures.FIRST_COMPLETED
        )
        return [future.result() for future in done]

    def _hand_out(self, job: Job | MotionJob) -> None:
        stored = self._roots.stored(job.file.path)
        order = Order(job, stored, self._limits, self._model, self._fingerprint, self._batch)
        task = self._site_files_of(job).task
        self._working[task.remote(job.key, __version__, pickle.dumps(order))] = job

    def _answered(self) -> Iterator[Event]:
        """What comes of tasks that ended meanwhile; waits for one, but not long."""
        if not self._working:
            return
        patience = _LONGEST_WAIT / 10 if self._identifying else _LONGEST_WAIT
        for reference in ray.wait([*self._working], timeout=patience)[0]:
            with contextlib.suppress(GetTimeoutError):  # its machine died with it: it is made again
                answer = self._answer(reference)
                del self._working[reference]
                yield answer

    def _answer(self, reference: Any) -> Event:
        """The task's answer, or what it means that there is none.

        Raises:
            NotAvailableError: a machine lacks what it needs.
            FramescoutError: the cluster is in trouble.
        """
        job = self._working[reference]
        try:
            answer: Answer = ray.get(reference, timeout=PATIENCE)
        except GetTimeoutError:
            raise
        except WorkerCrashedError:
            return Failed(job.key, Reason.DECODER_DIED, f"{_RETRIES + 1} processes of the Ray cluster died on it")
        except OutOfMemoryError:
            return Failed(job.key, Reason.TOO_LARGE, "a machine of the Ray cluster had no memory left for it")
        except RayTaskError as error:
            raise what_went_wrong(error) from error
        except RayError as error:
            raise FramescoutError(
                f"the Ray cluster lost {job.file.path} ({first_line(error)}); what was committed is there, run the "
                "same command again"
            ) from error
        if isinstance(answer, Unfit):
            if not is_as_found(job.file):
                return Failed(job.key, Reason.UNREADABLE, "it went away")
            raise NotAvailableError(answer.sentence)
        return answer
