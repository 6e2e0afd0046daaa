"""HTTP parameters in, a question out: the same words as on the command line."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

from fastapi import Query as Parameter
from pydantic import BeforeValidator, Field

from framescout.cached import write_whole
from framescout.errors import NotAvailableError, UsageError
from query.request import Query
from query.web.documents import LARGEST_ID

MOST_SHOWN = 100
USUAL_LIMIT = 24
LONGEST_TEXT = 2000
"""Letters."""
LARGEST_PICTURE = 20 * 2**20

_Text = Annotated[str, Parameter(max_length=LONGEST_TEXT)]
_Texts = Annotated[list[Annotated[str, Parameter(max_length=500)]], Parameter(max_length=32)]
_Id = Annotated[int, Parameter(ge=1, le=LARGEST_ID)]
_OrNothing = BeforeValidator(lambda value: None if value == "" else value)  # an empty field of a form
_Seconds = Annotated[Annotated[float, Field(ge=0, le=1e9)] | None, _OrNothing, Parameter()]
_Share = Annotated[Annotated[float, Field(ge=0, le=1)] | None, _OrNothing, Parameter()]
_Date = Annotated[
    str | None,
    Parameter(
        pattern=r"^$|^\d{4}-[01]\d-[0-3]\d([T ][0-2]\d:[0-5]\d(:[0-5]\d(\.\d{1,6})?)?)?(Z|[+-][0-2]\d:[0-5]\d)?$",
        description="2026-02-14 or 2026-02-14T22:15, with an offset or in the app's zone",
    ),
]
_Spans = Annotated[
    list[float], BeforeValidator(lambda values: [each for each in values if each != ""]), Parameter(max_length=32)
]


class TooLargeError(UsageError):
    """More was sent than is taken."""


class Asked:
    """What a request asks; a dependency of FastAPI."""

    def __init__(
        self,
        text: _Text = "",
        also: _Texts = [],  # noqa: B006 - FastAPI copies it
        without: _Texts = [],  # noqa: B006
        then: _Texts = [],  # noqa: B006
        within: _Spans = [],  # noqa: B006
        like: _Texts = [],  # noqa: B006
        picture: Annotated[str | None, Parameter(pattern="^[0-9a-f]{32}$", description="from POST pictures")] = None,
        more_like: Annotated[list[_Id], Parameter(max_length=100)] = [],  # noqa: B006
        less_like: Annotated[list[_Id], Parameter(max_length=100)] = [],  # noqa: B006
        after: _Date = None,
        before: _Date = None,
        hours: Annotated[
            str | None, Parameter(pattern=r"^$|^ *\d{1,2}:\d\d *- *\d{1,2}:\d\d *$", max_length=20)
        ] = None,
        cameras: _Texts = [],  # noqa: B006
        paths: _Texts = [],  # noqa: B006
        labels: _Texts = [],  # noqa: B006
        min_duration: _Seconds = None,
        max_duration: _Seconds = None,
        min_confidence: _Share = None,
        collapse: bool = True,
        limit: Annotated[int, Parameter(ge=1, le=MOST_SHOWN)] = USUAL_LIMIT,
        page: Annotated[str | None, Parameter(pattern=r"^$|^\d{1,6}(@\d{1,18})?$")] = None,
    ) -> None:
        given = {name: value for name, value in locals().items() if name not in ("self", "picture")}
        self.picture = picture
        # an empty field of a form asks for nothing
        self._given = {
            name: [each for each in value if each != ""] if isinstance(value, list) else value
            for name, value in given.items()
            if value != ""
        }

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for."""
        looked_for = ("text", "also", "like", "more_like")
        return self.picture is None and not any(self._given.get(name) for name in looked_for)

    def query(self, pictures: Path) -> Query:
        """The question. Raises UsageError where it makes no sense, NotAvailableError where its picture is gone."""
        asked: dict[str, Any] = {name: value for name, value in self._given.items() if value is not None}
        if self.picture is not None:
            path = pictures / self.picture
            if not path.is_file():
                raise NotAvailableError("this picture is not here any more; drop it on the page again")
            asked["images"] = [str(path)]
        return Query.from_json(asked)


def keep_picture(data: bytes, pictures: Path) -> str:
    """Keep a picture that was dropped on the page, by its content; return its name.

    Raises:
        TooLargeError: it is larger than LARGEST_PICTURE.
        UsageError: it is none.
    """
    from io import BytesIO

    from PIL import Image

    if len(data) > LARGEST_PICTURE:
        raise TooLargeError(f"the picture is larger than {LARGEST_PICTURE >> 20} MB; make it smaller")
    try:
        with Image.open(BytesIO(data)) as image:
            image.verify()
    except Exception as error:  # Pillow's plugins raise what they like
        raise UsageError("this is no picture that can be read; give a JPEG, PNG or WebP file") from error
    name = hashlib.blake2b(data, digest_size=16).hexdigest()
    write_whole(pictures / name, data)
    return name


def small_copy(name: str, pictures: Path) -> bytes:
    """A picture that was kept, as a small JPEG.

    Raises:
        NotAvailableError: it is not here.
    """
    from io import BytesIO

    from PIL import Image, ImageOps

    out = BytesIO()
    try:
        with Image.open(pictures / name) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
            upright.thumbnail((160, 120))
            upright.save(out, "JPEG", quality=80)
    except (OSError, ValueError, Image.DecompressionBombError) as error:
        raise NotAvailableError("this picture is not here any more; drop it on the page again") from error
    return out.getvalue()
