"""Renders the pages from what the API says; looking at them works without JavaScript."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi import Query as Parameter
from starlette.responses import HTMLResponse, Response
from starlette.templating import Jinja2Templates

from framescout import settings
from framescout.embedding.recommending import better_than
from framescout.errors import FramescoutError, NotAvailableError
from framescout.timeline import format_clock
from query.answer import Answer, Moment
from query.clips.names import readable
from query.confidence import MATCH
from query.fields import FIELDS
from query.request import ORDERS, PageToken
from query.web.archive import ArchiveList
from query.web.chips import chips
from query.web.documents import FileKey, VideoId
from query.web.error_responses import status_of
from query.web.site import Question, Shared, Site, file_key

if TYPE_CHECKING:
    from query.events.moments import Facts

pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
_Short = Annotated[str | None, Parameter(max_length=200)]
_Number = Annotated[int, Parameter(ge=1, le=1_000_000)]
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_EVENTS_SHOWN, _KEYFRAMES_SHOWN, _VIDEOS_SHOWN = 60, 300, 60
_templates = Jinja2Templates(Path(__file__).parent / "templates")


def _clock(seconds: float) -> str:
    return format_clock(seconds, decimals=1)


def _span(seconds: float) -> str:
    """How long it takes, in the largest unit that says something."""
    for unit, size in (("hour", 3600), ("minute", 60)):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}s"
    return "a minute"


def _sureness(confidence: float) -> str:
    """Confidence as words."""
    if confidence >= 0.8:
        return "very likely"
    if confidence >= MATCH:
        return "likely"
    return "perhaps" if confidence >= 0.2 else "unlikely"


_templates.env.filters |= {
    "share": lambda confidence: f"{confidence:.0%}",
    "thousands": lambda number: f"{number:,}".replace(",", "\u2009"),
    "clock": _clock,
    "span": _span,
    "sureness": _sureness,
    "shown": readable,
    "file_key": file_key,
}


@pages.get("/")
def search_page(request: Request, site: Shared, asked: Question) -> Response:
    """The search, and what it found."""
    answer, sentence, status = None, None, 200
    if not asked.is_empty:
        try:
            answer = site.ask(asked).result()
        except FramescoutError as error:
            sentence, status = str(error), status_of(error)
    given = request.query_params
    return _render(
        request,
        "search.html",
        answer=answer,
        cards=_cards(site, answer) if answer else [],
        sentence=sentence,
        paging=_paging(request, answer),
        chips=chips(given.multi_items()),
        given={key: given.getlist(key) for key in given},
        choices={"order": ORDERS},
        fields=FIELDS,
        start=None if answer or sentence else _start(site),
        status=status,
    )


def _paging(request: Request, answer: Answer | None) -> dict[str, Any]:
    """The number of the page, and the addresses of those beside it."""
    token = PageToken.read(request.query_params.get("page") or None) if answer else PageToken()
    rest = [(key, value) for key, value in request.query_params.multi_items() if key != "page"]
    before = None
    if token.number > 1:
        below = "" if token.below is None else f"@{token.below}"
        before = "/?" + urlencode([*rest, ("page", f"{token.number - 1}{below}")])
    after = "/?" + urlencode([*rest, ("page", answer.next_page)]) if answer and answer.next_page else None
    return {"number": token.number, "before": before, "after": after}


def _start(site: Site) -> dict[str, Any]:
    """What there is to begin with: how large the archive is, what is new, the searches that are saved."""
    with site.engine.catalog.snapshot() as snapshot:
        totals = snapshot.totals()
        order = snapshot.indexed_since(_EVER).newest
        videos = {video.id: video for video in snapshot.videos(order)}
    saved = [
        (
            each.name,
            "/?" + urlencode({name: value for name, value in each.query.items() if name != "limit"}, doseq=True),
        )
        for each in site.engine.catalog.saved_searches.all()
        if "images" not in each.query  # files of somebody's machine: no request names a path
    ]
    newest = [videos[number] for number in order]
    names = _names([video.path for video in newest])
    return {
        "videos": totals.videos,
        "hours": totals.duration / 3600,
        "quarantined": totals.quarantined,
        "unread": _unread(site),
        "saved": saved,
        "newest": [{"video": each, "name": names[each.path], "at": _at(site, each.recorded_at)} for each in newest],
    }


def _unread(site: Site) -> int:
    """How many alerts nobody has looked at."""
    from query.events.moments import stored_moments

    try:
        return sum(facts.is_unread for pairs in stored_moments(site.engine).values() for _, facts in pairs)
    except NotAvailableError:  # nothing is indexed yet
        return 0


@pages.get("/videos/{video_id}")
def video_page(request: Request, site: Shared, video_id: VideoId, page: _Number = 1, file: FileKey = "") -> Response:
    """A video's storyboard."""
    video = site.video(video_id, file)
    recorded = video.recorded_at.astimezone(site.engine.zone) if video.recorded_at else None
    return _render(
        request,
        "video.html",
        video=video,
        name=Path(video.path).name,
        keyframes=site.keyframes(video_id),
        day=f"{recorded:%Y-%m-%d}" if recorded else None,
        recorded=_at(site, recorded),
        page=page,
        size=_KEYFRAMES_SHOWN,
    )


@pages.get("/archive")
def archive_page(
    request: Request,
    site: Shared,
    camera: _Short = None,
    day: _Short = None,
    page: _Number = 1,
) -> Response:
    """The archive by camera and day."""
    with site.engine.catalog.snapshot() as snapshot:
        archive = ArchiveList(snapshot, site.engine.zone, camera or None, day or None)
        shown = archive.videos((page - 1) * _VIDEOS_SHOWN, page * _VIDEOS_SHOWN)
    videos = [each | _when(site, each["recorded_at"]) for each in shown]
    return _render(
        request,
        "archive.html",
        cameras=archive.cameras,
        all_days=archive.days,
        days=[(name, [*own]) for name, own in groupby(videos, key=lambda each: each.get("day"))],
        camera=camera or None,
        day=day or None,
        page=page,
        pages=max(1, -(-len(archive) // _VIDEOS_SHOWN)),
    )


def _when(site: Site, recorded_at: str | None) -> dict[str, str]:
    if recorded_at is None:
        return {}
    at = datetime.fromisoformat(recorded_at).astimezone(site.engine.zone)
    return {"day": f"{at:%Y-%m-%d}", "time": f"{at:%H:%M:%S}"}


@pages.get("/events")
def events_page(
    request: Request,
    site: Shared,
    event: _Short = None,
    camera: _Short = None,
    order: Annotated[str, Parameter(pattern="^(sure|time)$")] = "sure",
    said: Annotated[str, Parameter(pattern="^(|new|right|wrong)$")] = "",
    page: _Number = 1,
) -> Response:
    """The alerts of events: a timeline, and the same as a list."""
    from query.events.moments import stored_moments

    try:
        stored = stored_moments(site.engine)
    except NotAvailableError:  # nothing is indexed yet
        stored = {}
    alerts = [
        (moment, name, facts)
        for name, pairs in stored.items()
        for moment, facts in pairs
        if event in (None, "", name) and camera in (None, "", moment.camera or "unknown") and _is(facts, said)
    ]
    if order == "time":
        alerts.sort(key=lambda each: (each[0].recorded_at is None, _time_of(each[0]), each[0].video, each[0].start))
    else:
        alerts.sort(key=lambda each: -each[0].score)
    shown = alerts[(page - 1) * _EVENTS_SHOWN : page * _EVENTS_SHOWN]
    return _render(
        request,
        "events.html",
        cards=[
            _card(site, moment) | {"context": facts.context, "event": name, "alert": facts}
            for moment, name, facts in shown
        ],
        counts={name: len(pairs) for name, pairs in stored.items()},
        cameras=sorted({moment.camera or "unknown" for pairs in stored.values() for moment, _ in pairs}),
        found=len(alerts),
        unread=sum(facts.is_unread for name in stored if event in (None, "", name) for _, facts in stored[name]),
        chosen={"event": event, "camera": camera, "order": order, "said": said},
        page=page,
        pages=max(1, -(-len(alerts) // _EVENTS_SHOWN)),
        zone=str(site.engine.zone),
    )


def _is(facts: Facts, said: str) -> bool:
    """Whether an alert is new, or was right or wrong; any is where nothing is asked."""
    return {"": True, "new": facts.is_unread, "right": facts.was_right is True, "wrong": facts.was_right is False}[said]


def _time_of(moment: Moment) -> float:
    return moment.recorded_at.timestamp() + moment.start if moment.recorded_at else 0.0


@pages.get("/selection")
def selection_page(request: Request) -> Response:
    """The moments that were marked; the browser keeps them."""
    return _render(request, "selection.html")


@pages.get("/state")
def state_page(request: Request, site: Shared) -> Response:
    """What the catalog holds, and what needs somebody."""
    state, began = site.state(), None
    if run := state["run"]:
        run["newest"] = [each | {"name": readable(Path(each["video"]).name)} for each in run["newest"]]
        with suppress(ValueError):  # a run that has only just begun says no time
            since = datetime.fromisoformat(state["writer"]["since"])
            began = f"{since.astimezone(site.engine.zone):%d %b, %H:%M:%S}"
    active = next((each["name"] for each in state["models"] if each["active"]), settings.load().model)
    return _render(request, "state.html", state=state, began=began, better_model=better_than(active))


def error_page(request: Request, code: int, sentence: str) -> Response:
    """An error as a page."""
    return _render(request, "error.html", sentence=sentence, status=code)


def _render(request: Request, template: str, /, *, status: int = 200, **values: Any) -> Response:
    return _templates.TemplateResponse(request, template, values, status_code=status)


def _cards(site: Site, answer: Answer) -> list[dict[str, Any]]:
    """A page of moments; where they are sorted by it, the first that is no match any more is told."""
    is_match = [moment.confidence >= MATCH for moment in answer.moments]
    is_sorted = is_match == sorted(is_match, reverse=True)
    first_near = is_match.index(False) if is_sorted and len({*is_match}) == 2 else None
    names = _names([moment.video for moment in answer.moments])
    return [
        _card(site, moment) | {"name": names[moment.video], "is_first_near": number == first_near}
        for number, moment in enumerate(answer.moments)
    ]


def _card(site: Site, moment: Moment) -> dict[str, Any]:
    at = moment.recorded_at + timedelta(seconds=moment.peak) if moment.recorded_at else None
    return {
        "moment": moment,
        "name": readable(Path(moment.video).name),
        "at": _at(site, at),
        "peak_at": at and at.isoformat(),
    }


def _names(paths: Iterable[str]) -> dict[str, str]:
    """Path -> its file's name, with as many folders before it as tell it from the others."""
    parts = {path: Path(path).parts for path in paths}
    shown = dict.fromkeys(parts, 1)
    while True:
        ends = Counter(parts[path][-count:] for path, count in shown.items())
        alike = [path for path, count in shown.items() if ends[parts[path][-count:]] > 1 and count < len(parts[path])]
        if not alike:
            return {path: readable(str(Path(*parts[path][-count:]))) for path, count in shown.items()}
        for path in alike:
            shown[path] += 1


def _at(site: Site, time: datetime | None) -> str | None:
    return f"{time.astimezone(site.engine.zone):%a %d %b %Y, %H:%M:%S}" if time else None
