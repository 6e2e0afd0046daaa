"""Bounds the time of work that knows no timeout of its own, such as looking up a name."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

_Answer = TypeVar("_Answer")


def within(seconds: float, work: Callable[[], _Answer]) -> _Answer:
    """What `work` returns or raises, in a thread of its own.

    Raises:
        TimeoutError: it takes longer; the thread is left behind, and ends with the process.
    """
    answer: Future[_Answer] = Future()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer.result(seconds)
