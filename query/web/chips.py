"""Makes the chips of a question: each says one thing that it has set, and links to the question without it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

import msgspec

from query.fields import DATE, FIELDS, KEYFRAME, PICTURE, Field


class Chip(msgspec.Struct, frozen=True):
    """One thing that is set."""

    text: str
    rest: str
    """The address of the question without it."""
    picture: str | None = None
    """The name of a picture that was asked with."""
    turned: str | None = None
    """The address of the question that leaves out what this one asks for, or the other way round."""
    is_left_out: bool = False
    """Whether it says what must not be."""


def chips(given: Iterable[tuple[str, str]]) -> list[Chip]:
    """The chips of a question's parameters (name, value), in the order of the form."""
    pairs = [(name, value) for name, value in given if value != "" and name != "page"]
    made = [
        Chip(
            _words(field, value),
            _rest(pairs, [(name, value)]),
            value if field.kind is PICTURE else None,
            _turned(pairs, field, value),
            field.leaves_out,
        )
        for field in FIELDS
        if field.chip and field.kind is not KEYFRAME
        for name, value in pairs
        if name == field.parameter
    ]
    for field in FIELDS:
        counted = [pair for pair in pairs if pair[0] == field.parameter]
        if field.chip and field.kind is KEYFRAME and counted:
            made.append(Chip(field.chip.format(len(counted)), _rest(pairs, counted)))
    return made


def _words(field: Field, value: str) -> str:
    assert field.chip
    return field.chip.format(value.replace("T", " ") if field.kind is DATE else value)


def _turned(pairs: list[tuple[str, str]], field: Field, value: str) -> str | None:
    if field.opposite is None:
        return None
    return "/?" + urlencode([(field.opposite, value) if pair == (field.parameter, value) else pair for pair in pairs])


def _rest(pairs: list[tuple[str, str]], gone: list[tuple[str, str]]) -> str:
    if gone[0][0] == "then":
        gone = [*gone, *(pair for pair in pairs if pair[0] == "within")]  # it belongs to a step
    return "/?" + urlencode([pair for pair in pairs if pair not in gone])
