"""Videos over HTTP: their facts, their footage by ranges or as a stream, their pictures."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

from anyio import to_thread
from fastapi import APIRouter, Body, Request
from fastapi import Query as Parameter
from msgspec.structs import replace
from starlette.responses import FileResponse, Response, StreamingResponse

from framescout.catalog.records import FileFacts
from framescout.errors import NotAvailableError
from query.answer import Moment
from query.clips.names import named_by_time, readable
from query.clips.still import origin_of
from query.web.archive import ArchiveList
from query.web.documents import (
    FileDocument,
    FileKey,
    FrameTimes,
    MotionCurve,
    Seconds,
    ShownKeyframe,
    StillRequest,
    StretchConfidence,
    VideoDocument,
    VideoId,
)
from query.web.footage import SHIFT, media_type, streamed, unheard, way_to_play
from query.web.people import name_of
from query.web.site import Question, Shared, Site, file_key

videos_api = APIRouter(prefix="/videos")

_A_DAY = {"cache-control": "private, max-age=86400"}


@videos_api.get("")
def videos(
    site: Shared,
    camera: Annotated[str | None, Parameter(max_length=200)] = None,
    day: Annotated[str | None, Parameter(max_length=20)] = None,
) -> dict[str, Any]:
    """The archive by camera and day."""
    with site.engine.catalog.snapshot() as snapshot:
        archive = ArchiveList(snapshot, site.engine.zone, camera, day)
        return {"cameras": archive.cameras, "days": archive.days, "videos": archive.videos()}


@videos_api.get("/{video_id}")
def video(site: Shared, video_id: VideoId, file: FileKey = "") -> VideoDocument:
    """What is known of a video."""
    video = site.video(video_id, file)
    facts = site.footage(video)
    silent = unheard(facts) if facts else None
    return VideoDocument(
        video_id=video.id,
        video=readable(video.path),
        file=file_key(video.path),
        files=[_file(each) for each in video.files],
        is_gone=video.is_gone,
        duration=video.duration,
        frame_rate=video.frame_rate,
        width=video.width_px,
        height=video.height_px,
        codec=video.codec,
        camera=video.camera,
        recorded_at=video.recorded_at.isoformat() if video.recorded_at else None,
        zone=str(site.engine.zone),
        timecode=facts.timecode.first if facts and facts.timecode else None,
        plays=way_to_play(video, facts),
        remark=f"browsers can't decode its sound ({silent}); it is converted while it plays" if silent else None,
        stream_shift=SHIFT,
    )


def _file(each: FileFacts) -> FileDocument:
    recorded = each.recorded_at.isoformat() if each.recorded_at else None
    return FileDocument(file=file_key(each.path), video=readable(each.path), camera=each.camera, recorded_at=recorded)


@videos_api.get("/{video_id}/keyframes")
def keyframes(site: Shared, video_id: VideoId) -> list[ShownKeyframe]:
    """When each keyframe is shown."""
    return [ShownKeyframe(**each) for each in site.keyframes(video_id)]


@videos_api.get("/{video_id}/curve")
def curve(site: Shared, video_id: VideoId, asked: Question) -> list[StretchConfidence]:
    """How sure each keyframe is for a question."""
    return [StretchConfidence(**each) for each in site.curve(video_id, asked.query(site.asked_pictures))]


@videos_api.get("/{video_id}/motion")
def motion(site: Shared, video_id: VideoId) -> MotionCurve:
    """How much moves in a video, against what its camera shows at rest."""
    return site.motion(video_id)


@videos_api.get("/{video_id}/file", response_class=FileResponse)
def file(site: Shared, video_id: VideoId, file: FileKey = "") -> Response:
    """The file itself, by HTTP ranges, where browsers play it."""
    video = site.file(video_id, file)
    kind = media_type(video, site.footage(video))
    if kind is None:
        raise NotAvailableError("browsers don't play this file; use stream")
    return FileResponse(video.path, media_type=kind)


@videos_api.get("/{video_id}/stream", response_class=StreamingResponse)
def stream(
    site: Shared, video_id: VideoId, start: Seconds = 0.0, file: FileKey = "", *, encode: bool = True
) -> Response:
    """The video from `start` on as fragmented MP4, made on the fly; its clock is `stream_shift` ahead."""
    video = site.file(video_id, file)
    pieces = streamed(video, site.footage(video), start, encode=encode)
    return StreamingResponse(pieces, media_type="video/mp4", headers={"cache-control": "no-store"})


@videos_api.get("/{video_id}/frames")
async def frames(
    site: Shared,
    video_id: VideoId,
    around: Seconds = 0.0,
    width: Annotated[int | None, Parameter(ge=32, le=1920)] = None,
) -> FrameTimes:
    """When the frames around a time are shown; with `width` their pictures are made too, and are there at once."""
    return FrameTimes(
        times=await to_thread.run_sync(site.frames, video_id, around, width, limiter=site.picture_threads)
    )


@videos_api.get("/{video_id}/picture", response_class=Response)
async def picture(
    site: Shared, video_id: VideoId, at: Seconds = 0.0, width: Annotated[int, Parameter(ge=32, le=1920)] = 480
) -> Response:
    """The picture that is shown at `at`, as JPEG."""
    return await _pictures(site, video_id, [at], width)


@videos_api.get("/{video_id}/strip", response_class=Response)
async def strip(
    site: Shared,
    video_id: VideoId,
    start: Seconds = 0.0,
    end: Seconds = 0.0,
    count: Annotated[int, Parameter(ge=1, le=24)] = 8,
    width: Annotated[int, Parameter(ge=32, le=640)] = 240,
) -> Response:
    """Pictures spread evenly over [start, end), side by side in one JPEG."""
    length = max(0.0, end - start)
    times = [start + length * (number + 0.5) / count for number in range(count)]
    return await _pictures(site, video_id, times, width)


@videos_api.post("/{video_id}/still", response_class=Response)
def still(request: Request, site: Shared, video_id: VideoId, wanted: Annotated[StillRequest, Body()]) -> Response:
    """The whole picture that is shown at `at`, as PNG, named by when it was recorded; the log says who had it."""
    video = site.file(video_id, wanted.file)
    shown = [time for time in site.frames(video_id, wanted.at, None) if time <= wanted.at]
    at = max(shown, default=wanted.at)
    moment = Moment.of(video, start=at, end=at, peak=at, score=0.0, confidence=1.0, keyframe_id=0)
    recorded = moment.recorded_at.astimezone(site.engine.zone) if moment.recorded_at else None
    with site.exports.still(moment, who=name_of(request)):
        said = origin_of(replace(moment, recorded_at=recorded), at, site.footage(video))
        made = site.thumbnails.still(video.path, at, said)
    name = quote(named_by_time(video.path, at, recorded, ".png"))
    headers = {"content-disposition": f"attachment; filename*=utf-8''{name}", "cache-control": "no-store"}
    return Response(made, media_type="image/png", headers=headers)


async def _pictures(site: Site, video_id: int, times: list[float], width: int) -> Response:
    made = await to_thread.run_sync(site.pictures, video_id, times, width, limiter=site.picture_threads)
    return Response(made, media_type="image/jpeg", headers=_A_DAY)
