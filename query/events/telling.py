"""Tells new alerts to a program or to an address on the web.

What is to be told stands in the catalog, written with the alerts in one transaction. It is forgotten only when the
program ended well or the address answered with success. So a power cut tells an alert twice rather than never, and its
`id` says that it is the same. A receiver that doesn't answer costs a run a bounded time, and the next run tries again.
"""

from __future__ import annotations

import http.client
import json
import shlex
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from typing import IO, Any
from urllib.parse import urlsplit

from framescout.catalog.pending import PendingAlerts
from framescout.catalog.records import PendingAlert
from framescout.deadline import within
from framescout.errors import UsageError

_PATIENCE = 10.0  # seconds for one answer
_WAITS = (1.0, 3.0, 9.0)  # seconds before the second, third and fourth try
_LONGEST = 120.0  # seconds of one run; what is left waits for the next
_TRY_AGAIN = frozenset({408, 425, 429})  # the other answers below 500 come again and again
_A_BATCH = 500  # alerts that a program gets at once


def address(written: str) -> str:
    """The address of `--post`, checked.

    Raises:
        UsageError: it is none that alerts can be sent to.
    """
    try:
        parts = urlsplit(written)
        is_address = (
            parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        is_address = False
    if not is_address or not written.isascii() or any(ord(letter) <= 32 for letter in written):
        raise UsageError(f"--post {written!r} is no address; write it like https://example.org/alerts")
    if parts.username is not None:
        raise UsageError("--post takes no user name and password in the address; put a token into its path instead")
    return written


def program(written: str) -> list[str]:
    """The program of `--exec` and its arguments; no shell reads them.

    Raises:
        UsageError: it is no command.
    """
    try:
        parts = shlex.split(written)
    except ValueError as error:
        raise UsageError(f"--exec {written!r} is no command: {error}") from error
    if not parts:
        raise UsageError("--exec is empty; write a program and its arguments")
    return parts


def tell(
    pending: PendingAlerts, targets: Sequence[dict[str, Any]], *, sleep: Callable[[float], None] = time.sleep
) -> list[str]:
    """Tell these targets what waits for them; return a sentence for each that could not be told all."""
    end = time.monotonic() + _LONGEST
    troubles = []
    for target in targets:
        waiting = [each for each in pending.all() if each.target == target]
        if not waiting:
            continue
        if "post" in target:
            left, why = _post_all(pending, target["post"], waiting, end, sleep)
        else:
            left, why = _hand_over(pending, target["exec"], waiting)
        if left:
            said = f"{left} alerts were not told" if left > 1 else "an alert was not told"
            troubles.append(f"{said}: {why}; the next run with the same option tries again")
    return troubles


def _post_all(
    pending: PendingAlerts, url: str, waiting: list[PendingAlert], end: float, sleep: Callable[[float], None]
) -> tuple[int, str]:
    """(how many are left, why)"""
    for place, each in enumerate(waiting):
        why = _post_patiently(url, each.alert, end, sleep)
        if why is not None:
            return len(waiting) - place, why
        pending.told([each.id])
    return 0, ""


def _post_patiently(url: str, alert: dict[str, Any], end: float, sleep: Callable[[float], None]) -> str | None:
    """Why it could not be sent; None where it was."""
    for wait in (*_WAITS, None):
        left = end - time.monotonic()
        if left <= 0:
            return f"{_host(url)} answers so slowly that {_LONGEST:.0f} seconds were not enough"
        why, is_worth_a_try = _post(url, alert, min(_PATIENCE, left))
        if why is None or not is_worth_a_try or wait is None or time.monotonic() + wait > end:
            return why
        sleep(wait)
    return None


def _post(url: str, alert: dict[str, Any], patience: float) -> tuple[str | None, bool]:
    """(why it could not be sent, whether that may pass)"""
    body = json.dumps(alert).encode()
    headers = {"content-type": "application/json", "user-agent": "framescout"}
    request = urllib.request.Request(url, body, headers, method="POST")  # noqa: S310 - http or https: see `address`
    try:
        within(patience, lambda: _OPENER.open(request, timeout=patience).close())
    except urllib.error.HTTPError as error:
        error.close()
        return f"{_host(url)} answered {error.code} {error.reason}", error.code >= 500 or error.code in _TRY_AGAIN
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, TimeoutError):
            return f"{_host(url)} does not answer in time", True
        return f"{_host(url)} can't be reached: {getattr(reason, 'strerror', None) or reason}", True
    return None, False


def _host(url: str) -> str:
    """Without the path, which may hold a token."""
    return urlsplit(url).netloc


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirected POST would become a GET elsewhere: the answer counts as it is."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


def _hand_over(pending: PendingAlerts, command: list[str], waiting: list[PendingAlert]) -> tuple[int, str]:
    """(how many are left, why)"""
    for place in range(0, len(waiting), _A_BATCH):
        batch = waiting[place : place + _A_BATCH]
        lines = "".join(json.dumps(each.alert) + "\n" for each in batch)
        try:
            done = subprocess.run(command, input=lines, text=True, check=False)  # noqa: S603
        except OSError as error:
            return len(waiting) - place, f"the program {command[0]} can't be run: {error.strerror}"
        except ValueError as error:
            return len(waiting) - place, f"the program {command[0]!r} can't be run: {error}"
        if done.returncode:
            return len(waiting) - place, f"the program {command[0]} ended with {done.returncode}"
        pending.told([each.id for each in batch])
    return 0, ""
