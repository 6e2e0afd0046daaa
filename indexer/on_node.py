"""What a machine of a cluster does for one video: decodes and embeds it, and gives one answer. It needs no catalog.

Weights, version and footage are compared with the order first, since a machine may have others. The model and the
decoding process stay with the worker process from one video to the next.
"""

from __future__ import annotations

import functools
import pickle
from pathlib import Path

import msgspec
from msgspec.structs import replace

from framescout import settings
from framescout.embedding import Embedder, fingerprint, load_embedder
from framescout.errors import FramescoutError, MediaError, ModelNotAvailableError
from framescout.processors import use_at_most
from framescout.roots import Roots, root_of
from indexer.assembly import Assembler
from indexer.embed import Batcher
from indexer.events import Ended, Failed, Indexed, Job, MotionJob, MotionRead, Pictured, Probed
from indexer.hashing import content_hash
from indexer.processes import DecodingProcess
from indexer.unfit import Unfit, of_another_version, unfit
from indexer.workers import Limits


class Order(msgspec.Struct, frozen=True):
    """One video to decode, and how."""

    job: Job | MotionJob
    stored: str
    """The path of its file as catalogs store it: below a root, which each machine mounts at its own place."""
    limits: Limits
    model: str
    fingerprint: str
    """Of the model's weights."""
    batch: int
    """Pictures embedded at once; 0 chooses by the machine."""


Answer = Indexed | MotionRead | Failed | Unfit

_decoder: tuple[Limits, DecodingProcess] | None = None


def carry_out(key: int, version: str, order: bytes) -> Answer:
    """Do what a pickled `Order` says; it is not even unpickled where it comes from another version of framescout."""
    if other := of_another_version(key, version):
        return other
    return _carry_out(pickle.loads(order))  # noqa: S301 - of the one who started this process


def _carry_out(order: Order) -> Answer:
    use_at_most(1)  # each worker process of a machine has one processor, and does one video
    job = order.job
    try:
        path, lacking = _path_here(order)
    except FramescoutError as error:
        return unfit(job.key, f"has settings that can't be used: {error}")
    why_not = _why_not(order, path, lacking)
    if why_not:
        return unfit(job.key, why_not)
    here = replace(job, file=job.file._replace(path=path))
    decoder = _decoding_process(order.limits)
    try:
        return _motion(here, decoder) if isinstance(here, MotionJob) else _indexed(here, order, decoder)
    finally:
        if not decoder.is_free:
            _end(decoder)


def _path_here(order: Order) -> tuple[str, str | None]:
    """Where this machine should have the video, and the name of the root for which it has no place.

    Then it is looked for at the path that the one who asks has.

    Raises:
        FramescoutError: the settings of this machine can't be used.
    """
    here = Roots(settings.load().roots).here(order.stored)
    lacking = root_of(here)
    return (order.job.file.path if lacking else here), lacking


def _why_not(order: Order, path: str, lacking: str | None) -> str | None:
    """What keeps this machine from doing it."""
    job = order.job
    try:
        is_same = Path(path).stat().st_size == job.file.size_bytes
        if isinstance(job, Job):
            is_same = is_same and content_hash(path) == job.content_hash.partition("+")[0]
            if _fingerprint(order.model) != order.fingerprint:
                return f"has other weights of the model {order.model}; put the same there as on this machine"
    except (OSError, MediaError) as error:
        reason = error.detail if isinstance(error, MediaError) else error.strerror
        return f"can't read {path} ({reason}); {_way_out(order, lacking)}"
    except ModelNotAvailableError as error:
        return f"lacks the model: {error}"
    return None if is_same else f"has other footage at {path}; mount the same there as on this machine"


def _way_out(order: Order, lacking: str | None) -> str:
    """What makes footage readable here that isn't."""
    if lacking:
        line = f'{lacking} = "FOLDER"'
        return f"it has no place for the root {lacking}: write {line} there, below [roots] in {settings.own_file()}"
    if root := root_of(order.stored):
        return f"look whether the root {root} is mounted there"
    return "mount the footage there at the same place as on this machine, or name its place: framescout roots"


@functools.cache
def _fingerprint(model: str) -> str:
    return fingerprint(model)


@functools.cache
def _embedder(model: str, *, closely: bool) -> Embedder:
    return load_embedder(model, cache=settings.cache_folder(), closely=closely)


def _decoding_process(limits: Limits) -> DecodingProcess:
    """The one of the last video, or a new one."""
    global _decoder
    if _decoder and _decoder[0] != limits:
        _end(_decoder[1])
    if _decoder is None:
        _decoder = limits, DecodingProcess(limits)
    return _decoder[1]


def _end(process: DecodingProcess) -> None:
    global _decoder
    process.kill()
    _decoder = None


def _indexed(here: Job, order: Order, decoder: DecodingProcess) -> Indexed | Failed:
    """The video whole, as the file of the one who asks, or why it can't be used."""
    job = order.job
    assert isinstance(job, Job)
    embedder = _embedder(order.model, closely=job.density == "thorough")
    batcher = Batcher(embedder, order.batch or embedder.good_batch)
    video = Assembler(job)
    for event in decoder.decode(here, _never):
        match event:
            case Failed():
                return event
            case Probed():
                video.probe = event.probe
            case Pictured():
                video.add(event.keyframe)
                for _, row in batcher.add(job.key, event.keyframe.picture):
                    video.embed(row)
            case Ended():
                video.end, video.motion = event.end, event.motion
    for _, row in batcher.flush():
        video.embed(row)
    return Indexed(job.key, video.video())


def _motion(job: MotionJob, decoder: DecodingProcess) -> MotionRead | Failed:
    *_, last = decoder.decode(job, _never)
    assert isinstance(last, MotionRead | Failed)
    return last


def _never() -> bool:
    return False
