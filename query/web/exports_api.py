"""Exports over HTTP: starts, reports and stops them, and serves their files one by one or as a ZIP."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Body, Request
from fastapi import Path as InPath
from fastapi import Query as Parameter
from starlette.responses import FileResponse, Response, StreamingResponse

from framescout.errors import NotAvailableError, UsageError
from framescout.export_log import LoggedExport
from query.answer import Moment
from query.clips.names import readable
from query.web.documents import LARGEST_ID, ExportId, ExportRequest, ExportState, LoggedExportDocument, Selection
from query.web.exports import ExportJob, zipped
from query.web.people import name_of
from query.web.site import Shared, Site

exports_api = APIRouter(prefix="/exports")


@exports_api.post("", status_code=202)
def begin(request: Request, site: Shared, wanted: Annotated[ExportRequest, Body()]) -> ExportState:
    """Cut moments out in the background; the log says who had it done."""
    moments = [_moment(site, each) for each in wanted.moments]
    return site.exports.begin(moments, who=name_of(request), **wanted.model_dump(exclude={"moments"})).document()


@exports_api.get("")
def exports(site: Shared) -> list[ExportState]:
    """The exports of this run of the app, the latest first."""
    return [job.document() for job in site.exports.all()]


@exports_api.get("/log")
def log(site: Shared, first: Annotated[int, Parameter(ge=0, le=LARGEST_ID)] = 0) -> list[LoggedExportDocument]:
    """The exports of the log from number `first` on, the latest is 0: at most 50, each with the files that are left."""
    found, _ = site.exports.history()
    return [_logged(site, each) for each in found[first : first + 50]]


def _logged(site: Site, each: LoggedExport) -> LoggedExportDocument:
    said = json.loads(readable(json.dumps(each.to_json(), ensure_ascii=False)))  # names may hold what is no UTF-8
    return LoggedExportDocument(**said, files=[readable(name) for name in site.exports.kept(each)])


@exports_api.get("/{number}")
def export(site: Shared, number: ExportId) -> ExportState:
    """How far an export is."""
    return _job(site, number).document()


@exports_api.post("/{number}/stop")
def stop(site: Shared, number: ExportId) -> ExportState:
    """Write no further file; those that are finished stay."""
    job = _job(site, number)
    job.is_unwanted = True
    return job.document()


@exports_api.get("/{number}/zip", response_class=StreamingResponse)
def everything(site: Shared, number: ExportId) -> Response:
    """All files of an export in one ZIP file, packed while it is sent."""
    folder, files = _files(site, number)
    if not files:
        raise NotAvailableError("this export has no files, or has none yet")
    headers = {"content-disposition": f'attachment; filename="{folder.name}.zip"'}
    return StreamingResponse(zipped(folder, files), media_type="application/zip", headers=headers)


@exports_api.get("/{number}/files/{name}", response_class=FileResponse)
def exported(site: Shared, number: ExportId, name: Annotated[str, InPath(max_length=255)]) -> Response:
    """A file of an export."""
    folder, files = _files(site, number)
    if name not in files or not (folder / name).is_file():
        raise NotAvailableError("there is no such file in this export")
    return FileResponse(folder / name, filename=name)


def _files(site: Site, number: str) -> tuple[Path, list[str]]:
    """Where an export of this run, or of one before, wrote to, and its files."""
    if job := site.exports.find(number):
        return job.folder, job.files
    logged = next((each for each in site.exports.history()[0] if each.id == number), None)
    if logged is None:
        raise NotAvailableError("there is no such export in the log")
    return Path(logged.folder), site.exports.kept(logged)


def _job(site: Site, number: str) -> ExportJob:
    job = site.exports.find(number)
    if job is None:
        raise NotAvailableError("there is no such export in this run of the app")
    return job


def _moment(site: Site, each: Selection) -> Moment:
    video = site.file(each.video_id, each.file)
    name = Path(video.path).name
    if each.end <= each.start:
        raise UsageError(f"{name}: the stretch {each.start} to {each.end} ends before it begins")
    if each.start >= video.duration + 1:
        raise NotAvailableError(
            f"{name} has no stretch {each.start} to {each.end}; it lasts {video.duration:.1f} seconds"
        )
    peak = each.start if each.peak is None else min(max(each.peak, each.start), each.end)
    confidence = 1.0 if each.confidence is None else each.confidence
    told = {"peak": peak, "score": each.score, "confidence": confidence, "keyframe_id": each.keyframe_id}
    return Moment.of(video, start=each.start, end=each.end, **told)
