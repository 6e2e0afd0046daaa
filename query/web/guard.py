"""Decides which requests are answered, by their Host header, token and origin, and what a page may load.

On a loopback address no other site can reach the app: not by a name of its own that points there (DNS rebinding), nor
by a form or script on its pages. On any other address nothing is answered without the token.
"""

from __future__ import annotations

import hmac
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlencode, urlsplit

from starlette.datastructures import Headers, QueryParams
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from query.web.people import Person

_COOKIE = "framescout-token"
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SAFE = frozenset({"GET", "HEAD"})
_ASKS = "/api/pictures"  # a picture to search with
_TAKES_AWAY = ("/api/exports", "/api/work", "/exports")
"""What only those may see who may change something."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'; manifest-src 'self'"
)
_OPENER = "cross-origin-opener-policy"  # browsers complain of it where they don't trust the page's origin
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    _OPENER: "same-origin",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an app that listens there."""
    if host in _LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Guard:
    """ASGI middleware around the whole app."""

    def __init__(self, app: ASGIApp, *, host: str, people: Sequence[Person]) -> None:
        """`host`: what the app listens on. `people`: whose token is demanded of every request; empty: none is.

        The scope of a request that passes has the person as `person`.
        """
        self._app = app
        self._host = host
        self._people = people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass, with the headers; answer the rest with a sentence."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self._app(scope, receive, send)
            return  # no other kind is spoken here
        headers = Headers(scope=scope)
        refusal = self._refusal(scope, headers)
        await (refusal or self._app)(scope, receive, _with_headers(send, is_trusted=_is_trusted(scope, headers)))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        if not self._is_own_name(headers.get("host", "")):
            return PlainTextResponse("this app is not known by that name; open it by its address\n", 421)
        if self._people:
            given = QueryParams(scope["query_string"]).get("token")
            if given is not None and (person := self._person([given])):
                return _welcome(scope, person, cookie_name(headers))
            person = self._person(_tokens(headers))
            if person is None:
                return PlainTextResponse("the token is missing; open the address that framescout serve printed\n", 401)
            if not person.may_change and _changes(scope):
                return PlainTextResponse("this token may search and look, but not export or mark\n", 403)
            scope["person"] = person
        if scope["method"] not in _SAFE and not _is_same_origin(headers):
            return PlainTextResponse("a change may come only from the app's own pages\n", 403)
        return None

    def _person(self, given: Sequence[str]) -> Person | None:
        """Whose token is among these. All are compared: how long it takes says nothing of them."""
        matching = [person for person in self._people for each in given if _same(each, person.token)]
        return matching[0] if matching else None

    def _is_own_name(self, header: str) -> bool:
        """Whether a Host header names this app: a loopback name; elsewhere an address, this machine, or `--host`."""
        name = _name(header)
        if is_loopback(self._host):
            return is_loopback(name)
        if name.casefold() in {self._host.casefold(), socket.gethostname().casefold(), socket.getfqdn().casefold()}:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in _LOOPBACK
        return True


def _tokens(headers: Headers) -> list[str]:
    """Those that a request brings, in its header or its cookie."""
    scheme, _, given = headers.get("authorization", "").partition(" ")
    tokens = [given.strip()] if scheme.casefold() == "bearer" else []
    # http.cookies reads none where one is odd, and other apps of the same host set cookies for all of its ports
    cookies = cookie_parser(headers.get("cookie", ""))
    name = cookie_name(headers)
    return [*tokens, cookies[name]] if name in cookies else tokens


def cookie_name(headers: Headers) -> str:
    """Of the cookie that holds the token; it names the port, since a host's cookies are shared by all of its ports."""
    try:
        port = urlsplit(f"//{headers.get('host', '')}").port
    except ValueError:
        port = None
    return f"{_COOKIE}-{port}" if port else _COOKIE


def _changes(scope: Scope) -> bool:
    """Whether a request would change something, take footage away, or tell of folders and of what others do."""
    path: str = scope["path"]
    is_kept = any(path == each or path.startswith(f"{each}/") for each in _TAKES_AWAY)
    return is_kept or (scope["method"] not in _SAFE and path != _ASKS)


def _welcome(scope: Scope, person: Person, cookie: str) -> Response:
    """Keep the token in a cookie, and take it out of the address."""
    rest = [(key, value) for key, value in QueryParams(scope["query_string"]).multi_items() if key != "token"]
    path = "/" + scope["path"].lstrip("/")  # never "//elsewhere"
    answer = RedirectResponse(f"{path}?{urlencode(rest)}" if rest else path, 303)
    answer.set_cookie(cookie, person.token, httponly=True, samesite="strict", max_age=30 * 86_400)
    return answer


def _name(header: str) -> str:
    """Of a Host header; empty where it has none."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def _is_trusted(scope: Scope, headers: Headers) -> bool:
    """Whether browsers trust where the page comes from: TLS, by a proxy say, or this machine."""
    return scope.get("scheme") == "https" or is_loopback(_name(headers.get("host", "")))


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode())


def _is_same_origin(headers: Headers) -> bool:
    """Browsers say where a request comes from; programs don't, and carry no one's cookies."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")


def _with_headers(send: Send, *, is_trusted: bool) -> Callable[[Message], Awaitable[None]]:
    wanted = _HEADERS if is_trusted else {name: said for name, said in _HEADERS.items() if name != _OPENER}

    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = {name for name, _ in message["headers"]}
            more = [(name.encode(), value.encode()) for name, value in wanted.items() if name.encode() not in own]
            message["headers"] = [*message["headers"], *more]
        await send(message)

    return sending
