"""Begins doomed programs quickly: a process that has imported everything, and forks one for each command.

Of a run, only the imports are saved: the fork has opened, read and written nothing yet.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from pathlib import Path

_HEAVY = (
    "alembic.command", "faiss", "filelock", "framescout.cli", "framescout.console", "framescout.embedding",
    "framescout.commands.status",
    "framescout.embedding.onnx_export", "indexer.cli", "indexer.pipeline", "indexer.verify", "onnxruntime", "open_clip",
    "query.engine", "query.events_cli", "query.events.detection", "query.labels", "query.labels_cli", "rich.progress",
    "sqlalchemy", "tests.torture.doomed", "tokenizers", "torch",
)  # fmt: skip


class Doomed:
    """A program that runs, in a process group of its own."""

    def __init__(self, said: socket.socket, pid: int) -> None:
        self._said = said
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """As subprocess has it."""
        return self.wait(0) if self.returncode is None else self.returncode

    def wait(self, timeout: float) -> int | None:
        """What it ended with, as subprocess has it; None where it goes on after `timeout` seconds."""
        if self.returncode is None and select.select([self._said], [], [], timeout)[0]:
            self.returncode = int(_line(self._said))
        return self.returncode

    def end(self, timeout: float) -> int:
        """Wait for its end; where it doesn't come it is killed with its children, since the nursery waits for it.

        Raises:
            AssertionError: it went on after `timeout` seconds.
        """
        code = self.wait(timeout)
        if code is not None:
            return code
        os.killpg(self.pid, signal.SIGKILL)
        self.wait(60)
        raise AssertionError(f"it went on after {timeout:.0f} s")


class Nursery:
    """Begins one program at a time."""

    def __init__(self) -> None:
        self._said, theirs = socket.socketpair()
        call = [sys.executable, "-m", "tests.torture.nursery", str(theirs.fileno())]
        self._process = subprocess.Popen(call, pass_fds=[theirs.fileno()])
        theirs.close()

    def begin(self, arguments: list[str], log: Path, settings: dict[str, str]) -> Doomed:
        """Start tests.torture.doomed with these arguments."""
        self._said.sendall(json.dumps([arguments, str(log), settings]).encode() + b"\n")
        return Doomed(self._said, int(_line(self._said)))

    def close(self) -> None:
        """End it."""
        self._said.close()
        self._process.wait(timeout=60)


def _line(said: socket.socket) -> bytes:
    line = b""
    while not line.endswith(b"\n"):
        part = said.recv(1)
        if not part:
            raise EOFError("the other side is gone")
        line += part
    return line


def _wait_for_work(said: socket.socket) -> list[str] | None:
    """In a fork: the arguments that it is to run with. In the nursery itself, at its end: None."""
    while True:
        try:
            arguments, log, settings = json.loads(_line(said))
        except EOFError:
            return None
        pid = os.fork()
        if pid == 0:
            said.close()
            os.setsid()
            handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            os.environ.update(settings)
            return list(arguments)
        said.sendall(b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        said.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _run(arguments: list[str]) -> int:
    """In a fork: the program; its exit status."""
    from tests.torture import doomed

    sys.argv = ["doomed", *arguments]
    try:
        doomed.main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    said = socket.socket(fileno=int(sys.argv[1]))
    for name in _HEAVY:
        importlib.import_module(name)
    arguments = _wait_for_work(said)
    if arguments is not None:
        code = _run(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)  # libraries would wait for threads that a fork does not have


if __name__ == "__main__":
    main()
