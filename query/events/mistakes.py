"""Says what is wrong in a file of events: in plain words, with the line and the key."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Sequence
from typing import Any

_AT = re.compile(r" - at `\$\.?(.*)`$")
_KINDS = {"str": "a text", "array": "a list of texts", "float": "a number", "int": "a number", "object": "a table",
          "bool": "true or false", "null": "nothing"}  # fmt: skip


def place_of(text: str, keys: Sequence[str]) -> str:
    """', line N' of the table or key that these keys lead to in a TOML text, or of the longest part that is there."""
    table: tuple[str, ...] = ()
    best, found = 0, 0
    for number, line in enumerate(text.splitlines(), 1):
        header = re.match(r"\s*\[+(.*?)\]+\s*(?:#.*)?$", line)
        if header:
            table = reached = _keys(header[1])
        else:
            key = re.match(r"\s*([^=#]+?)\s*=", line)
            reached = (*table, *_keys(key[1])) if key else ()
        if len(reached) > best and tuple(keys[: len(reached)]) == reached:
            best, found = len(reached), number
    return f", line {found}" if found else ""


def _keys(written: str) -> tuple[str, ...]:
    """The parts of a dotted key, as TOML reads it."""
    try:
        value: Any = tomllib.loads(f"{written} = 0")
    except (ValueError, RecursionError):
        return ()
    parts = []
    while isinstance(value, dict) and value:
        ((part, value),) = value.items()
        parts.append(part)
    return tuple(parts)


def sentence_of(message: str, known: Iterable[str]) -> tuple[str, str]:
    """(the key that it is about, such as 'prompts[0]', or ''; a sentence) of what msgspec says of a table.

    `known`: the keys that the table may have.
    """
    at = _AT.search(message)
    key, said = (at[1], message[: at.start()]) if at else ("", message)
    if found := re.match(r"Object contains unknown field `(.*)`", said):
        near = difflib.get_close_matches(found[1], [*known], 1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}"
        return found[1], f"there is no such key; {hint}"
    if found := re.match(r"Object missing required field `(.*)`", said):
        return key, f"the key {found[1]!r} is missing"
    if found := re.match(r"Expected `\w+` of length (>=|<=) (\d+)", said):
        return key, f"it needs {'at least' if found[1] == '>=' else 'at most'} {found[2]} of them"
    if found := re.match(r"Expected `\w+` (>=|<=|>|<) (\S+)", said):
        bound = {">=": "at least", "<=": "at most", ">": "above", "<": "below"}[found[1]]
        return key, f"it must be {bound} {float(found[2]):g}"
    if said.startswith("Expected `str` matching regex"):
        return key, "it is an empty text"
    if found := re.match(r"Expected `([\w |]+)`, got `(\w+)`", said):
        wanted = " or ".join(_KINDS.get(kind, kind) for kind in found[1].split(" | ") if kind != "null")
        return key, f"it must be {wanted}, not {_KINDS.get(found[2], found[2])}"
    if found := re.match(r"Invalid enum value (.*)", said):
        return key, f"it can't be {found[1]}; docs/events.md has the words"
    return key, said
