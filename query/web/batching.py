"""Answers the questions of many clients in batches.

Questions of one sentence that wait at the same time share a snapshot, a pass of the text tower and a pass over the
vector index. While one batch is answered the next one is encoded. Questions that need more than the index, such as
those of several parts, run in threads of their own and keep no batch waiting.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections import ChainMap
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import msgspec
import numpy as np

from framescout.errors import FramescoutError
from query.answer import Answer
from query.encode import Encoded
from query.engine import Engine
from query.request import Query

_TOGETHER = 4  # more take less each, but then one step waits for the other
_ALONE = 4  # questions that are answered by themselves at the same time


class _Waiting(msgspec.Struct):
    """A question that waits for its answer."""

    query: Query
    answer: Future[Answer]
    encoded: Encoded | None = None


_Queue = queue.SimpleQueue[_Waiting | None]


class QuestionBatcher:
    """Asks one engine from its own threads, which `close` ends."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._alone = ThreadPoolExecutor(_ALONE, "question")
        self._asked: _Queue = queue.SimpleQueue()
        self._encoded: _Queue = queue.SimpleQueue()
        steps = ((self._asked, self._encode), (self._encoded, self._answer))  # the first hardly needs Python's lock
        self._threads = [threading.Thread(target=_work, args=step, name="questions", daemon=True) for step in steps]
        for thread in self._threads:
            thread.start()

    def ask(self, query: Query, only: np.ndarray | None = None) -> Future[Answer]:
        """Its result is that of `Engine.answer`."""
        if only is not None or not query.is_one_sentence:
            return self._alone.submit(self._engine.answer, query, only=only)
        answer: Future[Answer] = Future()
        self._asked.put(_Waiting(query, answer))
        return answer

    def close(self) -> None:
        """Answer what waits, and nothing more."""
        for waiting, thread in zip((self._asked, self._encoded), self._threads, strict=True):
            waiting.put(None)
            thread.join()
        self._alone.shutdown(cancel_futures=True)

    def _encode(self, asked: list[_Waiting]) -> None:
        encoded = None
        with contextlib.suppress(Exception):  # the next step meets it again, and tells who asked
            encoded = self._engine.encode_ahead([each.query for each in asked])
        for each in asked:
            each.encoded = encoded
            self._encoded.put(each)

    def _answer(self, asked: list[_Waiting]) -> None:
        try:
            answers = self._engine.answer_all([each.query for each in asked], encoded=_together(asked))
        except FramescoutError as error:
            if len(asked) == 1:
                asked[0].answer.set_exception(error)
            else:  # one of them can't be answered; the others can
                for each in asked:
                    self._answer([each])
        except Exception as error:  # a fault of ours ends no thread: whoever asked hears of it
            for each in asked:
                each.answer.set_exception(error)
        else:
            for each, answer in zip(asked, answers, strict=True):
                each.answer.set_result(answer)


def _together(asked: list[_Waiting]) -> Encoded | None:
    """What was encoded for them, of the model that the last of them met."""
    known = [each.encoded for each in asked if each.encoded]
    if not known:
        return None
    same = [each.vectors for each in known if each.fingerprint == known[-1].fingerprint]
    return Encoded(known[-1].fingerprint, dict(ChainMap(*map(dict, same))))


def _work(waiting: _Queue, step: Callable[[list[_Waiting]], None]) -> None:
    """Take what waits, as much as there is; until None comes."""
    goes_on = True
    while goes_on:
        taken = [waiting.get()]
        while len(taken) < _TOGETHER and not waiting.empty():
            taken.append(waiting.get())
        goes_on = None not in taken
        wanted = [each for each in taken if each and _is_wanted(each.answer)]
        if wanted:
            step(wanted)


def _is_wanted(answer: Future[Answer]) -> bool:
    """Whether whoever asked still waits for it."""
    return answer.running() or answer.set_running_or_notify_cancel()
