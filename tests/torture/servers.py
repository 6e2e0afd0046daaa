"""Hurts the server of a catalog, or its writer, in the middle of an index run, and looks at what is left.

python -m tests.torture.servers --trials 200 --seed 7

After each trial the same command runs to its end. The catalog then holds, bit for bit, what an undisturbed run on one
machine leaves in a folder. Every process that is hurt is one that the trial has started.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from framescout.address import Address
from framescout.catalog import Catalog
from indexer.verify import check
from tests.conftest import program_path
from tests.footage import make
from tests.framescout.catalog.databases import execute
from tests.indexer.test_stores import contents
from tests.postgresql import Server, pair, server, wait_for

HURTS = ("session ended", "backend killed", "frozen and overtaken", "standby promoted")
VIDEOS = 5
_PATIENCE = 180.0  # seconds, for each step
_HOLDER = "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted"


@dataclass(frozen=True)
class World:
    """An archive, a model's towers, and what an undisturbed run leaves."""

    root: Path
    cache: Path

    @property
    def archive(self) -> Path:
        return self.root / "archive"

    def expected(self) -> dict[str, tuple[object, ...]]:
        """Of the undisturbed run, in a folder."""
        return contents(self.root / "alone")

    def begin(self, place: Path | str) -> subprocess.Popen[str]:
        """An index run into a catalog."""
        folder = Address(place).folder if isinstance(place, str) else place
        if not (folder / "cache").exists():
            shutil.copytree(self.cache, folder / "cache", copy_function=os.link)
        command = [program_path(), "--catalog", str(place), "index", str(self.archive), "--quiet", "--workers", "1"]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def run(self, place: Path | str) -> None:
        """An index run to its end, which must be a good one."""
        code, told = _end(self.begin(place))
        assert code == 0, told


def make_world(root: Path, cache: Path) -> World:
    """Small videos, indexed once undisturbed."""
    world = World(root, cache)
    world.archive.mkdir(parents=True)
    for number in range(VIDEOS):
        make.numbered(world.archive, f"numbered{number}.mp4", seconds=2 + number, gop=10 + 5 * number)
    world.run(root / "alone")
    return world


def attempt(world: World, hurt: str, commits: int) -> int:
    """One trial: hurt the run when so many videos are committed; return how many were when it had ended."""
    with _place(hurt) as (address, primary, standby):
        running = world.begin(address)
        try:
            _wait_for_commits(address, commits, running)
            told = _hurt(world, hurt, address, running, primary, standby)
        finally:
            running.kill()
            running.wait(_PATIENCE)
        assert "a fault of framescout itself" not in told, told
        left = contents(address)
        assert left.items() <= world.expected().items(), "the hurt run has left something else"
        assert len(left) >= commits, "what was committed is lost"
        world.run(address)
        assert contents(address) == world.expected()
        assert check(Catalog.open(address)) == []
    return len(left)


@contextlib.contextmanager
def _place(hurt: str) -> Iterator[tuple[str, Server, Server | None]]:
    """A new catalog's address, its server, and the standby where there is one."""
    if hurt == "standby promoted":
        with pair() as (primary, standby):
            primary.run("CREATE DATABASE archive TEMPLATE template0")
            hosts = f"host={primary.folder},{standby.folder}&user=scout&target_session_attrs=read-write"
            address = f"postgresql:///archive?{hosts}"
            Catalog.open(address)
            yield address, primary, standby
    else:
        with server() as alone, alone.catalog() as address:
            yield address, alone, None


def _hurt(
    world: World, hurt: str, address: str, running: subprocess.Popen[str], primary: Server, standby: Server | None
) -> str:
    """Do it, and return what the run has told in the end."""
    holder = [pid for (pid,) in execute(address, _HOLDER)]
    if hurt == "session ended":
        execute(address, f"SELECT pg_terminate_backend(pid) FROM ({_HOLDER}) AS held")
    elif hurt == "backend killed":
        for pid in holder:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_for(lambda: execute(address, "SELECT 1"))  # the server ends all sessions and begins anew
    elif hurt == "frozen and overtaken":
        running.send_signal(signal.SIGSTOP)
        execute(address, f"SELECT pg_terminate_backend(pid) FROM ({_HOLDER}) AS held")
        wait_for(lambda: not execute(address, _HOLDER))
        world.run(address)
        running.send_signal(signal.SIGCONT)
    else:
        assert standby is not None
        primary.kill()
        standby.run("SELECT pg_promote()")
        standby.run("ALTER SYSTEM SET synchronous_standby_names = ''")
        standby.run("SELECT pg_reload_conf()")
        wait_for(lambda: execute(address, "SELECT 1 WHERE NOT pg_is_in_recovery()"))
    return _end(running)[1]


def _wait_for_commits(address: str, commits: int, running: subprocess.Popen[str]) -> None:
    """Until so many videos are committed, or the run has ended."""
    end = time.monotonic() + _PATIENCE
    while running.poll() is None and time.monotonic() < end:
        if execute(address, "SELECT count(*) FROM video")[0][0] >= commits:
            return
        time.sleep(0.02)


def _end(running: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and what it has told."""
    try:
        _, told = running.communicate(timeout=_PATIENCE)
    finally:
        running.kill()
    return running.returncode, told


@click.command()
@click.option("--trials", type=int, default=200, show_default=True)
@click.option("--seed", type=int, default=1, show_default=True)
def main(trials: int, seed: int) -> None:
    """Hurt servers and writers; exit status 1 where anything was lost or wrong."""
    root = Path(tempfile.mkdtemp(prefix="torture-servers-"))
    os.environ["XDG_DATA_HOME"] = str(root / "data")
    World(root, root / "cache")
    (root / "cache").mkdir()
    world = make_world(root, root / "cache")
    shutil.rmtree(world.cache)
    shutil.copytree(root / "alone" / "cache", world.cache)
    counts: Counter[str] = Counter()
    failed, began = 0, time.monotonic()
    for number in range(trials):
        chance = random.Random(f"{seed}/{number}")
        hurt, commits = HURTS[number % len(HURTS)], chance.randrange(VIDEOS)
        try:
            attempt(world, hurt, commits)
            counts[hurt] += 1
            click.echo(f"{number}: {hurt} after {commits}, {time.monotonic() - began:.0f} s", err=True)
        except AssertionError as error:
            failed += 1
            click.echo(f"trial {number}, {hurt} after {commits}: {error}", err=True)
    click.echo(json.dumps({"seed": seed, "passed": counts, "failed": failed}, indent=1))
    shutil.rmtree(root)
    if failed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
