"""Decodes one job: reads the video and says what it holds, in events; needs no process and no catalog."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator

from msgspec.structs import replace

from framescout.catalog.records import ReadEnd
from framescout.errors import MediaError
from framescout.media.glances import glances
from framescout.motion import Motion
from indexer.duplicates import DuplicateFilter
from indexer.events import Decoded, Ended, Failed, Job, MotionJob, MotionRead, Pictured, Probed, Reading
from indexer.glances import glance_times, jerk_levels
from indexer.keyframes import read_keyframes
from indexer.motion import MotionMeter, packets_alone, told_by_packets
from indexer.probe import probe
from indexer.workers import Limits

_HEARTBEAT = 0.5  # seconds between signs of life


def decode(job: Job | MotionJob, limits: Limits) -> Iterator[Decoded]:
    """Probed, the keyframes that show something new and Ended; of a MotionJob MotionRead alone.

    Failed comes at any point where the file can't be used.

    Signs of life (Reading) come between them. Of the limits, memory and time are for the process to keep.
    """
    try:
        yield from _read(job, limits) if isinstance(job, Job) else _read_motion(job, limits)
    except MediaError as error:
        yield Failed(job.key, error.reason, error.detail)


def _read(job: Job, limits: Limits) -> Iterator[Decoded]:
    path = job.file.path
    facts = probe(path, max_pixels=limits.max_pixels)
    yield Probed(job.key, facts)
    duplicates, meter = DuplicateFilter(), MotionMeter()
    heard = time.monotonic()
    keyframes = read_keyframes(
        path, facts, job.density, job.size, decode_on=limits.decode_on, threads=limits.threads, meter=meter
    )
    for item in keyframes:
        if isinstance(item, ReadEnd):
            motion = yield from _with_jerks(job, meter, meter.motion(), item.read_to, limits)
            yield Ended(job.key, item, motion)
            continue
        if time.monotonic() - heard > _HEARTBEAT:
            heard = time.monotonic()
            yield Reading(job.key, item.time)
        if duplicates.is_new(item.picture):
            yield Pictured(job.key, item)


def _read_motion(job: MotionJob, limits: Limits) -> Iterator[Decoded]:
    meter, heard, reached = MotionMeter(), time.monotonic(), 0.0
    for reached in packets_alone(job.file.path, meter, max_pixels=limits.max_pixels):
        if time.monotonic() - heard > _HEARTBEAT:
            heard = time.monotonic()
            yield Reading(job.key, reached)
    motion = yield from _with_jerks(job, meter, told_by_packets(meter), reached, limits)
    yield MotionRead(job.key, motion)


def _with_jerks(
    job: Job | MotionJob, meter: MotionMeter, motion: Motion, read_to: float, limits: Limits
) -> Generator[Decoded, None, Motion]:
    """The curve with what glances told; after each comes a sign of life, that `read_to` seconds were read."""
    times = glance_times(motion, meter.key_times)
    octaves: list[float] = []
    for told in glances(job.file.path, times, max_pixels=limits.max_pixels, threads=limits.threads):
        octaves.append(told)
        yield Reading(job.key, read_to)
    return replace(motion, jerks=jerk_levels(times, octaves))
