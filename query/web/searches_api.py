"""Saved searches over HTTP: the same ones as `framescout searches` lists, saves, removes and runs."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Body

from framescout.catalog.records import SavedSearch
from framescout.errors import FramescoutError, NotAvailableError, UsageError
from query import saved
from query.clips.names import readable
from query.web.documents import (
    ChangedSearch,
    NewSavedSearch,
    OpenedSearch,
    SavedSearchDocument,
    SearchToRemove,
    UnreadMoments,
)
from query.web.question_parameters import QuestionParameters
from query.web.saved_questions import SavedQuestion, kept_query
from query.web.site import Question, Shared, Site

searches_api = APIRouter(prefix="/searches")
MOST_COUNTED = 100


@searches_api.get("")
def searches(site: Shared) -> list[SavedSearchDocument]:
    """The saved searches, by name."""
    return [_document(each) for each in site.engine.catalog.saved_searches.all()]


@searches_api.get("/unread")
def unread(site: Shared) -> list[UnreadMoments]:
    """How many matches each has in footage that came since somebody opened it on the page."""
    return [_unread(site, each) for each in site.engine.catalog.saved_searches.all()]


@searches_api.post("", status_code=201)
def save(site: Shared, asked: Question, wanted: Annotated[NewSavedSearch, Body()]) -> SavedSearchDocument:
    """Save a question under a name that is free. What comes from now on is new."""
    query = _query(site, asked)
    with site.engine.catalog.snapshot() as snapshot:
        below = snapshot.next_keyframe_id()
    site.engine.catalog.saved_searches.add(wanted.name, query, below)
    return _found(site, wanted.name)


@searches_api.post("/change")
def change(site: Shared, asked: Question, wanted: Annotated[ChangedSearch, Body()]) -> SavedSearchDocument:
    """Give a saved search this question and this name; its program stays."""
    site.engine.catalog.saved_searches.change(wanted.name, wanted.new_name, _query(site, asked))
    return _found(site, wanted.new_name)


@searches_api.post("/remove")
def remove(site: Shared, wanted: Annotated[SearchToRemove, Body()]) -> SearchToRemove:
    """Forget a saved search."""
    if not site.engine.catalog.saved_searches.remove(wanted.name):
        raise NotAvailableError(f"there is no saved search {wanted.name!r} (any more)")
    return wanted


@searches_api.post("/opened")
def opened(site: Shared, said: Annotated[OpenedSearch, Body()]) -> SavedSearchDocument:
    """Say that somebody opened it when there was everything below this; that is no longer new."""
    with site.engine.catalog.snapshot() as snapshot:
        below = min(said.below, snapshot.next_keyframe_id())
    site.engine.catalog.saved_searches.mark_opened(said.name, below)
    return _found(site, said.name)


def _query(site: Site, asked: QuestionParameters) -> dict[str, Any]:
    if asked.picture is not None:
        raise UsageError(
            "the page keeps a picture only for a while; save a search with one by: "
            "framescout searches save NAME --image FILE"
        )
    return kept_query(asked.query(site.asked_pictures))


def _found(site: Site, name: str) -> SavedSearchDocument:
    for each in site.engine.catalog.saved_searches.all():
        if each.name == name:
            return _document(each)
    raise NotAvailableError(f"there is no saved search {name!r} (any more)")


def _document(each: SavedSearch) -> SavedSearchDocument:
    return SavedSearchDocument(
        name=readable(each.name),
        query=json.loads(readable(json.dumps(each.query, ensure_ascii=False))),  # names may hold what is no UTF-8
        has_program=bool(each.command),
        saved_at=each.saved_at.isoformat(),
        address=SavedQuestion.of(each).address,
    )


def _unread(site: Site, each: SavedSearch) -> UnreadMoments:
    try:
        count, error = saved.count_unread(site.engine, each, MOST_COUNTED), None
    except FramescoutError as trouble:
        count, error = None, readable(str(trouble))
    return UnreadMoments(name=readable(each.name), unread=count, error=error)
