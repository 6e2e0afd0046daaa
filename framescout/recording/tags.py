"""Reads the time of a recording from its container's tags: what a tag means depends on the container and its maker.

QuickTime's `creation_time` is UTC by definition, AVI's IDIT chunk is the camera's local time, and a clock that was lost
writes 1904 or 1970. Android writes when a recording stopped, since it writes the header last.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import msgspec

from framescout.recording.forms import Strength
from framescout.recording.names import FIRST_YEAR, LAST_YEAR

KEPT = frozenset(
    [
        "creation_time",
        "com.apple.quicktime.creationdate",
        "date_recorded",
        "date_digitized",
        "date",
        "make",
        "model",
        "firmware",
        "com.apple.quicktime.make",
        "com.apple.quicktime.model",
        "com.android.version",
        "com.android.manufacturer",
        "com.android.model",
        "major_brand",
        "compatible_brands",
        "handler_name",
        "encoder",
        "software",
    ]
)
"""Tags that tell of the time or the device: what the catalog keeps of a container's."""
_LONGEST = 200


class Tag(msgspec.Struct, frozen=True):
    """A tag that holds a time, in the containers that write it."""

    name: str
    containers: str
    """Names of libav's demuxers, parted by commas; empty for all."""
    is_local: bool
    """Whether a time without a zone is the device's local time; else it is UTC."""
    strength: Strength
    why: str


TAGS = (
    Tag("com.apple.quicktime.creationdate", "", True, Strength.TAG, "Apple's tag; it says its zone"),
    Tag("date_recorded", "matroska,webm", True, Strength.TAG, "Matroska's tag; it says no zone"),
    Tag("date_digitized", "matroska,webm", True, Strength.TAG, "Matroska's tag; it says no zone"),
    Tag("creation_time", "avi", True, Strength.TAG, "AVI's IDIT chunk; the camera's local time"),
    Tag("creation_time", "", False, Strength.TAG, "UTC by the container's definition"),
)
"""The first row of a tag that names the container counts."""


class Maker(msgspec.Struct, frozen=True):
    """Who writes local time where the container's definition says UTC."""

    name: str
    tag: str
    pattern: re.Pattern[str]
    source: str


LOCAL_MAKERS = (
    Maker("GoPro", "handler_name", re.compile("GoPro"), "gopro/gpmf-parser issue 9, gopro/labs PR 5"),
    Maker("GoPro", "firmware", re.compile(r"^H(?:D\d|\d\d)\."), "gopro/labs issue 1333"),
    Maker("Nikon", "compatible_brands", re.compile("niko"), "immich-app/immich issue 13009"),
    Maker("Nikon", "make", re.compile("nikon", re.IGNORECASE), "immich-app/immich issue 13009"),
)


class TagTime(msgspec.Struct, frozen=True):
    """A time that a tag tells."""

    at: datetime
    """Naive where it is the device's local time."""
    strength: Strength
    tag: str
    why: str


def kept(container: str, *tags: Mapping[str, str]) -> dict[str, str]:
    """What the catalog keeps of a file's tags: names in small letters, the first mapping's value before the next's.

    `container` is the name of libav's demuxer, kept under that name.
    """
    evidence = {"container": container}
    for each in tags:
        for name, value in each.items():
            if name.lower() in KEPT and value:
                evidence.setdefault(name.lower(), value[:_LONGEST])
    return evidence


def times_in_tags(tags: Mapping[str, str], duration: float, *, is_local: bool = False) -> list[TagTime]:
    """The times that tags tell; each tag once. `duration`: of the video, in seconds.

    `is_local`: a person said that this camera writes its local time where the definition says UTC.
    """
    found: dict[str, TagTime] = {}
    for rule in TAGS:
        fits = not rule.containers or set(rule.containers.split(",")) & set(tags.get("container", "").split(","))
        if fits and rule.name not in found and (time := _read(rule, tags, duration, is_local=is_local)):
            found[rule.name] = time
    return list(found.values())


def _read(rule: Tag, tags: Mapping[str, str], duration: float, *, is_local: bool) -> TagTime | None:
    text = tags.get(rule.name)
    at = _parsed(text) if text else None
    if at is None:
        return None
    if rule.name != "creation_time":
        zoned = at.tzinfo is not None
        return TagTime(at, Strength.ZONED_TAG if zoned else rule.strength, rule.name, rule.why)
    at, why = at.replace(tzinfo=None), rule.why
    maker = next((each.name for each in LOCAL_MAKERS if each.pattern.search(tags.get(each.tag, ""))), None)
    if "com.android.version" in tags:
        at, why = at - timedelta(seconds=duration), f"{why}; Android writes the end, so less the duration"
    if rule.is_local:
        return TagTime(at, rule.strength, rule.name, why)
    if maker or is_local:
        return TagTime(at, rule.strength, rule.name, f"local time, as {maker or 'you said that this camera'} writes it")
    return TagTime(at.replace(tzinfo=UTC), rule.strength, rule.name, why)


def _parsed(text: str) -> datetime | None:
    """A date with a time of day, in ISO's form or with colons in the date; None where it is none, or can't be true."""
    text = re.sub(r"^(\d{4})[:/](\d\d)[:/](\d\d)", r"\1-\2-\3", text.strip())
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if FIRST_YEAR <= at.year <= LAST_YEAR and len(text) > len("2026-02-14") else None
