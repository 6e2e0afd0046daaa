"""A query, in the words in which it was asked: options, HTTP parameters and saved searches all become one.

A Query checks itself when it is made, so later stages can trust it. It survives the way to JSON and back.
"""

from __future__ import annotations

import re
import shlex
from datetime import datetime, time, tzinfo
from typing import Any, Self

import msgspec

from framescout.errors import UsageError
from framescout.motion import Kind
from framescout.timeline import parse_clock
from query.fields import BY_NAME, FIELDS, FLAG, LONGEST_SENTENCE, MOST_PARTS

_MOST_EXAMPLES = 10 * MOST_PARTS
_SUFFICIENT = [field.name for field in FIELDS if field.suffices]
_BESIDE_TEXT = [field.name for field in FIELDS if field.group == "what" and field.name != "text"]
_WEIGHTED = re.compile(
    r"(?P<text>.*[^\W\d]\W*?):(?P<weight>[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?)", re.DOTALL | re.IGNORECASE
)
"""What is meant as a weight, also where it is none: 'dog:-2'."""
_WEIGHT = re.compile(r"\d{1,3}(?:\.\d{1,3})?")
_LEAST_WEIGHT, _LARGEST_WEIGHT = 0.1, 10.0
_HOURS = re.compile(r"(\d{1,2}):(\d\d)-(\d{1,2}):(\d\d)")
_TIMECODE = re.compile(r"\d\d:\d\d:\d\d[:;]\d\d\d?")
_PAGE = re.compile(r"(\d{1,6})(?:@(\d{1,18}))?")


class Query(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A question. Raises UsageError where it makes no sense."""

    text: str = ""
    """What should be seen; 'dog:2' weighs twice as much as 'dog'."""
    also: tuple[str, ...] = ()
    """What should be seen at the same moment besides."""
    without: tuple[str, ...] = ()
    """What should not be seen then."""
    images: tuple[str, ...] = ()
    """Files of pictures that the moment should look like."""
    like: tuple[str, ...] = ()
    """VIDEO@SECONDS or VIDEO@TIMECODE: places in the archive that it should look like; VIDEO is an id, a path, or the
    end of one."""
    then: tuple[str, ...] = ()
    """What should be seen after that, in this order."""
    within: tuple[float, ...] = ()
    """Seconds that each step of `then` may come after the one before it; one value serves for all."""
    more_like: tuple[int, ...] = ()
    """Keyframe ids of moments that were right."""
    less_like: tuple[int, ...] = ()
    """Keyframe ids of moments that were wrong."""
    after: str | None = None
    """A date or a date and time: not before it."""
    before: str | None = None
    """A date or a date and time: before it."""
    hours: str | None = None
    """A window of the wall clock: '08:00-17:30'; '22:00-05:00' goes across midnight."""
    cameras: tuple[str, ...] = ()
    """Names or globs of cameras; one of them."""
    not_cameras: tuple[str, ...] = ()
    """Names or globs of cameras; none of them."""
    paths: tuple[str, ...] = ()
    """Globs over the absolute path, or over its end: '*.mkv', 'cam1/**'; one of them."""
    not_paths: tuple[str, ...] = ()
    """Such globs; none of them."""
    labels: tuple[str, ...] = ()
    """SET=LABEL: keyframes that carry it; of one set any, of several sets each."""
    not_labels: tuple[str, ...] = ()
    """SET=LABEL: keyframes that carry none of them."""
    motion: str | None = None
    """How much moves in the keyframe's stretch: 'none', 'little', 'much' or 'sudden'."""
    min_duration: float | None = None
    """Seconds that the video lasts at least."""
    max_duration: float | None = None
    """Seconds that the video lasts at most."""
    min_confidence: float = 0.0
    order: str | None = None
    """'confidence', which it is where nothing is said, or 'motion': matches in which most moves come first."""
    collapse: bool = True
    """Whether near-duplicates count as one moment."""
    limit: int = 10
    page: str | None = None
    """'2', or what `next_page` of an answer said: then pages stay as they are while indexing goes on."""

    def __post_init__(self) -> None:
        said = (getattr(self, name) for name in _SUFFICIENT)
        if not any(each.strip() if isinstance(each, str) else each for each in said):
            raise UsageError("there is nothing to search for: write what should be seen, such as 'a red car'")
        parts = len(self.also) + len(self.without) + len(self.images) + len(self.like) + len(self.then)
        if parts > MOST_PARTS or len(self.more_like) + len(self.less_like) > _MOST_EXAMPLES:
            raise UsageError(f"the question has more than {MOST_PARTS} parts; ask for less at once")
        for text in self.texts:
            Term.read(text)
        for place in self.like:
            Place.read(place)
        self._check_steps()
        self._check_numbers()
        PageToken.read(self.page)
        for option, date in (("--after", self.after), ("--before", self.before)):
            if date is not None:
                read_date(date, None, option)
        if self.hours is not None:
            Hours.read(self.hours)
        if self.motion is not None:
            read_motion(self.motion)
        if self.order not in (None, *ORDERS):
            raise UsageError(f"--order {self.order!r} is no order; it is one of {', '.join(ORDERS)}")
        for label in (*self.labels, *self.not_labels):
            read_label(label)

    def _check_steps(self) -> None:
        if len(self.within) > max(1, len(self.then)) or (self.within and not self.then):
            raise UsageError("--within belongs to a --then before it")
        if len(self.within) > 1 and len(self.within) != len(self.then):
            raise UsageError("give --within once for all, or once for each --then")
        for seconds in self.within:
            BY_NAME["within"].check(seconds)

    def _check_numbers(self) -> None:
        for field in FIELDS:
            value = getattr(self, field.name)
            if field.bounds and not field.is_many and value is not None:
                field.check(value)

    def as_options(self) -> str:
        """The words and options of a command line that asks this."""
        said: list[str] = []
        for field in FIELDS:
            value = getattr(self, field.name)
            if field.options and value != type(self).__struct_defaults__[FIELDS.index(field)]:
                for each in value if field.is_many else [value]:
                    said += [field.option] if field.kind is FLAG else [field.option, _plain(each)]
        texts = self.wanted_texts
        looks_like_an_option = any(text.startswith("-") for text in texts)
        return shlex.join([*said, "--", *texts] if looks_like_an_option else [*texts, *said])

    @property
    def wanted_texts(self) -> tuple[str, ...]:
        """Every sentence that must hold at the moment itself."""
        return (self.text, *self.also) if self.text.strip() else self.also

    @property
    def texts(self) -> tuple[str, ...]:
        """Every sentence in it."""
        return (*self.wanted_texts, *self.without, *self.then)

    @property
    def is_one_sentence(self) -> bool:
        """Whether it asks for one sentence, of the usual weight, and nothing else, filters but that of motion aside."""
        others = any(getattr(self, name) for name in _BESIDE_TEXT) or self.motion or self.is_by_motion
        return bool(self.text.strip()) and Term.read(self.text).weight == 1.0 and not others

    @property
    def is_by_motion(self) -> bool:
        """Whether matches in which most moves come first."""
        return self.order == "motion"

    @property
    def steps(self) -> list[tuple[str, float]]:
        """What follows, and within how many seconds each."""
        within = self.within or (DEFAULT_WITHIN,)
        return list(zip(self.then, within * len(self.then) if len(within) == 1 else within, strict=True))

    def to_json(self) -> dict[str, Any]:
        """What was asked, without what was not; `Query.from_json` reads it."""
        asked: dict[str, Any] = msgspec.to_builtins(self)
        return asked | {"limit": self.limit}

    @classmethod
    def from_json(cls, asked: Any) -> Self:
        """Raises UsageError where it is no question."""
        try:
            return msgspec.convert(asked, cls)
        except (msgspec.ValidationError, UnicodeError) as error:
            raise UsageError(f"this is no question: {error}") from error


MOTIONS = (Kind.NONE, Kind.LITTLE, Kind.MUCH, Kind.SUDDEN)
"""That a question may ask for."""
ORDERS = ("confidence", "motion")
DEFAULT_WITHIN = 60.0
"""Seconds."""


class Term(msgspec.Struct, frozen=True):
    """A sentence and how much it weighs."""

    text: str
    weight: float

    @classmethod
    def read(cls, written: str) -> Self:
        """'dog:2' -> dog, 2; a number after a colon counts where a word stands before it: 'at 12:30' is no weight."""
        if len(written) > LONGEST_SENTENCE:
            raise UsageError(f"the sentence is longer than {LONGEST_SENTENCE} letters; say it shorter")
        match = _WEIGHTED.fullmatch(written.strip())
        text, weight = (match["text"], match["weight"]) if match else (written, "1")
        if not text.strip():
            raise UsageError("a sentence is empty: write what should be seen, such as 'a red car'")
        if not _WEIGHT.fullmatch(weight) or not _LEAST_WEIGHT <= float(weight) <= _LARGEST_WEIGHT:
            bounds = f"between {_LEAST_WEIGHT} and {_LARGEST_WEIGHT:g}"
            raise UsageError(f"{written!r}: a weight lies {bounds}, written with three decimals at most")
        return cls(" ".join(text.split()), float(weight))


class Place(msgspec.Struct, frozen=True):
    """A time in a video of the archive."""

    video: str
    seconds: float
    timecode: str = ""
    """hh:mm:ss:ff as the recorder counts, in place of the seconds."""

    @classmethod
    def read(cls, written: str) -> Self:
        """'cam1/a.mp4@1:15', '7@75' or, by the recorder's timecode, 'cam1/a.mov@14:09:46:10'."""
        video, at, clock = written.rpartition("@")
        if video and _TIMECODE.fullmatch(clock):
            return cls(video, 0.0, clock)
        try:
            seconds = parse_clock(clock)
        except ValueError:
            at = ""
        if not at or not video:
            raise UsageError(f"--like {written!r} is no place; write VIDEO@SECONDS, such as cam1/a.mp4@75 or 7@1:15")
        return cls(video, seconds)


class Hours(msgspec.Struct, frozen=True):
    """A window of the wall clock: [start, end), across midnight where it ends before it starts."""

    start: time
    end: time

    @classmethod
    def read(cls, written: str) -> Self:
        """'22:00-05:00'; '24:00' ends a day."""
        match = _HOURS.fullmatch(written.replace(" ", ""))
        if match:
            hour, minute, last_hour, last_minute = map(int, match.groups())
            last_hour, last_minute = (0, 0) if (last_hour, last_minute) == (24, 0) else (last_hour, last_minute)
            try:
                return cls(time(hour, minute), time(last_hour, last_minute))
            except ValueError:
                pass
        raise UsageError(f"--time {written!r} is no window of the clock; write it like 22:00-05:00")


class PageToken(msgspec.Struct, frozen=True):
    """Which page, and below which keyframe id to search, so that later footage doesn't move what was seen."""

    number: int = 1
    below: int | None = None

    @classmethod
    def read(cls, written: str | None) -> Self:
        """'2' or '2@4711'; None is the first page."""
        if written is None:
            return cls()
        match = _PAGE.fullmatch(written.strip())
        if not match or not int(match[1]):
            raise UsageError(f"--page {written!r} is no page; write a number, or what next_page said")
        return cls(int(match[1]), int(match[2]) if match[2] else None)

    def next(self, below: int) -> str:
        """The token of the page after this one."""
        return f"{self.number + 1}@{self.below if self.below is not None else below}"


def read_date(written: str, zone: tzinfo | None, option: str) -> datetime:
    """'2026-02-14', '2026-02-14 22:15', with an offset or in `zone`; a date alone is its midnight."""
    try:
        moment = datetime.fromisoformat(written.strip())
    except ValueError:
        raise UsageError(f"{option} {written!r} is no date; write it like 2026-02-14 or 2026-02-14T22:15") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def read_motion(written: str) -> Kind:
    """'much' -> Kind.MUCH."""
    if written.strip() not in MOTIONS:
        raise UsageError(f"--motion {written!r} is no kind of motion; it is one of {', '.join(MOTIONS)}")
    return Kind(written.strip())


def read_label(written: str) -> tuple[str, str]:
    """'scene=street' -> scene, street."""
    name, equals, label = (piece.strip() for piece in written.partition("="))
    if not (name and equals and label):
        raise UsageError(f"--label {written!r} is no label; write SET=LABEL, such as scene=street")
    return name, label


def _plain(value: str | float) -> str:
    """As a person writes it."""
    return f"{value:g}" if isinstance(value, float) else str(value)
