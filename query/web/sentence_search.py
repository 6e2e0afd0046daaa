"""Answers searches for one sentence and nothing else, before FastAPI reads their parameters.

FastAPI looks for each of twenty other parameters, checks and copies it: half a millisecond of processor. Any other
request, and one with a mistake, goes to the routes, which say what is wrong. The answers are the same.
"""

from __future__ import annotations

import asyncio
from urllib.parse import parse_qsl

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from framescout.errors import FramescoutError
from query.answer import Answer
from query.fields import LONGEST_SENTENCE
from query.present import as_json_line
from query.request import Query
from query.web.question_parameters import USUAL_LIMIT
from query.web.site import Site

_PATH = "/api/search"


class SentenceSearch:
    """ASGI middleware that answers a search for one sentence and passes everything else on."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer it, or pass it on."""
        query = _sentence(scope)
        answer = None if query is None else await self._answer(query)
        if answer is None:
            await self._app(scope, receive, send)
            return
        body = encode(answer)
        headers = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(self, query: Query) -> Answer | None:
        try:
            return await asyncio.wrap_future(self._site.questions.ask(query))
        except FramescoutError:
            return None


def encode(answer: Answer) -> bytes:
    """The document of `search --json`."""
    try:
        return msgspec.json.encode(answer.to_json())
    except UnicodeEncodeError:  # a file name that is no text
        return as_json_line(answer).encode()


def _sentence(scope: Scope) -> Query | None:
    """The question of a request that holds one sentence and nothing else; else None."""
    if scope["type"] != "http" or scope["path"] != _PATH or scope["method"] != "GET":
        return None
    try:
        given = parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, errors="strict")
        ((name, text),) = given
        return Query(text, limit=USUAL_LIMIT) if name == "text" and 0 < len(text) <= LONGEST_SENTENCE else None
    except (ValueError, FramescoutError):  # UnicodeError is a ValueError
        return None
