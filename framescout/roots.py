"""Names for the places of footage, so that one catalog serves machines that mount it in different places.

The catalog stores the path of a file below a root as the root's name, a colon, and the path from there:
`archive:cam1/a.mp4`. Each machine's settings say where its roots are. Other paths are stored as they are.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from framescout.errors import UsageError

_NAME = re.compile(r"[a-z][a-z0-9_-]+")  # two letters or more: a single letter would be a Windows drive
_STORED = re.compile(rf"({_NAME.pattern}):(?!/)")


def check_roots(places: Mapping[str, str]) -> None:
    """Refuse names and places that would be read as something else.

    Raises:
        UsageError: a name is none, a place is not absolute, or one lies within another.
    """
    for name, place in places.items():
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} is no name of a root; take small letters, digits, - and _, like archive")
        if not Path(place).is_absolute():
            raise UsageError(f"the root {name} needs an absolute path, not {place!r}")
    # with a separator at its end, a folder sorts directly before what lies within it: `/a/`, `/a/b/`, then `/a-b/`
    folders = sorted((_joined(_real(place), ""), name) for name, place in places.items())
    for (outer, first), (inner, second) in pairwise(folders):
        if inner.startswith(outer):
            raise UsageError(f"the root {second} lies within the root {first}; name one of the two")


class Roots:
    """Where this machine has its roots; turns the catalog's paths into this machine's, and back."""

    def __init__(self, places: Mapping[str, str] | None = None) -> None:
        """`places`: name -> absolute path, as `check_roots` lets them through; links in them are followed."""
        self.places = {name: _real(place) for name, place in sorted((places or {}).items())}

    def here(self, stored: str) -> str:
        """The path on this machine; as it is stored, where it is below no root that this machine has."""
        found = _STORED.match(stored) if self.places else None
        if found is None or found[1] not in self.places:
            return stored
        place, rest = self.places[found[1]], stored[found.end() :]
        return _joined(place, rest) if rest else place

    def stored(self, path: str) -> str:
        """As the catalog stores a path of this machine."""
        for name, place in self.places.items():
            if path == place:
                return f"{name}:"
            if path.startswith(_joined(place, "")):
                return f"{name}:{path[len(_joined(place, '')) :].replace(os.sep, '/')}"
        return path

    def __repr__(self) -> str:
        return repr(self.places)


def root_of(stored: str) -> str | None:
    """The name of the root that a stored path is below; None for others."""
    found = _STORED.match(stored)
    return found[1] if found else None


def no_place(path: str) -> str | None:
    """The way out, where `path` is below a root that has no place on this machine."""
    name = root_of(path)
    if name is None:
        return None
    return f"its root {name} has no place on this machine; name it with: framescout roots add {name} FOLDER"


def _real(place: str) -> str:
    return os.path.realpath(place)


def _joined(place: str, rest: str) -> str:
    return place.rstrip(os.sep) + os.sep + rest.replace("/", os.sep)
