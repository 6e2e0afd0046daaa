"""Reads a question from HTTP parameters, which have the names of the command line's options."""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import os
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, ClassVar

from fastapi import Query as Parameter
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator
from pydantic import Field as Limits

from framescout.cached import shrink
from framescout.durable import write_whole
from framescout.errors import NotAvailableError, UsageError
from query.fields import BY_NAME, COUNT, FIELDS, FLAG, KEYFRAME, NUMBER, PICTURE, Field
from query.request import Query
from query.web.documents import LARGEST_ID

MOST_SHOWN = 100
USUAL_LIMIT = 24
LARGEST_PICTURE = 20 * 2**20
MOST_KEPT = 256 * 2**20
"""Bytes of the pictures that are kept to search with."""

LONGEST_OF_MANY = 500
"""Letters of a text of which a question may say several: the server reads addresses of 64 KB at most."""
_MOST_SECONDS = 1e9
_Annotated: Any = Annotated  # these annotations are made while the program runs, and read by FastAPI alone
_List: Any = list


_BY_PARAMETER = {field.parameter: field for field in FIELDS}
_BY_OPTION = {option.lstrip("-"): field.parameter for field in FIELDS for option in field.options}
_OF_PAGES = ("saved", "since")
"""Besides a question's, in the address of a page that shows its results."""


class TooLargeError(UsageError):
    """More was sent than is taken."""


def _parameter(field: Field) -> inspect.Parameter:
    """What FastAPI is told of a field."""
    annotation, default = _annotation(field)
    return inspect.Parameter(field.parameter, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _annotation(field: Field) -> tuple[Any, Any]:
    """Type and default of a parameter; where a number or a date may be left out, an empty field of a form does so."""
    kind = field.kind
    if field.is_many and kind is not PICTURE:
        return _list_of(field), []
    if kind is FLAG:
        return bool, True
    if kind is COUNT:
        return _Annotated[int, Parameter(ge=1, le=MOST_SHOWN)], USUAL_LIMIT
    if kind is NUMBER:
        assert field.bounds
        number = _Annotated[float, Limits(ge=field.bounds.low, le=min(field.bounds.high, _MOST_SECONDS))]
        return _Annotated[number | None, BeforeValidator(_none_if_empty), Parameter()], None
    if kind.pattern is None:
        return _Annotated[str, Parameter(max_length=kind.longest)], ""
    pattern = f"^{kind.pattern}$" if kind is PICTURE else f"^$|^{kind.pattern}$"
    given = Parameter(pattern=pattern, max_length=kind.longest, description=kind.explanation)
    return _Annotated[str | None, given], None


def _list_of(field: Field) -> Any:
    most = Parameter(max_length=field.most)
    if field.kind is KEYFRAME:
        return _Annotated[_List[_Annotated[int, Parameter(ge=1, le=LARGEST_ID)]], most]
    if field.kind is NUMBER:
        return _Annotated[list[float], BeforeValidator(_without_empty), most]
    longest = min(field.kind.longest or LONGEST_OF_MANY, LONGEST_OF_MANY)
    return _Annotated[_List[_Annotated[str, Parameter(max_length=longest)]], most]


def _none_if_empty(value: Any) -> Any:
    return None if value == "" else value


def _without_empty(values: Any) -> Any:
    return [each for each in values if each != ""]


class QuestionParameters:
    """The parameters of a question in a request. As a dependency, FastAPI reads them from `__signature__`."""

    __signature__: ClassVar = inspect.Signature([_parameter(field) for field in FIELDS])

    def __init__(self, *, picture: str | None = None, **given: Any) -> None:
        self.picture = picture
        # an empty field of a form asks for nothing
        self._given = {
            name: _without_empty(value) if isinstance(value, list) else value
            for name, value in given.items()
            if value != ""
        }

    @property
    def is_empty(self) -> bool:
        """Whether nothing is looked for."""
        return self.picture is None and not any(self._given.get(field.name) for field in FIELDS if field.suffices)

    def filters(self) -> Query:
        """A question with its filters alone; what it says should be seen is not looked at."""
        kept = {name: value for name, value in self._given.items() if BY_NAME[name].group in ("when", "where")}
        return Query.from_json(
            {"text": "anything"} | {name: value for name, value in kept.items() if value is not None}
        )

    def query(self, pictures: Path) -> Query:
        """The question. Raises UsageError where it makes no sense, NotAvailableError where its picture is gone."""
        asked: dict[str, Any] = {name: value for name, value in self._given.items() if value is not None}
        if self.picture is not None:
            path = pictures / self.picture
            if not path.is_file():
                raise NotAvailableError("this picture is not here any more; drop it on the page again")
            with contextlib.suppress(OSError):  # it can be read all the same
                os.utime(path)  # the pictures used last stay
            asked["images"] = [str(path)]
        return Query.from_json(asked)


def refuse_others(request: Request) -> None:
    """Let no parameter pass that no question has: a filter whose name is written wrongly would leave nothing out.

    Raises:
        RequestValidationError: there is one, or one that a question has once is given twice.
    """
    given = request.query_params
    for name in given:
        field = _BY_PARAMETER.get(name)
        if field is None and name not in _OF_PAGES:
            near = _BY_OPTION.get(name) or next(iter(get_close_matches(name, _BY_PARAMETER, 1)), None)
            raise _refused(name, f"there is no such parameter{f'; write {near}' if near else ''}")
        if len(given.getlist(name)) > 1 and not (field and field.is_many and field.kind is not PICTURE):
            raise _refused(name, "it is given more than once")


def _refused(name: str, why: str) -> RequestValidationError:
    return RequestValidationError([{"loc": ("query", name), "type": "value_error", "msg": why}])


def keep_picture(data: bytes, pictures: Path) -> str:
    """Keep a picture that was dropped on the page, by its content; return its name.

    Those used longest ago go where all together are more than MOST_KEPT bytes.

    Raises:
        OSError: it can't be written.
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
    with contextlib.suppress(OSError):  # what can't be deleted now goes with the next one
        shrink(pictures.iterdir(), MOST_KEPT)
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
