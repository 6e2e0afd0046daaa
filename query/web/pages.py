"""The pages: what the API says, rendered for people; they work without JavaScript as far as looking goes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi import Query as Parameter
from starlette.responses import HTMLResponse, Response
from starlette.templating import Jinja2Templates

from framescout.errors import FramescoutError
from framescout.timeline import format_clock
from query.answer import Moment
from query.clips.names import readable
from query.confidence import MATCH
from query.engine import find_model
from query.web.api import Question, Shared, VideoId
from query.web.site import Site

pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
_templates = Jinja2Templates(Path(__file__).parent / "templates")


def _clock(seconds: float) -> str:
    return format_clock(seconds, decimals=1)


def _sureness(confidence: float) -> str:
    """Confidence as words."""
    if confidence >= 0.8:
        return "very likely"
    if confidence >= MATCH:
        return "likely"
    return "perhaps" if confidence >= 0.2 else "unlikely"


_templates.env.filters |= {"clock": _clock, "sureness": _sureness, "shown": readable}


@pages.get("/")
def search_page(request: Request, site: Shared, asked: Question) -> Response:
    """The search, and what it found."""
    answer, sentence = None, None
    if not asked.is_empty:
        try:
            answer = site.ask(asked).result()
        except FramescoutError as error:
            sentence = str(error)
    following = None
    if answer and answer.next_page:
        rest = [(key, value) for key, value in request.query_params.multi_items() if key != "page"]
        following = "?" + urlencode([*rest, ("page", answer.next_page)])
    given = request.query_params
    return _render(
        request,
        "search.html",
        answer=answer,
        cards=[_card(site, moment) for moment in answer.moments] if answer else [],
        sentence=sentence,
        following=following,
        given={key: given.getlist(key) for key in given},
        picture=asked.picture,
        choices=_choices(site),
        status=400 if sentence else 200,
    )


@pages.get("/videos/{video_id}")
def video_page(request: Request, site: Shared, video_id: VideoId) -> Response:
    """A video's storyboard."""
    found = site.video(video_id)
    return _render(request, "video.html", video=found, name=Path(found.path).name, keyframes=site.keyframes(video_id))


@pages.get("/archive")
def archive_page(
    request: Request,
    site: Shared,
    camera: Annotated[str | None, Parameter(max_length=200)] = None,
    day: Annotated[str | None, Parameter(max_length=20)] = None,
    page: Annotated[int, Parameter(ge=1, le=1_000_000)] = 1,
) -> Response:
    """The archive by camera and day."""
    archive, size = site.archive(camera or None, day or None), 60
    shown = archive["videos"][(page - 1) * size : page * size]
    return _render(
        request,
        "archive.html",
        archive=archive,
        videos=shown,
        camera=camera or None,
        day=day or None,
        page=page,
        pages=max(1, -(-len(archive["videos"]) // size)),
    )


@pages.get("/events")
def events_page(request: Request, site: Shared) -> Response:
    """The alerts of events."""
    from query.events.moments import stored_moments

    found = {
        name: [_card(site, moment) | {"context": context} for moment, context in pairs]
        for name, pairs in stored_moments(site.engine).items()
    }
    return _render(request, "events.html", events=found)


@pages.get("/selection")
def selection_page(request: Request) -> Response:
    """The moments that were marked; the browser keeps them."""
    return _render(request, "selection.html")


@pages.get("/state")
def state_page(request: Request, site: Shared) -> Response:
    """What the catalog holds, and what needs somebody."""
    return _render(request, "state.html", state=site.state())


def error_page(request: Request, code: int, sentence: str) -> Response:
    """An error as a page."""
    return _render(request, "error.html", sentence=sentence, status=code)


def _render(request: Request, template: str, /, *, status: int = 200, **values: Any) -> Response:
    return _templates.TemplateResponse(request, template, values, status_code=status)


def _card(site: Site, moment: Moment) -> dict[str, Any]:
    at = moment.recorded_at + timedelta(seconds=moment.peak) if moment.recorded_at else None
    return {
        "moment": moment,
        "name": readable(Path(moment.video).name),
        "at": f"{at.astimezone(site.engine.zone):%a %d %b %Y, %H:%M:%S}" if at else None,
    }


def _choices(site: Site) -> dict[str, list[str]]:
    """What the fields of the form may hold: cameras and labels of the catalog."""
    with site.engine.catalog.snapshot() as snapshot:
        cameras = sorted({video.camera for video in snapshot.video_facts() if video.camera})
        try:
            sets = snapshot.labels(find_model(snapshot, site.engine.model_name).id).sets()
        except FramescoutError:  # nothing is indexed yet
            sets = {}
    return {"cameras": cameras, "labels": [f"{name}={label}" for name, each in sets.items() for label in each.labels]}
