"""Saved searches as pages show them: as an address that asks them, and in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from framescout.catalog.records import SavedSearch
from framescout.errors import FramescoutError
from query.clips.names import readable
from query.fields import BY_NAME, FIELDS
from query.request import Query
from query.web.chips import chips


class SavedQuestion(msgspec.Struct, frozen=True):
    """A saved search, ready to be shown."""

    name: str
    text: str
    """What should be seen."""
    conditions: list[str]
    """What else is set, as chips say it."""
    address: str | None
    """The page that asks it; None where no page can."""
    new_address: str | None
    """The page with what came since it was opened."""
    has_program: bool
    query: Query | None
    """None where it is no question any more."""

    @classmethod
    def of(cls, saved: SavedSearch) -> SavedQuestion:
        """Made from what the catalog has."""
        try:
            query = Query.from_json(saved.query)
        except FramescoutError:  # of a framescout that knew other fields
            return cls(saved.name, "", ["it can't be read any more"], None, None, bool(saved.command), None)
        pairs = _pairs(query)
        address = _address(query, [*pairs, ("saved", saved.name)])
        new_address = f"{address}&since={max(1, saved.opened_below)}" if address else None
        told = [chip.text for chip in chips((field, readable(value)) for field, value in pairs)]
        return cls(saved.name, query.text, told, address, new_address, bool(saved.command), query)

    def asks(self, query: Query) -> bool:
        """Whether it asks the same, however much of it is shown."""
        return self.query is not None and _whole(self.query) == _whole(query)


def kept_query(query: Query) -> dict[str, Any]:
    """What is saved of a question that a page asked."""
    return _whole(query).to_json()


def _whole(query: Query) -> Query:
    """The question without how much of it a page shows."""
    return msgspec.structs.replace(query, limit=BY_NAME["limit"].default, page=None)


def _pairs(query: Query) -> list[tuple[str, str]]:
    """The parameters (name, value) of a request that asks it."""
    usual = dict(zip(Query.__struct_fields__, Query.__struct_defaults__, strict=True))
    pairs: list[tuple[str, str]] = []
    for field in FIELDS:
        value = getattr(query, field.name)
        if value != usual[field.name] and field.name not in ("limit", "page"):
            pairs += [(field.parameter, _written(each)) for each in (value if field.is_many else [value])]
    return pairs


def _written(value: Any) -> str:
    """As a person writes it, where that says the same."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and float(f"{value:g}") == value:
        return f"{value:g}"
    return str(value)


def _address(query: Query, pairs: list[tuple[str, str]]) -> str | None:
    """None where a request can't ask it: no request names a picture's file, and some names are no text."""
    if query.images or any("\ud800" <= letter <= "\udfff" for _, value in pairs for letter in value):
        return None
    return "/?" + urlencode(pairs)
