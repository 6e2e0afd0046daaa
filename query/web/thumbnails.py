"""A video and times in, JPEG pictures out: decoded in processes of their own, kept on disk within a bound.

Promised: footage that kills or hangs its decoder costs that picture and nothing else; the cache never grows far beyond
its bound, and may be deleted at any time.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import multiprocessing
import os
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, ProcessPoolExecutor
from concurrent.futures import TimeoutError as NotInTime
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from framescout.cached import keep, read_kept
from framescout.errors import MediaError, Reason

MOST_BYTES = 512 * 2**20
_LONGEST = 20.0  # seconds for one request's pictures
_PROCESSES = 2
_TRIES = 2
_A_SWEEP = 200  # pictures between two looks at the size of the cache


class Thumbnails:
    """Pictures of an archive, made when they are asked for."""

    def __init__(self, folder: Path, *, most_bytes: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most_bytes = most_bytes
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._turns = threading.BoundedSemaphore(_PROCESSES)
        self._made = 0

    def strip(self, path: str, content_hash: str, times: Sequence[float], box: tuple[int, int]) -> bytes:
        """A JPEG of the pictures shown at `times` (rising), side by side, each fitted into `box` (width, height).

        Raises:
            MediaError: the video can't be opened, decoded, or not in time.
        """
        said = repr((content_hash, [round(time, 3) for time in times], box))
        kept = self._folder / f"{hashlib.blake2b(said.encode(), digest_size=16).hexdigest()}.jpg"
        known = read_kept(kept)
        if known is not None:
            with contextlib.suppress(OSError):
                os.utime(kept)
            return known
        made = self._decode(path, list(times), box)
        self._keep(kept, made)
        return made

    def close(self) -> None:
        """End the decoding processes."""
        with self._lock:
            if self._pool:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = None

    def _decode(self, path: str, times: list[float], box: tuple[int, int]) -> bytes:
        with self._turns:  # the time of those who wait doesn't count, and they aren't cut off with a hanging decoder
            for _ in range(_TRIES):
                pool = self._running()
                try:
                    return pool.submit(_strip, path, times, box).result(timeout=_LONGEST)
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

    def _keep(self, kept: Path, made: bytes) -> None:
        with contextlib.suppress(OSError):  # a full disk costs speed, not the picture
            keep(kept, made)
            self._made += 1
            if self._made % _A_SWEEP == 1:
                self._sweep()

    def _sweep(self) -> None:
        """Delete what was not asked for the longest, down to nine tenths of the bound."""
        known = sorted((entry.stat().st_mtime, entry.stat().st_size, entry.path) for entry in os.scandir(self._folder))
        total = sum(size for _, size, _ in known)
        if total <= self._most_bytes:
            return
        for _, size, path in known:
            Path(path).unlink(missing_ok=True)
            total -= size
            if total <= 0.9 * self._most_bytes:
                return


def _strip(path: str, times: list[float], box: tuple[int, int]) -> bytes:
    """In a process of its own."""
    from PIL import Image

    from framescout.media.frames import pictures_at

    pictures = list(pictures_at(path, times, size=box))
    width, height = max(each.width for each in pictures), max(each.height for each in pictures)
    strip = Image.new("RGB", (width * len(pictures), height))
    for number, each in enumerate(pictures):
        strip.paste(each, (number * width + (width - each.width) // 2, (height - each.height) // 2))
    out = io.BytesIO()
    strip.save(out, "JPEG", quality=82)
    return out.getvalue()
