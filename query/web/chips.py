"""What a question has set, in, chips out: each says one thing in words and links to the question without it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

_WORDS = {
    "also": "and {}",
    "without": "not {}",
    "then": "then {}",
    "within": "within {} s",
    "like": "like {}",
    "after": "from {}",
    "before": "until {}",
    "hours": "between {}",
    "cameras": "camera {}",
    "paths": "path {}",
    "labels": "label {}",
    "min_duration": "videos of {} s or more",
    "max_duration": "videos of {} s or less",
    "min_confidence": "at least {} sure",
    "picture": "like this picture",
}
_COUNTED = {"more_like": "{} more like this", "less_like": "{} not like this"}


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that is set."""

    text: str
    rest: str
    """The address of the question without it."""
    picture: str | None = None
    """The name of a picture that was asked with."""


def chips(given: Iterable[tuple[str, str]]) -> list[Chip]:
    """The chips of a question's parameters (name, value), in the order of the form."""
    pairs = [(name, value) for name, value in given if value != "" and name != "page"]
    made = [
        Chip(words.format(value.replace("T", " ")) if name in ("after", "before") else words.format(value),
             _rest(pairs, [(name, value)]), value if name == "picture" else None)
        for name, words in _WORDS.items()
        for key, value in pairs
        if key == name
    ]  # fmt: skip
    for name, words in _COUNTED.items():
        counted = [pair for pair in pairs if pair[0] == name]
        if counted:
            made.append(Chip(words.format(len(counted)), _rest(pairs, counted)))
    return made


def _rest(pairs: list[tuple[str, str]], gone: list[tuple[str, str]]) -> str:
    if gone[0][0] == "then":
        gone = [*gone, *(pair for pair in pairs if pair[0] == "within")]  # it belongs to a step
    return "/?" + urlencode([pair for pair in pairs if pair not in gone])
