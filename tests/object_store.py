"""An object store of the tests' own, on loopback: moto's, which answers as Amazon's S3 does."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.waiting import wait_until


class NoObjectStoreError(Exception):
    """None can be had here."""


@dataclass(frozen=True)
class ObjectStore:
    """A store that runs, with one bucket."""

    port: int
    bucket: str = "archive"

    @property
    def environment(self) -> dict[str, str]:
        """For whoever uses it."""
        return {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
        }

    def asks(self, method: str, path: str) -> int:
        """The status of its answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            connection.request(method, path)
            return connection.getresponse().status


@contextlib.contextmanager
def object_store(folder: Path) -> Iterator[ObjectStore]:
    """Run one; `folder` is for what it says.

    Raises:
        NoObjectStoreError: none can be had here.
    """
    if any(importlib.util.find_spec(name) is None for name in ("moto", "flask", "flask_cors")):
        raise NoObjectStoreError("moto is not installed, or not with its server")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    store = ObjectStore(port)
    with (folder / "moto.log").open("w") as log:
        command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            try:
                wait_until(lambda: _is_up(store), process)
            except AssertionError as error:
                raise NoObjectStoreError(f"moto's server doesn't start: {error}") from error
            assert store.asks("PUT", f"/{store.bucket}") == 200
            yield store
        finally:
            process.kill()
            process.wait(30)


def _is_up(store: ObjectStore) -> bool:
    with contextlib.suppress(OSError):
        return store.asks("GET", "/moto-api/") == 200
    return False
