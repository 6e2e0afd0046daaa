"""The people that the web app lets in: each has a token of their own, which may be kept in a file between runs."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from fastapi import Request

from framescout.errors import NotAvailableError, UsageError
from framescout.people import user_of_this_process

EVERYONE = "everyone"
"""The name of those who share the one token, where nobody is named."""
_NAME = re.compile(r"[^\s#]{1,64}")
_LINE = re.compile(r"([^\s#]{1,64})\s+([A-Za-z0-9._~+/=-]{16,})(?:\s+(viewer))?")
_TOKENS_FORM = "a token of 16 or more of A-Z a-z 0-9 . _ ~ + / = -"


class Person(msgspec.Struct, frozen=True):
    """Somebody who is let in."""

    name: str
    token: str
    may_change: bool = True
    """Whether they may export and mark alerts; else they only search and look."""


def people(users: Sequence[str], viewers: Sequence[str], kept: Path | None) -> list[Person]:
    """Who is let in: those who are named; where nobody is, all of the file; without one, a token that all share.

    Args:
        users: may do all.
        viewers: only search and look.
        kept: a file with a line `NAME TOKEN` for each, and a third word "viewer" where that is so. Who stands in it has
            that token; others are added to it.

    Raises:
        UsageError: a name or a line is none, or somebody is named twice, or otherwise than in the file.
        NotAvailableError: the file can't be read or written.
    """
    known = _read(kept) if kept else {}
    names = [*users, *viewers] or [*known] or [EVERYONE]
    if bad := [name for name in names if not _is_name(name)]:
        raise UsageError(f"{bad[0]!r} can't be a name; use up to 64 letters, without spaces or #")
    if len({*names}) < len(names):
        raise UsageError("somebody is named twice; name each by --user or --viewer once")
    for name in (*users, *viewers):
        if name in known and known[name].may_change == (name in viewers):
            raise UsageError(f"{name} may do something else by {kept}; change the line there")
    added = {name: Person(name, secrets.token_urlsafe(24), name not in viewers) for name in names if name not in known}
    if kept and added:
        _add(kept, added.values())
    return [(known | added)[name] for name in names]


def name_of(request: Request) -> str:
    """Who sent it; where nobody is told from others, the user of this computer."""
    person: Person | None = request.scope.get("person")
    return person.name if person else user_of_this_process()


def _is_name(text: str) -> bool:
    """Whether it can stand in the file, and be printed: a terminal obeys some characters."""
    return bool(_NAME.fullmatch(text)) and text.isprintable()


def _read(path: Path) -> dict[str, Person]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()  # Windows' editors begin it with a mark
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise NotAvailableError(f"the tokens in {path} can't be read ({error})") from error
    known: dict[str, Person] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line.strip())
        if match is None or not _is_name(match[1]):
            raise UsageError(f"{path}, line {number}: wanted NAME TOKEN [viewer], {_TOKENS_FORM}")
        name, token, viewer = match.groups()
        if name in known or token in {each.token for each in known.values()}:
            raise UsageError(f"{path}, line {number}: {name} or their token stands there twice")
        known[name] = Person(name, token, not viewer)
    return known


def _add(path: Path, added: Iterable[Person]) -> None:
    """Add lines at the end, behind a line that has none; nobody else may read the file if it is made here."""
    lines = "".join(f"{each.name} {each.token}{'' if each.may_change else ' viewer'}\n" for each in added)
    try:
        path.touch(mode=0o600)
        before = path.read_text(encoding="utf-8")
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write("\n" * bool(before and not before.endswith("\n")) + lines)
    except OSError as error:
        raise NotAvailableError(f"the tokens can't be kept in {path} ({error.strerror})") from error
