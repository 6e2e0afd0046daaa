"""The HTTP API: JSON as the command line prints it, pictures to search with, the state."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi import Path as InPath
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from query.web.alerts_api import alerts_api
from query.web.days_api import days_api
from query.web.documents import ErrorDocument, Picture
from query.web.exports_api import exports_api
from query.web.facets_api import facets_api
from query.web.question_parameters import LARGEST_PICTURE, keep_picture, refuse_others, small_copy
from query.web.searches_api import searches_api
from query.web.sentence_search import encode
from query.web.site import Question, Shared
from query.web.videos_api import videos_api
from query.web.work_api import work_api

_TROUBLE: dict[int | str, dict[str, Any]] = {
    code: {"model": ErrorDocument, "description": what}
    for code, what in {
        400: "What was sent is no JSON.",
        401: "The token is missing.",
        403: "A change may come only from the app's own pages.",
        404: "It is not there.",
        409: "Each part is as it should be, but they make no sense together, or nothing can be made of what was sent.",
        413: "It is too large.",
        421: "The app is not known by this name.",
        422: "A parameter is not as described here.",
        503: "It can't be done now.",
    }.items()
}
_IMAGES = {
    kind: {"schema": {"type": "string", "format": "binary"}} for kind in ("image/jpeg", "image/png", "image/webp")
}
api = APIRouter(prefix="/api", responses=_TROUBLE)


@api.get("/search", dependencies=[Depends(refuse_others)])
async def search(site: Shared, asked: Question) -> dict[str, Any]:  # what is documented; it is sent as it is
    """Moments, best first: the document of `framescout search --json`."""
    answer = await asyncio.wrap_future(site.ask(asked))
    return Response(encode(answer), media_type="application/json")  # type: ignore[return-value]


@api.post("/pictures", openapi_extra={"requestBody": {"required": True, "content": _IMAGES}})
async def add_picture(request: Request, site: Shared) -> Picture:
    """Keep a picture to search with; the answer's `picture` goes into a search."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > LARGEST_PICTURE:
            break  # it is refused for that
    return Picture(picture=await run_in_threadpool(keep_picture, bytes(data), site.asked_pictures))


@api.get("/pictures/{name}", response_class=Response)
def asked_picture(site: Shared, name: Annotated[str, InPath(pattern="^[0-9a-f]{32}$")]) -> Response:
    """A small copy of a picture that is searched with, as JPEG."""
    return Response(
        small_copy(name, site.asked_pictures), media_type="image/jpeg", headers={"cache-control": "no-store"}
    )


@api.get("/state")
def state(site: Shared) -> dict[str, Any]:
    """The document of `framescout status --json`, and what an index run that is going on has done."""
    return site.state()


api.include_router(alerts_api)
api.include_router(searches_api)
api.include_router(facets_api)
api.include_router(days_api)
api.include_router(videos_api)
api.include_router(exports_api)
api.include_router(work_api)
