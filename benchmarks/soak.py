"""Whether the web app stays well under many clients, some of them bad.

    python benchmarks/soak.py [--keyframes 20000] [--clients 50] [--minutes 5] [--seed 1]

Starts `framescout serve` on a catalog as benchmarks/serving.py makes it, with the demo's landscapes as real footage,
and lets the clients ask, browse, scrub, play, and send nonsense, all at once. Exit status 1 where an answer is a 5xx,
a connection is refused, or memory or open files go on growing after the first minute.
"""

from __future__ import annotations

import argparse
import http.client
import random
import shutil
import socket
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import psutil

from benchmarks.record import recorded
from benchmarks.serving import PLACES, WORDS, build, served

A_SAMPLE = 5.0
"""Seconds between two looks at the server."""
ROOM = 1.25
"""Times what the server had after the first minute that it may have in the end."""

_REAL = 4
"""Videos of the demo; they were indexed first."""

Request = tuple[str, str, str, dict[str, str], bytes | None]
"""What it is, method, path, headers, body."""


def good(chance: random.Random, videos: int) -> Request:
    """What a page asks."""
    video = chance.randint(1, videos) if chance.random() < 0.3 else chance.randint(1, _REAL)
    text = urllib.parse.quote(f"{chance.choice(WORDS)} {chance.choice(PLACES)} {chance.randint(0, 40)}")
    first = chance.randint(0, 20_000)
    paths: list[tuple[str, str, dict[str, str]]] = [
        ("search", f"/api/search?text={text}", {}),
        ("search", f"/api/search?text={text}&without=snow&then=a%20dog", {}),
        ("page", f"/?text={text}", {}),
        ("page", f"/videos/{video}", {}),
        ("picture", f"/api/videos/{video}/picture?at={chance.randint(0, 9)}", {}),
        ("curve", f"/api/videos/{video}/curve?text={text}", {}),
        ("strip", f"/api/videos/{video}/strip?start={chance.randint(0, 4)}&end=9", {}),
        ("page", "/archive", {}),
        ("footage", f"/api/videos/{video}/file", {"Range": f"bytes={first}-{first + 65_535}"}),
    ]
    what, path, headers = chance.choice(paths)
    return what, "GET", path, headers, None


def bad(chance: random.Random) -> Request:
    """What nobody should ask."""
    junk = chance.randbytes(chance.choice((1, 100, 5000)))
    quoted = urllib.parse.quote(junk)
    options: list[tuple[str, str, dict[str, str], bytes | None]] = [
        ("GET", f"/api/search?text={'a' * 5000}", {}, None),
        ("GET", f"/api/search?text={quoted}", {}, None),
        ("GET", "/api/search?text=a&limit=-1&page=x", {}, None),
        ("GET", f"/api/search?text=a&paths={urllib.parse.quote('**/' * 200 + '*a' * 200)}", {}, None),
        ("GET", "/api/videos/../../../../etc/passwd", {}, None),
        ("GET", "/api/videos/99999999999999999999/file", {}, None),
        ("GET", "/api/videos/1/file", {"Range": "bytes=9-2,5-,x"}, None),
        ("GET", "/api/videos/1/picture?at=nan&width=1e9", {}, None),
        ("GET", "/", {"Host": "evil.example"}, None),
        ("POST", "/api/exports", {"Content-Type": "application/json"}, junk),
        ("POST", "/api/pictures", {"Content-Type": "image/png"}, junk),
        ("DELETE", "/api/search", {}, None),
        ("GET", f"/static/{quoted[:200]}", {}, None),
    ]
    method, path, headers, body = chance.choice(options)
    return "nonsense", method, path, headers, body


class Client(threading.Thread):
    """Sends one request after the other until the time is over."""

    def __init__(self, port: int, number: int, seed: int, videos: int, until: float) -> None:
        super().__init__()
        self._port, self._videos, self._until = port, videos, until
        self._chance = random.Random(f"{seed}/{number}")
        self.taken: dict[str, list[float]] = defaultdict(list)
        self.statuses: Counter[str] = Counter()
        self.failures: list[str] = []

    def run(self) -> None:
        connection = self._connect()
        while time.monotonic() < self._until:
            if self._chance.random() < 0.02:
                self._leave_in_the_middle()
                continue
            request = bad(self._chance) if self._chance.random() < 0.2 else good(self._chance, self._videos)
            what, method, path, headers, body = request
            began = time.monotonic()
            try:
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(f"{method} {path[:80]}: {type(error).__name__}: {error}")
                connection = self._connect()
                continue
            self.taken[what].append(time.monotonic() - began)
            self.statuses[f"{answer.status // 100}xx"] += 1
            if answer.status >= 500:
                self.failures.append(f"{method} {path[:80]}: {answer.status}")
            if answer.will_close:
                connection = self._connect()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)

    def _leave_in_the_middle(self) -> None:
        """Half a request, or a whole one whose answer isn't waited for."""
        whole = b"GET /api/videos/1/file HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        with socket.create_connection(("127.0.0.1", self._port), timeout=60) as left:
            left.sendall(whole[: self._chance.choice((5, 40, len(whole)))])


def look(server: psutil.Process) -> tuple[float, int]:
    """MiB of memory and open files of the server and its children."""
    memory, files = 0.0, 0
    for process in [server, *server.children(recursive=True)]:
        try:
            memory, files = memory + process.memory_info().rss / 2**20, files + process.num_fds()
        except psutil.NoSuchProcess:
            continue
    return memory, files


def soak(port: int, server: psutil.Process, given: argparse.Namespace, videos: int) -> bool:
    """Print the tables; whether all stayed well."""
    until = time.monotonic() + 60 * given.minutes
    clients = [Client(port, number, given.seed, videos, until) for number in range(given.clients)]
    for client in clients:
        client.start()
    seen: list[tuple[float, float, int]] = []
    began = time.monotonic()
    while time.monotonic() < until:
        time.sleep(A_SAMPLE)
        seen.append((time.monotonic() - began, *look(server)))
    for client in clients:
        client.join()
    print("| request | answers | p50 ms | p95 ms | p99 ms |\n|---|---|---|---|---|")
    for what in sorted({what for client in clients for what in client.taken}):
        taken = np.array([each for client in clients for each in client.taken[what]]) * 1000
        p50, p95, p99 = np.percentile(taken, [50, 95, 99])
        print(f"| {what} | {len(taken)} | {p50:.0f} | {p95:.0f} | {p99:.0f} |")
    statuses = sum((client.statuses for client in clients), Counter[str]())
    failures = [failure for client in clients for failure in client.failures]
    print(f"\n{dict(sorted(statuses.items()))}, {len(failures)} failures")
    for failure in failures[:10]:
        print(f"  {failure}")
    warm = [each for each in seen if each[0] >= min(60, 20 * given.minutes)]
    memory = [max(part[1] for part in half) for half in (warm[: len(warm) // 2], warm[len(warm) // 2 :])]
    files = [max(part[2] for part in half) for half in (warm[: len(warm) // 2], warm[len(warm) // 2 :])]
    print(f"most memory in the first half after warming up {memory[0]:.0f} MiB, in the second {memory[1]:.0f} MiB")
    print(f"most open files in the first half {files[0]}, in the second {files[1]}")
    time.sleep(3)
    print("at rest: {:.0f} MiB, {} open files".format(*look(server)))
    return not failures and memory[1] <= ROOM * memory[0] and files[1] <= ROOM * files[0]


def main() -> None:
    """Build, serve, soak."""
    parser = argparse.ArgumentParser(description="Hold the web app under a long load.")
    parser.add_argument("--keyframes", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    catalog = build(folder, given.keyframes)
    with catalog.snapshot() as snapshot:
        videos = sum(1 for _ in snapshot.videos())
    with (folder / "log").open("w") as log, served(catalog, log) as (port, server):
        well = soak(port, psutil.Process(server.pid), given, videos)
    if "Traceback" in (folder / "log").read_text():
        print((folder / "log").read_text()[-3000:])
        well = False
    shutil.rmtree(folder)
    sys.exit(not well)


if __name__ == "__main__":
    with recorded(__file__):
        main()
