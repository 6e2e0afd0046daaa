"""Runs exports of selected stretches in the background, one after the other, below one folder."""

from __future__ import annotations

import contextlib
import io
import secrets
import threading
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from framescout import export_log
from framescout.errors import FramescoutError, NotAvailableError
from framescout.export_log import LoggedExport
from framescout.progress import SilentProgress
from query.answer import Moment
from query.web.documents import ExportState, State

_KEPT = 200  # jobs that are remembered
_PIECE = 2**18


class ExportJob(SilentProgress, msgspec.Struct):
    """One export, which counts its progress."""

    id: str
    """As in the log."""
    folder: Path
    steps: int
    state: State = "waiting"
    done: int = 0
    doing: str | None = None
    error: str | None = None
    files: list[str] = msgspec.field(default_factory=list)
    is_unwanted: bool = False

    def started(self, path: str) -> None:
        """A file is being written."""
        self.doing = path

    def finished(self, path: str) -> None:
        """A file is there."""
        self.done += 1

    def document(self) -> ExportState:
        """What the page shows."""
        return ExportState(
            id=self.id,
            state=self.state,
            done=self.done,
            steps=self.steps,
            doing=self.doing,
            error=self.error,
            files=self.files,
            folder=str(self.folder),
        )


class Exports:
    """The exports of one run of the app."""

    def __init__(self, folder: Path, catalog: Path) -> None:
        """`folder`: below it clips are written. `catalog`: the folder of the catalog, which has the log."""
        self._folder = folder
        self._catalog = catalog
        self._jobs: dict[str, ExportJob] = {}
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
        self._lock = threading.Lock()

    def begin(self, moments: Sequence[Moment], *, who: str, **options: Any) -> ExportJob:
        """Write in the log who wants what, and put the export in the queue; `options` are those of `query.export`.

        Raises:
            NotAvailableError: the log can't be written; nothing is exported then.
        """
        extras = sum(bool(options.get(name)) for name in ("reel", "edl", "otio", "mlt", "sheet"))
        folder = self._folder / f"{datetime.now().astimezone():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        told = {"pad": options.get("pad", 0.0), "query": options.get("query") or {}}
        job = ExportJob(self._log(moments, who=who, folder=folder, **told), folder, len(moments) + extras)
        with self._lock:
            self._jobs[job.id] = job
            while len(self._jobs) > _KEPT:
                self._jobs.pop(next(iter(self._jobs)))
        self._pool.submit(self._run, job, list(moments), options)
        return job

    @contextlib.contextmanager
    def still(self, moment: Moment, *, who: str) -> Iterator[None]:
        """Write in the log that a picture of the moment's start is had, and how it ended. Raises as `begin`."""
        logged = self._log([moment], who=who, folder=None, query={}, kind="still")
        end = "failed"
        try:
            yield
            end = "done"
        finally:
            with contextlib.suppress(OSError):  # it says that the export began
                export_log.end(self._catalog, logged, end)

    def _log(self, moments: Sequence[Moment], **told: Any) -> str:
        try:
            return export_log.begin(self._catalog, by="web", moments=[each.to_json() for each in moments], **told)
        except OSError as error:
            raise NotAvailableError(
                f"the log of exports can't be written ({error.strerror}); free some space"
            ) from error

    def find(self, number: str) -> ExportJob | None:
        """The export with this id."""
        return self._jobs.get(number)

    def all(self) -> list[ExportJob]:
        """Those that are remembered, the latest first."""
        with self._lock:
            return [*self._jobs.values()][::-1]

    def history(self) -> tuple[list[LoggedExport], int]:
        """Those of the log, by this app or not, the latest first, and how many of its lines can't be read.

        Raises:
            NotAvailableError: the log can't be read.
        """
        try:
            exports, unreadable = export_log.read(self._catalog)
        except OSError as error:
            raise NotAvailableError(f"the log of exports can't be read ({error.strerror})") from error
        return exports[::-1], unreadable

    def kept(self, logged: LoggedExport) -> list[str]:
        """The files that are left of an export: of one from a page, in a folder of its own, where this app writes."""
        folder = Path(logged.folder)
        is_own = logged.by == "web" and logged.folder and folder.resolve().parent == self._folder.resolve()
        if not is_own or logged.state == "begun":
            return []
        try:
            return _files_in(folder)
        except OSError:
            return []

    def close(self) -> None:
        """Begin no further export, and end the one that is going on after its file."""
        for job in self.all():
            job.is_unwanted = True
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, job: ExportJob, moments: list[Moment], options: dict[str, Any]) -> None:
        from query.clips import export

        job.state = "running"
        end: State = "done"
        try:
            export(moments, job.folder, progress=job, may_go_on=lambda: not job.is_unwanted, **options)
            if job.is_unwanted and job.done < job.steps:
                end = "stopped"
        except FramescoutError as error:
            end, job.error = "failed", str(error)
        except Exception as error:  # a fault of ours must not look like an export that never ends
            end, job.error = "failed", f"a fault of framescout itself: {type(error).__name__}"
        if job.folder.is_dir():
            job.files = _files_in(job.folder)
        job.doing = None
        with contextlib.suppress(OSError):  # it says that the export began
            export_log.end(self._catalog, job.id, end)
        job.state = end  # last: who sees it sees the files too


def _files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())


def zipped(folder: Path, names: Sequence[str]) -> Iterator[bytes]:
    """These files of a folder as one ZIP file, in pieces; nothing is compressed, since footage is."""
    written = _Written()
    with zipfile.ZipFile(written, "w") as archive:
        for name in names:
            entry = zipfile.ZipInfo.from_file(folder / name, name)
            with (folder / name).open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
                while piece := source.read(_PIECE):
                    target.write(piece)
                    yield written.taken()
    yield written.taken()


class _Written(io.RawIOBase):
    """A file that can't seek and gives away what was written to it."""

    def __init__(self) -> None:
        self._pieces = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces += data
        return len(data)

    def taken(self) -> bytes:
        """What was written since the last time."""
        pieces = bytes(self._pieces)
        self._pieces.clear()
        return pieces
