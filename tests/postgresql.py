"""A PostgreSQL server of the tests' own, with a cluster in a temporary folder, reached by a socket in that folder."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from framescout.catalog import Catalog

OLDEST = 15
_PATIENCE = 60.0  # seconds, for each step
_ROLE = "scout"
_NUMBERS = count()


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    process: subprocess.Popen[bytes]
    folder: Path

    def address(self, database: str) -> str:
        """Of one of its databases."""
        return f"postgresql:///{database}?host={self.folder}&user={_ROLE}"

    def run(self, statement: str, database: str = "postgres") -> list[Any]:
        """What a statement answers, outside of a transaction."""
        import psycopg

        with psycopg.connect(self.address(database), autocommit=True, connect_timeout=10) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def kill(self) -> None:
        """End it as a power cut does: the server and every process that it has started."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        self.process.kill()
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(child), signal.SIGKILL)
        self.process.wait(_PATIENCE)

    @contextlib.contextmanager
    def catalog(self) -> Iterator[str]:
        """The address of a new, empty catalog; of what migrations made once a copy is made each time."""
        if not self.run("SELECT 1 FROM pg_database WHERE datname = 'made'"):
            self.run("CREATE DATABASE made TEMPLATE template0")
            Catalog.open(self.address("made"))
        with self.database("TEMPLATE made") as address:
            yield address

    @contextlib.contextmanager
    def database(self, options: str = "TEMPLATE template0") -> Iterator[str]:
        """The address of a new database that goes in the end."""
        name = f"test{next(_NUMBERS)}"
        self.run(f"CREATE DATABASE {name} {options}")
        try:
            yield self.address(name)
        finally:
            self.run(f"DROP DATABASE {name} WITH (FORCE)")


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server; skips the test where there can be none."""
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    programs = _programs()
    if programs is None:
        pytest.skip(f"there is no PostgreSQL {OLDEST} or newer; make postgresql installs one")
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="framescout-pg-"))  # not pytest's own: others may not go into that
    try:
        if user:
            shutil.chown(folder, user)
        _made(programs, folder, user)
        with _running(programs, folder, user) as process:
            yield Server(process, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def pair() -> Iterator[tuple[Server, Server]]:
    """A primary and a standby without which it acknowledges nothing; skips the test where there can be none."""
    with server() as primary:
        programs, user = _programs(), _user()
        assert programs is not None
        folder = Path(tempfile.mkdtemp(prefix="framescout-pg-"))
        try:
            if user:
                shutil.chown(folder, user)
            command = [programs / "pg_basebackup", "-D", folder / "data", "-h", primary.folder, "-U", _ROLE, "-R"]
            options: Any = {"user": user, "extra_groups": []} if user else {}
            copied = subprocess.run(
                [*command, "--checkpoint=fast", "--no-sync"], capture_output=True, text=True, check=False, cwd="/",
                timeout=_PATIENCE, **options,
            )  # fmt: skip
            if copied.returncode:
                pytest.skip(f"pg_basebackup copies no cluster here: {copied.stderr.strip()[-300:]}")
            with _running(programs, folder, user) as process:
                primary.run("ALTER SYSTEM SET synchronous_standby_names = '*'")
                primary.run("SELECT pg_reload_conf()")
                standby = Server(process, folder)
                wait_for(lambda: primary.run("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"))
                yield primary, standby
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def wait_for(is_so: Callable[[], object]) -> None:
    """Return once `is_so()` answers yes; it may raise what servers that begin or end raise.

    Raises:
        AssertionError: it never did.
    """
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(Exception):
            if is_so():
                return
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def _programs() -> Path | None:
    """The folder of the newest server's programs."""
    on_path = shutil.which("initdb")
    found = [*Path("/usr/lib/postgresql").glob("*/bin/initdb"), *([Path(on_path)] if on_path else [])]
    newest = max(found, key=_version, default=None)
    return newest.parent if newest and _version(newest) >= OLDEST else None


def _version(program: Path) -> int:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=_PATIENCE)
    number = re.search(r"\d+", said.stdout)
    return int(number[0]) if number else 0


def _user() -> str | None:
    """Whom the server runs as: PostgreSQL refuses root. None: as whoever runs the tests."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("PostgreSQL refuses root, and there is no user postgres")


def _made(programs: Path, folder: Path, user: str | None) -> None:
    command = [programs / "initdb", "-D", folder / "data", "-U", _ROLE, "--auth=trust", "--no-sync"]
    command += ["--encoding=UTF8", "--locale=C"]
    options: Any = {"user": user, "extra_groups": []} if user else {}
    made = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", timeout=_PATIENCE, **options)
    if made.returncode:
        pytest.skip(f"initdb makes no cluster here: {made.stderr.strip()[-300:]}")


@contextlib.contextmanager
def _running(programs: Path, folder: Path, user: str | None) -> Iterator[subprocess.Popen[bytes]]:
    command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), "-c", "listen_addresses="]
    command += ["-c", "fsync=off", "-c", "max_connections=60", "-c", "shared_buffers=32MB"]
    if setpriv := shutil.which("setpriv"):  # so that it ends with the tests, however these end
        command = [setpriv, "--pdeathsig", "INT", *command]
    options: Any = {"user": user, "extra_groups": []} if user else {}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd="/", **options)
    try:
        _wait_for(process, folder)
        yield process
    finally:
        process.send_signal(signal.SIGINT)  # ends sessions that are left
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(_PATIENCE)


def _wait_for(process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(Exception):
            Server(process, folder).run("SELECT 1")
            return
        time.sleep(0.1)
    said = (folder / "log").read_text(errors="replace")
    pytest.skip(f"PostgreSQL doesn't start here: {said.strip()[-300:]}")
