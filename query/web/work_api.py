"""Work on the catalog over HTTP: what is going on, where may be indexed, begin and stop."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi import Query as Parameter

from query.clips.names import readable
from query.web.documents import FoldersBelow, WorkDocument, WorkRequest
from query.web.people import name_of
from query.web.site import Shared, Site

work_api = APIRouter(prefix="/work")


@work_api.get("")
def work(site: Shared) -> WorkDocument:
    """Where may be indexed from here, and the last command that was run from here."""
    return _document(site)


@work_api.get("/folders")
def folders(
    site: Shared,
    folder: Annotated[int, Parameter(ge=0, le=1000)] = 0,
    below: Annotated[str, Parameter(max_length=4000)] = "",
) -> FoldersBelow:
    """The folders in a folder: `below` is its path within the allowed one of this number."""
    return FoldersBelow(folders=site.work.below(folder, below))


@work_api.post("", status_code=202)
def begin(request: Request, site: Shared, wanted: Annotated[WorkRequest, Body()]) -> WorkDocument:
    """Run `framescout index`, `retry`, `prune` or `verify` in the background."""
    site.work.begin(wanted.task, who=name_of(request), number=wanted.folder, path=wanted.below)
    return _document(site)


@work_api.post("/stop")
def stop(site: Shared) -> WorkDocument:
    """End what is going on as Ctrl-C does; what it has done stays."""
    site.work.stop()
    return _document(site)


def _document(site: Site) -> WorkDocument:
    return WorkDocument(folders=[readable(str(each)) for each in site.work.folders], job=site.work.job())
