"""Makes pictures and frame times of a video, in processes of their own, and caches them within a bound.

Footage that kills or hangs its decoder costs that picture and nothing else. The cache never grows far beyond its
bound, and may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from concurrent.futures.process import BrokenProcessPool
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from framescout.cached import Cache, Entry
from framescout.errors import MediaError, Reason
from query.web.tints import jpeg, tint_in

if TYPE_CHECKING:
    from framescout.media.footage import Footage

MOST_BYTES = 512 * 2**20
_LONGEST = 20.0  # seconds for one request's pictures
_PROCESSES = 2
_TRIES = 2
_A_SWEEP = 200  # pictures between two looks at the size of the cache
_NEAR = 0.6  # seconds on both sides within which frames are told
_MOST_FRAMES = 200
_MOST_FACTS = 2000  # files that are known, of some kilobytes each
_Made = TypeVar("_Made")


class Thumbnails:
    """Pictures of an archive, made when they are asked for."""

    def __init__(self, cache: Cache, *, most_bytes: int = MOST_BYTES) -> None:
        self._cache = cache
        self._most_bytes = most_bytes
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(_PROCESSES)
        self._made = 0
        # only what was found out is kept: a machine that was too busy is asked again
        self._known_facts = lru_cache(_MOST_FACTS)(lambda path, content_hash: self._decoded(_facts, path))

    def strip(self, path: str, content_hash: str, times: Sequence[float], box: tuple[int, int]) -> bytes:
        """A JPEG of the pictures shown at `times` (rising), side by side, each fitted into `box` (width, height).

        Raises:
            MediaError: the video can't be opened, decoded, or not in time.
        """
        key = _key(content_hash, times, box)
        known = self._cache.read(Entry.PICTURE, key)
        if known is not None:
            self._cache.touch(Entry.PICTURE, key)
            return known
        made = self._decoded(_strip, path, list(times), box)
        self._keep(key, made)
        return made

    def tint(self, content_hash: str, at: float, box: tuple[int, int]) -> str | None:
        """As `tint_in` of the picture shown at `at`; None where it was not made yet."""
        known = self._cache.read(Entry.PICTURE, _key(content_hash, [at], box))
        return tint_in(known) if known else None

    def frames(self, path: str, content_hash: str, around: float, box: tuple[int, int] | None) -> list[float]:
        """When the frames near `around` are shown, rising, in seconds: the one shown then and some on both sides.

        Their pictures are kept for `strip` where they are to be fitted into a `box`.

        Raises:
            MediaError: as `strip`.
        """
        frames = self._decoded(_frames, path, around, box)
        for time, picture in frames:
            if picture and box:
                self._keep(_key(content_hash, [time], box), picture)
        return [time for time, _ in frames]

    def still(self, path: str, at: float, said: Mapping[str, str]) -> bytes:
        """As `query.clips.still.still`; not kept. Raises MediaError as `strip`."""
        return self._decoded(_still, path, at, said)

    def facts(self, path: str, content_hash: str) -> Footage:
        """What the file is; kept for the next time. Raises MediaError as `strip`."""
        return self._known_facts(path, content_hash)

    def get_ready(self) -> None:
        """Start the decoding processes, so that the first picture needn't wait for them."""
        pool = self._running()
        for _ in range(_PROCESSES):
            pool.submit(_import)

    def close(self) -> None:
        """End the decoding processes."""
        with self._lock:
            if self._pool:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = None

    def _decoded(self, decode: Callable[..., _Made], *given: Any) -> _Made:
        with self._turns:  # the time of those who wait doesn't count, and they aren't cut off with a hanging decoder
            for _ in range(_TRIES):
                pool = self._running()
                try:
                    return pool.submit(decode, *given).result(timeout=_LONGEST)
                except NotInTime as error:
                    self._drop(pool)
                    raise MediaError(Reason.TOO_SLOW) from error
                except (BrokenProcessPool, CancelledError, RuntimeError):
                    self._drop(pool)  # it died of this video, or of the one beside it
            raise MediaError(Reason.DECODER_DIED)

    def _running(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:
                spawn = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(max_workers=_PROCESSES, mp_context=spawn)
            return self._pool

    def _drop(self, pool: ProcessPoolExecutor) -> None:
        with self._lock:
            if self._pool is pool:
                self._pool = None
        for process in list((pool._processes or {}).values()):  # a hanging decoder hears nothing else
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)

    def _keep(self, key: str, made: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk costs speed, not the picture
            self._cache.write(Entry.PICTURE, key, made)
            self._made += 1
            if self._made % _A_SWEEP == 1:
                self._cache.shrink(Entry.PICTURE, self._most_bytes)


def _key(content_hash: str, times: Sequence[float], box: tuple[int, int]) -> str:
    said = repr((content_hash, [round(time, 6) for time in times], box))
    return hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def _import() -> None:
    """In a process of its own: what a picture takes."""
    import PIL.Image  # noqa: F401

    import framescout.media.frames  # noqa: F401


def _strip(path: str, times: list[float], box: tuple[int, int]) -> bytes:
    """In a process of its own."""
    from PIL import Image

    from framescout.media.frames import pictures_at

    pictures = list(pictures_at(path, times, size=box))
    width, height = max(each.width for each in pictures), max(each.height for each in pictures)
    strip = Image.new("RGB", (width * len(pictures), height))
    for number, each in enumerate(pictures):
        strip.paste(each, (number * width + (width - each.width) // 2, (height - each.height) // 2))
    return jpeg(strip)


def _still(path: str, at: float, said: Mapping[str, str]) -> bytes:
    """In a process of its own."""
    from query.clips.still import still

    return still(path, at, said)


def _facts(path: str) -> Footage:
    """In a process of its own."""
    from framescout.media.footage import open_footage

    with open_footage(path) as (_, facts):
        return facts


def _frames(path: str, around: float, box: tuple[int, int] | None) -> list[tuple[float, bytes | None]]:
    """In a process of its own: times and pictures of the frames near `around`."""
    from framescout.media.container import open_video
    from framescout.media.frames import frames_from, upright

    near: list[tuple[float, bytes | None]] = []
    with open_video(path) as video:
        before = None
        for shown in frames_from(video, max(0.0, around - _NEAR)):
            if shown.time < around - _NEAR:
                before = shown
                continue
            if before:  # where frames are far apart it may be the one that is shown
                near.append((before.time, jpeg(upright(before.frame, video, box)) if box else None))
                before = None
            near.append((shown.time, jpeg(upright(shown.frame, video, box)) if box else None))
            is_enough = shown.time > around + _NEAR and sum(time > around for time, _ in near) > 1
            if is_enough or len(near) >= _MOST_FRAMES:
                break
        if before:
            near.append((before.time, jpeg(upright(before.frame, video, box)) if box else None))
    if not near:
        raise MediaError(Reason.UNDECODABLE)
    return [(_not_before(time), picture) for time, picture in near]


def _not_before(time: float) -> float:
    """Rounded, and so that the frame is shown by then."""
    rounded = round(time, 6)
    return rounded if rounded >= time else rounded + 1e-6
