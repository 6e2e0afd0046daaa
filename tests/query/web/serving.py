"""`framescout serve` in a process of its own."""

from __future__ import annotations

import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import program_path
from tests.waiting import wait_until


@contextmanager
def serving(catalog: Path, exports: Path, *options: str, port: int | None = None) -> Iterator[str]:
    """The address at which the app of a catalog answers; `port`: by default one that is free."""
    port = port or _free_port()
    command = [program_path(), "--catalog", str(catalog), "serve", "--port", str(port), "--exports", str(exports)]
    command += options
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as server:
        try:
            wait_until(lambda: _answers(port), server)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            try:
                server.wait(60)
            except subprocess.TimeoutExpired:
                server.kill()
                raise


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/api/state", timeout=30).close()
    except OSError:
        return False
    return True
