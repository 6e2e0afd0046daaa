"""The table of a question's fields, one row each.

The options of the command line, the HTTP parameters, the search form, its chips and the table in docs/search.md are all
made from these rows. `query.request.Query` holds the fields themselves.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from framescout.errors import UsageError

LONGEST_SENTENCE = 2000
"""Letters."""
MOST_PARTS = 32
"""Sentences, pictures and places in one question."""


class Kind(msgspec.Struct, frozen=True):
    """How a value is written."""

    type: type[str] | type[int] | type[float] | type[bool]
    longest: int | None = None
    """Letters of a text, over HTTP."""
    pattern: str | None = None
    """What a text looks like over HTTP; an empty one is always taken and says nothing."""
    explanation: str | None = None
    """For the document of the HTTP API."""
    form: Literal["search", "text", "number", "datetime-local"] = "text"
    """The kind of input in the search form."""


SENTENCE = Kind(str, longest=LONGEST_SENTENCE)
NAME = Kind(str, longest=500)
PICTURE = Kind(str, pattern="[0-9a-f]{32}", explanation="from POST pictures")
"""A file on the command line; over HTTP, where no request names a path, a picture that was sent before."""
NUMBER = Kind(float, form="number")
COUNT = Kind(int, form="number")
KEYFRAME = Kind(int)
FLAG = Kind(bool)
DATE = Kind(
    str,
    pattern=r"\d{4}-[01]\d-[0-3]\d([T ][0-2]\d:[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)?(Z|[+-][0-2]\d:[0-5]\d)?",
    explanation="2026-02-14 or 2026-02-14T22:15, with an offset or in the app's zone",
    form="datetime-local",
)
HOURS = Kind(str, longest=20, pattern=r" *\d{1,2}:\d\d *- *\d{1,2}:\d\d *")
MOTION = Kind(str, longest=20, pattern="none|little|much|sudden")
ORDER = Kind(str, longest=20, pattern="confidence|motion")
PAGE = Kind(str, pattern=r"\d{1,6}(@\d{1,18})?")


class Bounds(msgspec.Struct, frozen=True):
    """Between which numbers a value lies."""

    low: float
    high: float = math.inf
    is_open: bool = False
    """Whether the low end itself is no value."""

    def holds(self, value: float) -> bool:
        """Whether the value lies within; not-a-number never does."""
        return (self.low < value if self.is_open else self.low <= value) and value <= self.high


class Field(msgspec.Struct, frozen=True):
    """One thing that a question may say."""

    name: str
    """The field of `Query`."""
    kind: Kind
    options: tuple[str, ...]
    """Of the command line; none where its plain words say it."""
    help: str
    """For the command line and docs/search.md."""
    group: Literal["what", "when", "where", "shown"]
    metavar: str | None = None
    is_many: bool = False
    suffices: bool = False
    """Whether a question that says nothing else is one."""
    bounds: Bounds | None = None
    default: float | None = None
    most: int = MOST_PARTS
    """Values over HTTP, where there may be many."""
    chip: str | None = None
    """What a chip says; {} is the value. Of keyframes, how many there are."""
    label: str | None = None
    """Of its input in the search form; without one the form keeps what an address said."""
    opposite: str | None = None
    """The field that leaves out what this one asks for, or the other way round."""
    placeholder: str = ""

    @property
    def asks(self) -> bool:
        """Whether it says what is looked for, rather than where or how much of it is shown."""
        return self.group == "what" or self.suffices

    @property
    def leaves_out(self) -> bool:
        """Whether it says what must not be, where another field says what must."""
        return self.opposite is not None and (self.chip or "").startswith("not ")

    @property
    def option(self) -> str:
        """Its name on the command line, for sentences."""
        return self.options[0]

    @property
    def parameter(self) -> str:
        """Its name over HTTP."""
        return "picture" if self.kind is PICTURE else self.name

    def check(self, value: float) -> None:
        """Raises UsageError where the value is out of bounds."""
        bounds = self.bounds
        if bounds is None or bounds.holds(value):
            return
        if bounds.is_open:
            raise UsageError(f"{self.option} lies above {bounds.low:g} and at most at {bounds.high:g} seconds")
        if math.isinf(bounds.high):
            raise UsageError(f"{self.option} is a number of seconds, not {value}")
        raise UsageError(f"{self.option} lies between {bounds.low:g} and {bounds.high:g}, not at {value}")


FIELDS = (
    Field("text", SENTENCE, (), "What should be seen; 'dog:2' weighs twice as much as 'dog'.", "what",
          metavar="TEXT", suffices=True),
    Field("also", SENTENCE, (), "What should be seen at the same moment besides.", "what",
          metavar="TEXT", is_many=True, suffices=True,
          chip="and {}", label="and at the same time", opposite="without", placeholder="snow"),
    Field("without", SENTENCE, ("--not",), "What should not be seen then.", "what",
          metavar="TEXT", is_many=True, chip="not {}", label="but not", opposite="also",
          placeholder="a bus"),
    Field("images", PICTURE, ("--image",), "A picture that it should look like.", "what",
          metavar="FILE", is_many=True, suffices=True, chip="like this picture"),
    Field("like", NAME, ("--like",), "More of what is seen there.", "what",
          metavar="VIDEO@SECONDS", is_many=True, suffices=True, chip="like {}"),
    Field("then", SENTENCE, ("--then",), "What should be seen after that; in order.", "what",
          metavar="TEXT", is_many=True, chip="then {}", label="then, after that", placeholder="a dog runs out"),
    Field("within", NUMBER, ("--within",), "Seconds to each --then at most [60].", "what",
          metavar="S", is_many=True, bounds=Bounds(0, 86_400, is_open=True),
          chip="within {} s", label="within seconds", placeholder="60"),
    Field("more_like", KEYFRAME, ("--more-like",), "keyframe_id of a moment that was right.", "what",
          metavar="ID", is_many=True, suffices=True, most=100, chip="{} more like this"),
    Field("less_like", KEYFRAME, ("--less-like",), "keyframe_id of one that was wrong.", "what",
          metavar="ID", is_many=True, most=100, chip="{} not like this"),
    Field("after", DATE, ("--after",), "Recorded then or later: 2026-02-14, '2026-02-14 22:15'.", "when",
          metavar="DATE", chip="from {}", label="from"),
    Field("before", DATE, ("--before",), "Recorded before that.", "when",
          metavar="DATE", chip="until {}", label="until"),
    Field("hours", HOURS, ("--time",), "Wall clock; 22:00-05:00 crosses midnight.", "when",
          metavar="HH:MM-HH:MM", chip="between {}", label="hours of the day", placeholder="22:00-05:00"),
    Field("cameras", NAME, ("--camera",), "Only this camera; one of several.", "where",
          metavar="GLOB", is_many=True, chip="camera {}", opposite="not_cameras"),
    Field("not_cameras", NAME, ("--not-camera",), "Not what this camera recorded.", "where",
          metavar="GLOB", is_many=True, chip="not camera {}", opposite="cameras"),
    Field("paths", NAME, ("--path",), "Only videos whose path fits: 'cam1/**'.", "where",
          metavar="GLOB", is_many=True, chip="path {}", label="path", opposite="not_paths", placeholder="*.mkv"),
    Field("not_paths", NAME, ("--not-path",), "Not videos whose path fits.", "where",
          metavar="GLOB", is_many=True, chip="not path {}", opposite="paths"),
    Field("labels", NAME, ("--label",), "Only what carries the label.", "where",
          metavar="SET=LABEL", is_many=True, chip="label {}", opposite="not_labels"),
    Field("not_labels", NAME, ("--not-label",), "Not what carries the label.", "where",
          metavar="SET=LABEL", is_many=True, chip="not label {}", opposite="labels"),
    Field("motion", MOTION, ("--motion",), "Only where so much moves; alone it finds where something moves.", "where",
          metavar="KIND", suffices=True, chip="motion: {}"),
    Field("min_duration", NUMBER, ("--min-duration",), "Only videos that last so long at least.", "where",
          metavar="S", bounds=Bounds(0), chip="videos of {} s or more"),
    Field("max_duration", NUMBER, ("--max-duration",), "Only videos that last so long at most.", "where",
          metavar="S", bounds=Bounds(0), chip="videos of {} s or less"),
    Field("min_confidence", NUMBER, ("--min-confidence",), "Leave out moments below it (0 to 1).", "where",
          bounds=Bounds(0, 1), default=0.0, chip="at least {} sure", label="at least this sure", placeholder="0.5"),
    Field("order", ORDER, ("--order",),
          "confidence [default], or motion: of what matches, that in which most moves comes first.", "shown",
          metavar="KIND", chip="by {}", label="sorted by", placeholder="confidence"),
    Field("collapse", FLAG, ("--all",), "Near-duplicates one by one.", "shown"),
    Field("limit", COUNT, ("--limit", "-n"), "How many moments at most.", "shown",
          bounds=Bounds(1, 10_000), default=10),
    Field("page", PAGE, ("--page",), "2, 3, ..., or what next_page said.", "shown", metavar="PAGE"),
)  # fmt: skip
"""In the order of `Query`."""

BY_NAME = {field.name: field for field in FIELDS}
