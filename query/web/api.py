"""The HTTP API: JSON as the command line prints it, footage, pictures, exports."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Body, Depends, Request
from fastapi import Path as InPath
from fastapi import Query as Parameter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse

from framescout.errors import NotAvailableError, UsageError
from query.answer import Moment
from query.present import as_json_line
from query.web.asking import LARGEST_ID, LARGEST_PICTURE, Asked, keep_picture
from query.web.footage import played_as_it_is, transcoded
from query.web.site import Site

_LONGEST = 1e7  # seconds

VideoId = Annotated[int, InPath(ge=1, le=LARGEST_ID)]
Seconds = Annotated[float, Parameter(ge=0, le=_LONGEST, allow_inf_nan=False)]


class Problem(BaseModel):
    """What went wrong, in a sentence."""

    error: str


class Selected(BaseModel):
    """A stretch of a video that is to be cut out; times in seconds."""

    model_config = ConfigDict(extra="forbid")

    video_id: int = Field(ge=1, le=LARGEST_ID)
    start: float = Field(ge=0, le=_LONGEST, allow_inf_nan=False)
    end: float = Field(ge=0, le=_LONGEST, allow_inf_nan=False)


class Wanted(BaseModel):
    """An export; the options are those of `framescout export`."""

    model_config = ConfigDict(extra="forbid")

    moments: list[Selected] = Field(min_length=1, max_length=500)
    mode: Literal["precise", "copy"] = "precise"
    pad: float = Field(default=0.0, ge=0, le=600, allow_inf_nan=False)
    reel: bool = False
    edl: bool = False
    otio: bool = False
    sheet: bool = False


async def site_of(request: Request) -> Site:
    """What the routes share."""
    site: Site = request.app.state.site
    return site


Shared = Annotated[Site, Depends(site_of)]
Question = Annotated[Asked, Depends()]

_TROUBLE: dict[int | str, dict[str, Any]] = {
    code: {"model": Problem} for code in (400, 401, 403, 404, 413, 421, 422, 503)
}
api = APIRouter(prefix="/api", responses=_TROUBLE)


@api.get("/search")
async def search(site: Shared, asked: Question) -> dict[str, Any]:  # what is documented; it is sent as it is
    """Moments, best first: the document of `framescout search --json`."""
    answer = await asyncio.wrap_future(site.ask(asked))
    return Response(as_json_line(answer), media_type="application/json")  # type: ignore[return-value]


@api.post("/pictures", openapi_extra={"requestBody": {"required": True, "content": {"image/*": {}}}})
async def add_picture(request: Request, site: Shared) -> dict[str, str]:
    """Keep a picture to search with; the answer's `picture` goes into a search."""
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > LARGEST_PICTURE:
            break  # it is refused for that
    return {"picture": await run_in_threadpool(keep_picture, bytes(data), site.asked_pictures)}


@api.get("/videos")
def videos(
    site: Shared,
    camera: Annotated[str | None, Parameter(max_length=200)] = None,
    day: Annotated[str | None, Parameter(max_length=20)] = None,
) -> dict[str, Any]:
    """The archive by camera and day."""
    return site.archive(camera, day)


@api.get("/videos/{video_id}")
def video(site: Shared, video_id: VideoId) -> dict[str, Any]:
    """What is known of a video."""
    found = site.video(video_id)
    return {
        "video_id": found.id,
        "video": found.path,
        "is_gone": found.is_gone,
        "duration": found.duration,
        "frame_rate": found.frame_rate,
        "width": found.width_px,
        "height": found.height_px,
        "codec": found.codec,
        "camera": found.camera,
        "recorded_at": found.recorded_at.isoformat() if found.recorded_at else None,
        "plays_as_it_is": played_as_it_is(found) is not None,
    }


@api.get("/videos/{video_id}/keyframes")
def keyframes(site: Shared, video_id: VideoId) -> list[dict[str, Any]]:
    """When each keyframe is shown."""
    return site.keyframes(video_id)


@api.get("/videos/{video_id}/curve")
def curve(site: Shared, video_id: VideoId, asked: Question) -> list[dict[str, float]]:
    """How sure each keyframe is for a question."""
    return site.curve(video_id, asked.query(site.asked_pictures))


@api.get("/videos/{video_id}/file", response_class=FileResponse)
def file(site: Shared, video_id: VideoId) -> Response:
    """The file itself, by HTTP ranges, where browsers play it."""
    found = site.file(video_id)
    media_type = played_as_it_is(found)
    if media_type is None:
        raise NotAvailableError("browsers don't play this file; use stream")
    return FileResponse(found.path, media_type=media_type)


@api.get("/videos/{video_id}/stream", response_class=StreamingResponse)
def stream(site: Shared, video_id: VideoId, start: Seconds = 0.0) -> Response:
    """The video from `start` on as H.264 in fragmented MP4, made on the fly."""
    pieces: Iterator[bytes] = transcoded(site.file(video_id), start)
    return StreamingResponse(pieces, media_type="video/mp4", headers={"cache-control": "no-store"})


@api.get("/videos/{video_id}/picture", response_class=Response)
async def picture(
    site: Shared, video_id: VideoId, at: Seconds = 0.0, width: Annotated[int, Parameter(ge=32, le=1920)] = 480
) -> Response:
    """The picture that is shown at `at`, as JPEG."""
    return await _pictures(site, video_id, [at], width)


@api.get("/videos/{video_id}/strip", response_class=Response)
async def strip(
    site: Shared,
    video_id: VideoId,
    start: Seconds = 0.0,
    end: Seconds = 0.0,
    count: Annotated[int, Parameter(ge=1, le=24)] = 8,
    width: Annotated[int, Parameter(ge=32, le=480)] = 240,
) -> Response:
    """Pictures spread evenly over [start, end), side by side in one JPEG."""
    length = max(0.0, end - start)
    times = [start + length * (number + 0.5) / count for number in range(count)]
    return await _pictures(site, video_id, times, width)


@api.get("/state")
def state(site: Shared) -> dict[str, Any]:
    """The document of `framescout status --json`."""
    return site.state()


@api.get("/events")
def events(site: Shared) -> dict[str, Any]:
    """The document of `framescout events --json`."""
    from query.events.moments import stored_moments, to_json

    return to_json(stored_moments(site.engine))


@api.post("/exports", status_code=202)
def begin_export(site: Shared, wanted: Annotated[Wanted, Body()]) -> dict[str, Any]:
    """Cut moments out in the background."""
    moments = [_moment(site, each) for each in wanted.moments]
    options = wanted.model_dump(exclude={"moments"})
    return site.exports.begin(moments, **options).to_json()


@api.get("/exports/{number}")
def export(site: Shared, number: Annotated[str, InPath(pattern="^[0-9a-f]{16}$")]) -> dict[str, Any]:
    """How far an export is."""
    job = site.exports.find(number)
    if job is None:
        raise NotAvailableError("there is no such export in this run of the app")
    return job.to_json()


@api.get("/exports/{number}/files/{name}", response_class=FileResponse)
def exported(
    site: Shared, number: Annotated[str, InPath(pattern="^[0-9a-f]{16}$")], name: Annotated[str, InPath(max_length=255)]
) -> Response:
    """A file of an export."""
    job = site.exports.find(number)
    if job is None or name not in job.files:
        raise NotAvailableError("there is no such file in this export")
    return FileResponse(job.folder / name, filename=name)


async def _pictures(site: Site, video_id: int, times: list[float], width: int) -> Response:
    box = (width, width * 4)
    made = await to_thread.run_sync(site.pictures, video_id, times, box, limiter=site.picture_threads)
    return Response(made, media_type="image/jpeg", headers={"cache-control": "private, max-age=86400"})


def _moment(site: Site, each: Selected) -> Moment:
    found = site.file(each.video_id)
    if each.end <= each.start or each.start >= found.duration + 1:
        raise UsageError(f"the stretch {each.start} to {each.end} is no part of {Path(found.path).name}")
    return Moment.of(found, start=each.start, end=each.end, peak=each.start, score=0.0, confidence=1.0, keyframe_id=0)


def problem(code: int, sentence: str) -> JSONResponse:
    """An error as JSON."""
    return JSONResponse({"error": sentence}, code)
