"""Renders the pages from what the API says; looking at them works without JavaScript."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from fastapi import Query as Parameter
from starlette.responses import HTMLResponse, Response
from starlette.templating import Jinja2Templates

from framescout import settings
from framescout.catalog.file_columns import FileColumns
from framescout.catalog.records import Video
from framescout.embedding.recommending import better_than
from framescout.errors import FramescoutError, NotAvailableError
from framescout.timeline import format_clock
from query.answer import Answer, Moment
from query.clips.names import readable
from query.confidence import MATCH
from query.fields import FIELDS
from query.request import ORDERS, PageToken
from query.web.archive import NO_NAME, ArchiveList
from query.web.chips import Chip, chips
from query.web.documents import FileKey, KeyframeId, VideoId
from query.web.error_responses import status_of
from query.web.last_days import last_days
from query.web.people import Person
from query.web.question_parameters import QuestionParameters
from query.web.saved_questions import SavedQuestion
from query.web.site import Question, Shared, Site, file_key

if TYPE_CHECKING:
    from query.events.moments import Facts

pages = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
_Short = Annotated[str | None, Parameter(max_length=200)]
_SearchName = Annotated[str | None, Parameter(max_length=4000)]
_Number = Annotated[int, Parameter(ge=1, le=1_000_000)]
_EVER = datetime(1970, 1, 1, tzinfo=UTC)
_EVENTS_SHOWN, _KEYFRAMES_SHOWN, _VIDEOS_SHOWN = 60, 300, 60
_CAMERAS_AT_START, _DAYS_AT_START = 12, 8
_EXPORTS_SHOWN, _STRETCHES_SHOWN = 50, 3
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
_templates.env.globals["least_match"] = MATCH


@pages.get("/")
def search_page(
    request: Request, site: Shared, asked: Question, saved: _SearchName = None, since: KeyframeId = 0
) -> Response:
    """The search, and what it found; `saved`: the search that was opened, `since`: in footage that came since."""
    answer, sentence, status = None, None, 200
    opened = _opened(site, asked, saved)
    if not asked.is_empty:
        try:
            answer = site.ask(asked, since).result()
        except FramescoutError as error:
            sentence, status = str(error), status_of(error)
    given = request.query_params
    paging = _paging(request, answer)
    return _render(
        request,
        "search.html",
        answer=answer,
        cards=_cards(site, answer, paging["near"], paging["first"]) if answer else [],
        sentence=sentence,
        paging=paging,
        chips=_chips(given.multi_items(), since),
        opened=opened,
        may_save=not asked.is_empty and _may_change(request),
        may_work=_may_change(request) and bool(site.work.folders),
        given={key: given.getlist(key) for key in given},
        choices={"order": ORDERS},
        fields=FIELDS,
        start=None if answer or sentence else _start(site),
        status=status,
    )


def _opened(site: Site, asked: QuestionParameters, name: str | None) -> dict[str, Any] | None:
    """The saved search that an address names, if there is one, and whether the address still asks the same."""
    found = [each for each in site.engine.catalog.saved_searches.all() if each.name == name] if name else []
    if not found:
        return None
    question = SavedQuestion.of(found[0])
    with site.engine.catalog.snapshot() as snapshot:
        below = snapshot.next_keyframe_id()  # before it is asked: what comes meanwhile stays new
    is_same = False
    with suppress(FramescoutError):  # it is no question, which the page says anyway
        is_same = question.asks(asked.query(site.asked_pictures))
    return {"name": question.name, "address": question.address, "is_same": is_same, "below": below}


def _chips(given: list[tuple[str, str]], since: int) -> list[Chip]:
    made = chips(given)
    if since:
        rest = [(name, value) for name, value in given if name not in ("since", "page") and value != ""]
        made.append(Chip("only what is new", "/?" + urlencode(rest)))
    return made


@pages.get("/searches")
def searches_page(request: Request, site: Shared) -> Response:
    """The saved searches."""
    found = [SavedQuestion.of(each) for each in site.engine.catalog.saved_searches.all()]
    return _render(request, "searches.html", searches=found, may_change=_may_change(request))


def _paging(request: Request, answer: Answer | None) -> dict[str, Any]:
    """Where the page lies in the whole answer, and the addresses of those beside it."""
    token = PageToken.read(request.query_params.get("page") or None) if answer else PageToken()
    rest = [(key, value) for key, value in request.query_params.multi_items() if key != "page"]
    before = None
    if token.number > 1:
        below = "" if token.below is None else f"@{token.below}"
        before = "/?" + urlencode([*rest, ("page", f"{token.number - 1}{below}")])
    after = "/?" + urlencode([*rest, ("page", answer.next_page)]) if answer and answer.next_page else None
    size = answer.query["limit"] if answer else 0
    first = (token.number - 1) * size
    return {
        "number": token.number,
        "size": size,
        "first": first,
        "near": _first_near(answer, first) if answer else None,
        "below": PageToken.read(answer.next_page).below if answer and answer.next_page else token.below,
        "before": before,
        "after": after,
    }


def _first_near(answer: Answer, first: int) -> int | None:
    """The number of the first moment that is no match, where others are before it; `first`: of the page's first."""
    is_sorted = answer.query.get("order") != "motion" or "min_confidence" not in answer.query
    return answer.matches if is_sorted and 0 < answer.matches < first + len(answer.moments) else None


def _start(site: Site) -> dict[str, Any]:
    """What there is to begin with: the last days by camera, what is new, what needs somebody."""
    with site.engine.catalog.snapshot() as snapshot:
        totals = snapshot.totals()
        order = snapshot.indexed_since(_EVER).newest
        columns = snapshot.file_columns()
        latest = last_days(columns, site.engine.zone, cameras=_CAMERAS_AT_START, days=_DAYS_AT_START)
        numbers = [number for each in latest for _, number in each.newest]
        videos = {video.id: video for video in snapshot.videos({*order, *columns.video_ids[numbers].tolist()})}
    saved = [SavedQuestion.of(each) for each in site.engine.catalog.saved_searches.all()]
    newest = [videos[number] for number in order]
    names = _names([video.path for video in newest])
    return {
        "videos": totals.videos,
        "hours": totals.duration / 3600,
        "quarantined": totals.quarantined,
        "gone": totals.gone,
        "events": _unread(site),
        "cameras": [
            {"camera": each.camera or NO_NAME, "days": [_last_day(site, columns, videos, *day) for day in each.newest]}
            for each in latest
        ],
        "more_cameras": len(columns.cameras) > _CAMERAS_AT_START,
        "saved": saved,
        "newest": [{"video": each, "name": names[each.path], "at": _at(site, each.recorded_at)} for each in newest],
    }


def _last_day(site: Site, columns: FileColumns, videos: Mapping[int, Video], day: date, number: int) -> dict[str, Any]:
    at, _ = columns.recorded(number)
    return {"day": day, "at": at.astimezone(site.engine.zone), "video": videos[columns.video_ids.item(number)]}


def _unread(site: Site) -> dict[str, int]:
    """How many alerts of each event nobody has looked at, where there are any."""
    from query.events.moments import stored_moments

    try:
        stored = stored_moments(site.engine)
    except NotAvailableError:  # nothing is indexed yet
        return {}
    counts = {name: sum(facts.is_unread for _, facts in pairs) for name, pairs in stored.items()}
    return {name: count for name, count in counts.items() if count}


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
        if event in (None, "", name) and camera in (None, "", moment.camera or NO_NAME) and _is(facts, said)
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
            _card(site, moment) | {"context": facts.context, "event": name, "alert": facts, "tint": tint}
            for (moment, name, facts), tint in zip(shown, site.tints([each[0] for each in shown]), strict=True)
        ],
        counts={name: len(pairs) for name, pairs in stored.items()},
        cameras=sorted({moment.camera or NO_NAME for pairs in stored.values() for moment, _ in pairs}),
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


@pages.get("/exports")
def exports_page(request: Request, site: Shared, page: _Number = 1) -> Response:
    """Who exported what, and when, with the files that are left."""
    found, unreadable = site.exports.history()
    rows = [
        {
            "export": each,
            "at": _at(site, each.at),
            "stretches": [_stretch(moment) for moment in each.moments[:_STRETCHES_SHOWN]],
            "more": max(0, len(each.moments) - _STRETCHES_SHOWN),
            "files": site.exports.kept(each),
        }
        for each in found[(page - 1) * _EXPORTS_SHOWN : page * _EXPORTS_SHOWN]
    ]
    pages_ = max(1, -(-len(found) // _EXPORTS_SHOWN))
    told = {"found": len(found), "unreadable": unreadable, "page": page, "pages": pages_}
    return _render(request, "exports.html", rows=rows, **told)


def _stretch(moment: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": readable(Path(moment["video"]).name), "start": moment["start"], "end": moment["end"]}


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
    shown: dict[str, Any] = {"state": state, "began": began, "better_model": better_than(active)}
    return _render(request, "state.html", may_work=_may_change(request) and bool(site.work.folders), **shown)


def _may_change(request: Request) -> bool:
    person: Person | None = request.scope.get("person")
    return person is None or person.may_change


def error_page(request: Request, code: int, sentence: str) -> Response:
    """An error as a page."""
    return _render(request, "error.html", sentence=sentence, status=code)


def _render(request: Request, template: str, /, *, status: int = 200, **values: Any) -> Response:
    return _templates.TemplateResponse(request, template, values, status_code=status)


def _cards(site: Site, answer: Answer, near: int | None, first: int) -> list[dict[str, Any]]:
    """A page of moments whose numbers count from `first`; that of the number `near` is told as the first only near."""
    names = _names([moment.video for moment in answer.moments])
    return [
        _card(site, moment) | {"name": names[moment.video], "is_first_near": number == near, "tint": tint}
        for number, (moment, tint) in enumerate(zip(answer.moments, site.tints(answer.moments), strict=True), first)
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
