"""Clients that ask over HTTP, in a process of their own; a connection each, kept open.

They take 0.15 to 0.2 ms of processor a question, which counts where they share a machine with the app; `http.client`
in a thread a client took 0.7 ms, under the lock of one Python.
"""

from __future__ import annotations

import multiprocessing
import random
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from urllib.parse import urlencode

_PIECE = 2**18
_END = b"\r\n\r\n"


@dataclass
class _Client:
    connection: socket.socket
    started: float = 0.0
    """When its question was sent; where it pauses, when the next one will be."""
    received: bytearray = field(default_factory=bytearray)

    def ask(self, port: int, text: str) -> None:
        """Send one question."""
        target = f"/api/search?{urlencode({'text': text})}"
        self.received.clear()
        self.started = time.perf_counter()
        self.connection.sendall(f"GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())

    def hear(self) -> bool:
        """Take what came; whether the answer is whole. Raises ConnectionError where it is none."""
        piece = self.connection.recv(_PIECE)
        self.received += piece
        head, end, body = self.received.partition(_END)
        if not piece or not b"HTTP/1.1 200 ".startswith(head[:13]):
            raise ConnectionError(bytes(self.received[:200]))
        if not end:
            return False
        (length,) = [line[15:] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        return len(body) >= int(length)


def ask_at_once(port: int, clients: int, seconds: float, texts: Sequence[str], pause: float = 0.0) -> list[float]:
    """So many clients ask until the time is over; the seconds that each answer took.

    Each waits `pause` seconds after an answer, on the average, before it asks again.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_ask_at_once, (port, clients, seconds, texts, pause))


def _ask_at_once(port: int, clients: int, seconds: float, texts: Sequence[str], pause: float) -> list[float]:
    rest, taken, chance = iter(texts), list[float](), random.Random(1)
    now = time.perf_counter()
    until = now + seconds
    with selectors.DefaultSelector() as selector, ExitStack() as connections:
        pausing = []
        for _ in range(clients):
            connection = connections.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pausing.append(_Client(connection, now + chance.uniform(0, pause)))
        while pausing or selector.get_map():
            for client in _heard(selector, min((each.started for each in pausing), default=None)):
                now = time.perf_counter()
                taken.append(now - client.started)
                selector.unregister(client.connection)
                client.started = now + chance.uniform(0, 2 * pause)
                pausing.append(client)
            for client in [each for each in pausing if each.started <= time.perf_counter()]:
                pausing.remove(client)
                text = next(rest, None)
                if text is not None and time.perf_counter() < until:
                    selector.register(client.connection, selectors.EVENT_READ, client)
                    client.ask(port, text)
    return taken


def _heard(selector: selectors.BaseSelector, until: float | None) -> Iterator[_Client]:
    """Those whose answer is whole; waits no longer than `until`."""
    for key, _ in selector.select(None if until is None else max(0.0, until - time.perf_counter())):
        client: _Client = key.data
        if client.hear():
            yield client
