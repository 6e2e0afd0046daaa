"""Reads the time of a recording from its file's name and folders, by the table in forms.py."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo

import msgspec

from framescout.recording.forms import FORMS, Form, Part, Strength

FIRST_YEAR, LAST_YEAR = 1990, 2100
"""A date outside of them is no recording's."""
_FOLDERS = 8
"""So many of a file's nearest folders may carry its date: events/1/26/02/14/22/15/00/1234-video.mp4."""
_SIDES = {"f": "front", "r": "rear", "b": "rear", "i": "inside", "o": "other", "c": "cabin"}

_OFFSETS = frozenset(
    [60 * hours for hours in range(-12, 15)]
    + [sign * (60 * hours + 30) for sign, hours in ((1, 3), (1, 4), (1, 5), (1, 6), (1, 9), (1, 10), (-1, 3), (-1, 9))]
    + [5 * 60 + 45, 8 * 60 + 45, 12 * 60 + 45, 13 * 60 + 45, -(2 * 60 + 30)]
)
"""Minutes that clocks are ahead of UTC, somewhere: other digits behind a time are no offset."""
_NAMED_UTC = re.compile(
    r"\b(?:UTC|GMT)(?:\s?(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?)?(?!\w)", re.IGNORECASE
)
_ZULU = re.compile(r"\s?Z(?![0-9A-Za-z])", re.IGNORECASE)
_OFFSET = re.compile(r"(?P<sign>\+|(?<![0-9A-Za-z])[-\u2212])(?P<hours>\d\d):?(?P<minutes>\d\d)(?![\d]|[:.]\d)")
_SHORT_OFFSET = re.compile(r"(?P<sign>\+)(?P<hours>\d\d)(?!:?\d)")


_BY_KIND = {
    (part, is_guess): [
        (form, form.pattern.match if form.is_at_start else form.pattern.search)
        for form in FORMS
        if (form.part, form.strength is Strength.GUESS) == (part, is_guess)
    ]
    for is_guess in (False, True)
    for part in (Part.NAME, Part.PATH)
}


class NameTime(msgspec.Struct, frozen=True):
    """A time that a name or its folders tell."""

    at: datetime
    """Naive where the name doesn't say its zone: then it is the local time of the clock that wrote it."""
    form: Form
    camera: str | None
    """What the form itself says of the camera."""

    @property
    def strength(self) -> Strength:
        """How far it is believed."""
        zoned = self.at.tzinfo is not None and self.form.strength is Strength.NAME
        return Strength.ZONED_NAME if zoned else self.form.strength


def times_in(path: str) -> list[NameTime]:
    """Every time that the path can be read as, one a kind: in the name, in folders and name, a guess at each."""
    found: dict[tuple[Part, bool], NameTime] = {}
    for kind, time in _readings(path):
        found.setdefault(kind, time)
    return list(found.values())


def best_time_in(path: str) -> NameTime | None:
    """The strongest of `times_in`; looks no further once nothing stronger can come."""
    return next((time for _, time in _readings(path)), None)


def _readings(path: str) -> Iterator[tuple[tuple[Part, bool], NameTime]]:
    """By the forms in their order, which is that of strength."""
    folders, _, name = path.rpartition("/")
    stem = name.rpartition(".")[0] or name
    text = {Part.NAME: stem, Part.PATH: "/" + "/".join([*folders.split("/")[-_FOLDERS:], stem])}
    for (part, is_guess), forms in _BY_KIND.items():
        own = text[part]
        for form, match in forms:
            if (fits := match(own)) and (time := _read(form, fits)):
                yield (part, is_guess), time
                break


def _read(form: Form, match: re.Match[str]) -> NameTime | None:
    """The time of this match, or of a later one in the same text."""
    matches = [match] if form.is_at_start else form.pattern.finditer(match.string)
    for each in matches:
        parts = each.groupdict()
        at = _from_epoch(parts) if parts.get("epoch") else _from_clock(parts, each, form)
        if at is not None and FIRST_YEAR <= at.year <= LAST_YEAR:
            return NameTime(at, form, _camera(parts.get("camera")))
    return None


def _from_epoch(parts: Mapping[str, str | None]) -> datetime:
    thousandths = int(parts.get("fraction") or 0)
    return datetime.fromtimestamp(int(parts["epoch"] or 0), UTC) + timedelta(milliseconds=thousandths)


def _from_clock(parts: Mapping[str, str | None], match: re.Match[str], form: Form) -> datetime | None:
    """The moment, where there is such a date and time of day."""

    def number(name: str) -> int:
        return int(parts.get(name) or 0)

    day = _day(parts)
    if day is None:
        return None
    micro = int((parts.get("fraction") or parts.get("micro") or "").ljust(6, "0"))
    try:
        at = datetime(*day, _hour(parts), number("minute"), number("second"), micro)
    except ValueError:
        return None
    zone = UTC if form.is_utc else _zone(match)
    return at if zone is None else at.replace(tzinfo=zone)


def _day(parts: Mapping[str, str | None]) -> tuple[int, int, int] | None:
    """Year, month and day; None where month and day could be either of two numbers."""
    if short := parts.get("short"):
        return 2000 + int(short), int(parts["month"] or 0), int(parts["day"] or 0)
    year = int(parts["year"] or 0)
    if not parts.get("first"):
        return year, int(parts["month"] or 0), int(parts["day"] or 0)
    first, then = int(parts["first"] or 0), int(parts["next"] or 0)
    is_american = bool(parts.get("half") or parts.get("camera"))  # UniFi names the camera, and the month first
    if is_american or then > 12 or first == then:
        return year, first, then
    return (year, then, first) if first > 12 else None


def _hour(parts: Mapping[str, str | None]) -> int:
    hour, half = int(parts.get("hour") or 0), (parts.get("half") or "").upper()
    return hour % 12 + 12 * (half == "P") if half and 1 <= hour <= 12 else hour


def _zone(match: re.Match[str]) -> tzinfo | None:
    """The zone that is said behind the time."""
    behind = match["behind"]
    if _ZULU.match(behind):
        return UTC
    if named := _NAMED_UTC.search(behind):
        return UTC if named["sign"] is None else _offset(named)
    if short := _SHORT_OFFSET.match(behind):
        return _offset(short)
    clock_dashes = match.string[match.start("minute") - 1 : match.start("minute")] == "-"
    for offset in _OFFSET.finditer(behind):
        is_another_number = offset["sign"] == "-" and offset.start() == 0 and clock_dashes and match["micro"] is None
        if not is_another_number and (zone := _offset(offset)):
            return zone
    return None


def _offset(match: re.Match[str]) -> tzinfo | None:
    parts = match.groupdict()
    minutes = 60 * int(parts["hours"]) + int(parts.get("minutes") or 0)
    minutes = minutes if parts["sign"] == "+" else -minutes
    return timezone(timedelta(minutes=minutes)) if minutes in _OFFSETS else None


def _camera(text: str | None) -> str | None:
    """What the form says of the camera; the letters of car cameras in words."""
    return None if not text else _SIDES.get(text.lower(), text.strip(" -_"))
