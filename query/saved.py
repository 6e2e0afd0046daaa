"""Finds what is new for saved searches: counts it, prints it or gives it to a program of the user's.

Results are handed over before they are marked as reported, so that a failure or a crash reports twice rather than
never.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from framescout.catalog.records import SavedSearch
from framescout.errors import FramescoutError, NotAvailableError
from query.answer import Answer
from query.confidence import MATCH
from query.engine import Engine
from query.request import Query

_MOST = 10_000  # moments of one search in one run; the rest would be noise


def run(engine: Engine, saved: SavedSearch, report: Callable[[SavedSearch, Answer], None]) -> int:
    """Report what came since the last time and counts as a match; return how many moments that are.

    Raises:
        FramescoutError: the search can't be answered any more, or its program failed; nothing is marked as reported.
    """
    below, answer = _new(engine, saved, saved.seen_below, _MOST)
    if answer is None:
        return 0
    if answer.moments:
        (hand_over if saved.command else report)(saved, replace(answer, query=saved.query))
    engine.catalog.saved_searches.mark_seen(saved.name, below)
    return len(answer.moments)


def count_unread(engine: Engine, saved: SavedSearch, most: int) -> int:
    """How many moments that count as a match came since somebody opened the search; no more than `most` are counted.

    Raises:
        FramescoutError: the search can't be answered any more.
    """
    _, answer = _new(engine, saved, saved.opened_below, most)
    return len(answer.moments) if answer else 0


def _new(engine: Engine, saved: SavedSearch, since: int, most: int) -> tuple[int, Answer | None]:
    """The catalog's next keyframe id, and what matches of the footage with ids from `since` on, if any."""
    with engine.catalog.snapshot() as snapshot:
        below = snapshot.next_keyframe_id()
        if below <= since:
            return below, None
        new = engine.space_in(snapshot).ranges_since(since)
    query = Query.from_json(saved.query)
    query = msgspec.structs.replace(
        query, limit=most, page=f"1@{below}", min_confidence=max(query.min_confidence, MATCH)
    )
    return below, engine.answer(query, only=new)


def as_lines(saved: SavedSearch, answer: Answer) -> str:
    """JSON lines: the search's name and a moment's fields in each; ASCII, so that every file name survives."""
    return "".join(json.dumps({"search": saved.name, **moment.to_json()}) + "\n" for moment in answer.moments)


def hand_over(saved: SavedSearch, answer: Answer) -> None:
    """Give the lines to the search's program, on its standard input.

    Raises:
        NotAvailableError: there is no such program.
        FramescoutError: it ended with a failure.
    """
    assert saved.command
    try:
        done = subprocess.run(saved.command, input=as_lines(saved, answer), text=True, check=False)  # noqa: S603
    except OSError as error:
        raise NotAvailableError(
            f"the program of the search {saved.name!r}, {saved.command[0]}, can't be run: {error.strerror}"
        ) from error
    if done.returncode:
        raise FramescoutError(
            f"the program of the search {saved.name!r} ended with {done.returncode}; the next run tries again"
        )
