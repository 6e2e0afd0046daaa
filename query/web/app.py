"""Puts the app together: routes, pages, middleware and error pages."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from datetime import tzinfo
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import compile_path
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

import framescout
from framescout.catalog import Catalog
from framescout.errors import FramescoutError
from query.web.api import api
from query.web.error_responses import status_and_sentence
from query.web.guard import Guard
from query.web.pages import error_page, pages
from query.web.people import Person
from query.web.sentence_search import SentenceSearch
from query.web.site import Site
from query.web.work import Work

_HERE = Path(__file__).parent


def create_app(
    catalog: Catalog,
    *,
    exports: Path,
    host: str = "127.0.0.1",
    people: Sequence[Person] = (),
    model: str | None = None,
    zone: tzinfo | None = None,
    may_index: Sequence[Path] = (),
    config: Path | None = None,
    stays: bool = False,
) -> ASGIApp:
    """The web app of one catalog.

    Args:
        catalog: an open catalog.
        exports: the folder below which clips are written, and nothing else is.
        host: what it will listen on.
        people: whose token is demanded of every request; needed where `host` is no loopback address.
        model: by default the catalog's active one.
        zone: of dates without an offset; by default the setting.
        may_index: folders below which the page may index; without any it changes nothing in the catalog's videos.
        config: the file of settings that it is to be done with, as `--config`.
        stays: decoding processes start with it, so that the first picture needn't wait for them.
    """
    site = Site.of(catalog, exports, model=model, zone=zone, work=Work(catalog, may_index, config))

    @contextlib.asynccontextmanager
    async def living(app: FastAPI) -> AsyncIterator[None]:
        if stays:
            site.thumbnails.get_ready()
        yield
        site.questions.close()
        site.thumbnails.close()
        site.exports.close()
        site.work.close()

    app = FastAPI(title="framescout", version=framescout.__version__, lifespan=living, docs_url=None, redoc_url=None)
    app.state.site = site
    app.include_router(api)
    app.include_router(pages)
    app.mount("/static", StaticFiles(directory=_HERE / "static"), name="static")
    app.add_exception_handler(FramescoutError, _told)
    app.add_exception_handler(RequestValidationError, _told)
    app.add_exception_handler(HTTPException, _told)
    return Guard(SentenceSearch(app, site), host=host, people=people)


async def _told(request: Request, error: Exception) -> Response:
    """An error as a sentence: JSON for programs, a page for people."""
    code, sentence = status_and_sentence(error)
    answer = (
        JSONResponse({"error": sentence}, code)
        if request.url.path.startswith("/api")
        else error_page(request, code, sentence)
    )
    if isinstance(error, HTTPException):
        answer.headers.update(error.headers or {})
    if code == 405 and (methods := _methods(request)):
        answer.headers["allow"] = ", ".join(sorted(methods))
    return answer


def _methods(request: Request) -> set[str]:
    """What the API may do at this address; a route that refuses names only its own method."""
    paths = request.app.openapi()["paths"]
    matching = (methods for path, methods in paths.items() if compile_path(path)[0].match(request.url.path))
    return {method.upper() for methods in matching for method in methods}
