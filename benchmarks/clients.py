"""Clients that ask over HTTP and never pause, in a process of their own; a connection each, kept open.

They take 0.15 to 0.2 ms of processor a question, which counts where they share a machine with the app; `http.client`
in a thread a client took 0.7 ms, under the lock of one Python.
"""

from __future__ import annotations

import multiprocessing
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlencode

_PIECE = 2**18
_END = b"\r\n\r\n"


@dataclass
class _Client:
    connection: socket.socket
    started: float = 0.0
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


def ask_at_once(port: int, clients: int, seconds: float, texts: Sequence[str]) -> list[float]:
    """So many clients ask until the time is over; the seconds that each answer took."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_ask_at_once, (port, clients, seconds, texts))


def _ask_at_once(port: int, clients: int, seconds: float, texts: Sequence[str]) -> list[float]:
    rest, taken = iter(texts), list[float]()
    until = time.perf_counter() + seconds
    with selectors.DefaultSelector() as selector:
        for _ in range(clients):
            client = _Client(socket.create_connection(("127.0.0.1", port)))
            client.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            selector.register(client.connection, selectors.EVENT_READ, client)
            client.ask(port, next(rest))
        while selector.get_map():
            for client in _heard(selector):
                taken.append(time.perf_counter() - client.started)
                text = next(rest, None)
                if text is None or time.perf_counter() > until:
                    selector.unregister(client.connection)
                    client.connection.close()
                else:
                    client.ask(port, text)
    return taken


def _heard(selector: selectors.BaseSelector) -> Iterator[_Client]:
    for key, _ in selector.select():
        client: _Client = key.data
        if client.hear():
            yield client
