"""Runs `framescout index`, `retry`, `prune` and `verify` for the page: one at a time, each a process of its own.

A job goes on when the browser is closed. It ends cleanly with the app, also where that is killed: its input ends then.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from framescout.catalog import Catalog
from framescout.catalog.holder import Holder
from framescout.errors import CatalogLockedError, NotAvailableError, UsageError
from query.clips.names import readable
from query.web.documents import Task, WorkJobDocument, WorkState

_LINES = 200  # of what a job says, kept
_PATIENCE = 60.0  # seconds for a job to end when the app does
_INTERRUPTED = 130
_MOST_FOLDERS = 1000


class WorkJob(msgspec.Struct):
    """One run of a command."""

    id: str
    task: Task
    folder: str | None
    """What is indexed."""
    who: str
    began: datetime
    process: subprocess.Popen[bytes]
    lines: deque[str] = msgspec.field(default_factory=lambda: deque(maxlen=_LINES))
    ended: datetime | None = None
    is_unwanted: bool = False

    @property
    def state(self) -> WorkState:
        """What became of it; a check that found something wrong has failed."""
        if self.ended is None:
            return "stopping" if self.is_unwanted else "running"
        if self.process.returncode == _INTERRUPTED or (self.is_unwanted and self.process.returncode):
            return "stopped"
        return "failed" if self.process.returncode else "done"

    def stop(self) -> None:
        """Have it end as soon as it can without losing what it has done."""
        self.is_unwanted = True
        assert self.process.stdin
        with suppress(OSError):
            self.process.stdin.close()

    def listen(self) -> None:
        """Take in what it says until it has ended."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(readable(line.decode("utf-8", "replace").rstrip()))
        self.process.wait()
        self.ended = datetime.now(UTC)


class Work:
    """What the page may have done to a catalog, within some folders."""

    def __init__(self, catalog: Catalog, folders: Sequence[Path], config: Path | None) -> None:
        """`folders`: below which may be indexed; without any, nothing may be done. `config`: as `--config`."""
        self.folders = [folder.resolve() for folder in folders]
        self._catalog, self._config = catalog, config
        self._job: WorkJob | None = None
        self._listening: threading.Thread | None = None
        self._lock = threading.Lock()

    def job(self) -> WorkJobDocument | None:
        """The last one, and how far it is."""
        job = self._job
        if job is None:
            return None
        writer = self._catalog.holder() if job.ended is None else None
        known = writer if writer and writer.pid == job.process.pid else Holder()
        return WorkJobDocument(
            id=job.id,
            task=job.task,
            folder=job.folder,
            who=job.who,
            state=job.state,
            began=job.began.isoformat(),
            ended=job.ended.isoformat() if job.ended else None,
            share=known.bytes_done / known.bytes if known.bytes and known.bytes_done is not None else None,
            files_done=known.files_done,
            files=known.files,
            lines=[*job.lines],
        )

    def below(self, number: int, path: str) -> list[str]:
        """The names of the folders in a folder that may be indexed. Raises as `folder`."""
        try:
            with os.scandir(self.folder(number, path)) as entries:
                names = [each.name for each in entries if not each.name.startswith(".") and each.is_dir()]
        except OSError as error:
            raise NotAvailableError(f"the folder can't be read ({error.strerror})") from error
        return sorted(name for name in names if readable(name) == name)[:_MOST_FOLDERS]

    def folder(self, number: int, path: str) -> Path:
        """The folder `path` below the allowed one of this number, all links followed.

        Raises:
            NotAvailableError: nothing may be indexed.
            UsageError: there is no such folder, or it leads out of the allowed one.
        """
        self._demand()
        try:
            wanted = (self.folders[number] / path).resolve(strict=True)
            if wanted.is_relative_to(self.folders[number]) and wanted.is_dir():
                return wanted
        except (OSError, ValueError, IndexError, RuntimeError):  # links in circles are a RuntimeError
            pass
        raise UsageError("there is no such folder below those that may be indexed")

    def begin(self, task: Task, *, who: str, number: int = 0, path: str = "") -> None:
        """Start a command.

        Raises:
            NotAvailableError: nothing may be done.
            UsageError: as `folder`.
            CatalogLockedError: another one is going on, here or elsewhere.
        """
        self._demand()
        folder = str(self.folder(number, path)) if task == "index" else None
        with self._lock:
            if self._job and self._job.ended is None:
                raise CatalogLockedError(f"{self._job.task} is going on; stop it, or wait until it has ended")
            writer = self._catalog.holder()
            if writer and task != "verify":
                by = f" (process {writer.pid})" if writer.pid else ""
                raise CatalogLockedError(f"another framescout{by} is writing to this catalog; wait until it has ended")
            process = self._start([task, *([folder] if folder else [])])
            self._job = WorkJob(secrets.token_hex(8), task, folder, who, datetime.now(UTC), process)
            self._listening = threading.Thread(target=self._job.listen, daemon=True)
            self._listening.start()

    def stop(self) -> None:
        """Stop what is going on."""
        self._demand()
        if self._job and self._job.ended is None:
            self._job.stop()

    def close(self) -> None:
        """End what is going on, and wait for it."""
        if self._job is None or self._listening is None:
            return
        self._job.stop()
        self._listening.join(_PATIENCE)
        if self._listening.is_alive():
            self._job.process.kill()  # the catalog stands it

    def _demand(self) -> None:
        if not self.folders:
            raise NotAvailableError("this app may not index; start it with framescout serve --may-index FOLDER")

    def _start(self, command: list[str]) -> subprocess.Popen[bytes]:
        config = ["--config", str(self._config)] if self._config else []
        try:
            return subprocess.Popen(  # noqa: S603  # this Python, one of four commands, a folder that was looked up
                [sys.executable, "-P", "-m", "framescout.attached", *config, *command],
                env=os.environ | {"FRAMESCOUT_CATALOG": str(self._catalog.store)},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=sys.platform != "win32",  # Ctrl-C ends the app, and the app ends it
                creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),  # the same on Windows
            )
        except OSError as error:
            raise NotAvailableError(f"framescout {command[0]} can't be started ({error.strerror})") from error
