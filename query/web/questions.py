"""Questions of many clients in, answers out: those that wait are answered together.

Sentences that are asked at the same time share a state of the catalog, a pass of the text tower and one over the vector
index, and no thread takes the processor from another in the middle of an answer. Whatever reads more than the index,
such as questions of several parts, goes its own way and keeps nobody waiting.
"""

from __future__ import annotations

import queue
import threading
from concurrent.futures import Future, ThreadPoolExecutor

from framescout.errors import FramescoutError
from query.answer import Answer
from query.engine import Engine
from query.request import Query

_TOGETHER = 8
_ALONE = 4  # questions that are answered by themselves at the same time

_Waiting = tuple[Query, Future[Answer]]


class Questions:
    """Asks one engine; `close` ends its threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._alone = ThreadPoolExecutor(_ALONE, "question")
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="questions", daemon=True)
        self._thread.start()

    def ask(self, query: Query) -> Future[Answer]:
        """Its result is that of `Engine.answer`."""
        if not query.is_one_sentence:
            return self._alone.submit(self._engine.answer, query)
        answer: Future[Answer] = Future()
        self._waiting.put((query, answer))
        return answer

    def close(self) -> None:
        """Answer what waits, and nothing more."""
        self._waiting.put(None)
        self._thread.join()
        self._alone.shutdown(cancel_futures=True)

    def _work(self) -> None:
        goes_on = True
        while goes_on:
            asked = [self._waiting.get()]
            while len(asked) < _TOGETHER and not self._waiting.empty():
                asked.append(self._waiting.get())
            goes_on = None not in asked
            self._answer([each for each in asked if each and each[1].set_running_or_notify_cancel()])

    def _answer(self, asked: list[_Waiting]) -> None:
        try:
            answers = self._engine.answer_all([query for query, _ in asked])
        except FramescoutError as error:
            if len(asked) == 1:
                asked[0][1].set_exception(error)
            else:  # one of them can't be answered; the others can
                for each in asked:
                    self._answer([each])
        except Exception as error:  # a fault of ours ends no thread: whoever asked hears of it
            for _, future in asked:
                future.set_exception(error)
        else:
            for (_, future), answer in zip(asked, answers, strict=True):
                future.set_result(answer)
