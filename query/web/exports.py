"""Selections in, exports out: cut one after the other in the background, below one folder."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from framescout.errors import FramescoutError
from framescout.progress import SilentProgress
from query.answer import Moment

_KEPT = 200  # jobs that are remembered


@dataclass
class Job(SilentProgress):
    """One export, and how far it is."""

    id: str
    folder: Path
    steps: int
    state: Literal["waiting", "running", "done", "failed"] = "waiting"
    done: int = 0
    error: str | None = None
    files: list[str] = field(default_factory=list)

    def finished(self, path: str) -> None:
        """A file is there."""
        self.done += 1

    def to_json(self) -> dict[str, Any]:
        """What the page shows."""
        return {
            "id": self.id,
            "state": self.state,
            "done": self.done,
            "steps": self.steps,
            "error": self.error,
            "files": self.files,
            "folder": str(self.folder),
        }


class Exports:
    """The exports of one run of the app."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._jobs: dict[str, Job] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
        self._lock = threading.Lock()

    def begin(self, moments: Sequence[Moment], **options: Any) -> Job:
        """Put an export in the queue; `options` are those of `query.export`."""
        number = secrets.token_hex(8)
        extras = sum(bool(options.get(name)) for name in ("reel", "edl", "otio", "sheet"))
        folder = self._folder / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{number[:4]}"
        job = Job(number, folder, len(moments) + extras)
        with self._lock:
            self._jobs[number] = job
            while len(self._jobs) > _KEPT:
                self._jobs.pop(next(iter(self._jobs)))
        self._pool.submit(self._run, job, list(moments), options)
        return job

    def find(self, number: str) -> Job | None:
        """The export with this id."""
        return self._jobs.get(number)

    def close(self) -> None:
        """Begin no further export."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: Job, moments: list[Moment], options: dict[str, Any]) -> None:
        from query.clips import export

        job.state = "running"
        try:
            export(moments, job.folder, progress=job, **options)
            job.state = "done"
        except FramescoutError as error:
            job.state, job.error = "failed", str(error)
        except Exception as error:  # a fault of ours must not look like an export that never ends
            job.state, job.error = "failed", f"a fault of framescout itself: {type(error).__name__}"
        if job.folder.is_dir():
            job.files = sorted(path.name for path in job.folder.iterdir() if not path.name.startswith("."))
