"""Reads events from a TOML file: what to look for, what is confused with it, where it is normal or suspicious."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec

from framescout.errors import UsageError
from framescout.settings import read_toml
from query.events.mistakes import place_of, sentence_of
from query.events.motion import MotionAsked
from query.request import Hours

_Prompt = Annotated[str, msgspec.Meta(pattern=r"\S", max_length=2000)]
_Prompts = Annotated[tuple[_Prompt, ...], msgspec.Meta(max_length=50)]
_Struct = TypeVar("_Struct", bound=msgspec.Struct)
_Name = Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Context(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A place or circumstances; every condition that is given must hold."""

    prompts: _Prompts = ()
    """What the place looks like."""
    hours: str | None = None
    """A window of the wall clock, such as '22:00-05:00'."""
    cameras: _Prompts = ()
    """Names or globs; one of them."""

    def __post_init__(self) -> None:
        if not (self.prompts or self.hours or self.cameras):
            raise ValueError("needs prompts, hours or cameras")
        if self.hours is not None:
            try:
                Hours.read(self.hours)
            except UsageError:
                raise ValueError(f"hours {self.hours!r} is no window like 22:00-05:00") from None


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One event of the file."""

    prompts: _Prompts = ()
    """What it looks like; averaged. None: it is told by motion alone."""
    then: _Prompts = ()
    """What it looks like afterwards, where it is told by what comes after what; averaged."""
    within_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 10.0
    """`then` comes at most so long after `prompts`."""
    counter: _Prompts = ()
    """What it is easily confused with, and what is there else; each for itself."""
    least_seconds: Annotated[float, msgspec.Meta(gt=0, le=3600)] = 2.0
    """So long it lasts at least; scores are smoothed over as much."""
    motion: MotionAsked | None = None
    """How much moves meanwhile: "none", "little" or more, "much", "sudden"."""
    stays_seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)] | None = None
    """So long it is seen without a break, where what matters is that it stays."""
    context_seconds: Annotated[float, msgspec.Meta(gt=0, le=86_400)] = 600.0
    """The stretch over which the place is judged."""
    threshold: Annotated[float, msgspec.Meta(gt=0, lt=1)] | None = None
    """Probability from which on it counts, the same for all cameras."""
    false_alarms_per_hour: Annotated[float, msgspec.Meta(gt=0, le=3600)] | None = None
    """Instead of a threshold: so often a camera without the event may report it."""
    only: Context | None = None
    """Where and when it counts at all."""
    normal: dict[_Name, Context] = {}
    suspicious: dict[_Name, Context] = {}

    def __post_init__(self) -> None:
        if not self.prompts and (self.motion is None or self.then or self.counter):
            raise ValueError("needs prompts = [...]; only an event of motion alone has none, and no then and counter")
        if self.threshold is not None and self.false_alarms_per_hour is not None:
            raise ValueError("give threshold or false_alarms_per_hour, not both")
        if set(self.normal) & set(self.suspicious):
            raise ValueError("a context can't be normal and suspicious; give them different names")

    @property
    def asks_for_jerks(self) -> bool:
        """Whether jerks speak for it: of an act that lasts, and is told by how it looks as well.

        A glance a minute misses the moment between two steps, and what happens suddenly.
        """
        return bool(self.prompts) and not self.then and self.motion == "much"

    @property
    def contexts(self) -> dict[str, tuple[Context, int]]:
        """Name -> the context, and 1 where it is suspicious, -1 where it is normal."""
        return {name: (each, -1) for name, each in self.normal.items()} | {
            name: (each, 1) for name, each in self.suspicious.items()
        }

    @property
    def all_contexts(self) -> dict[str, Context]:
        """Name -> context; the one of `only` has no name."""
        return {name: context for name, (context, _) in self.contexts.items()} | ({"": self.only} if self.only else {})

    @property
    def fingerprint(self) -> str:
        """Of the whole definition."""
        return hashlib.blake2b(msgspec.json.encode(self), digest_size=16).hexdigest()


def read_events(path: Path) -> dict[str, Event]:
    """The events of a TOML file, by name: a table each.

    Raises:
        NotAvailableError: the file can't be read.
        UsageError: it is no such TOML; the sentence names the line and the key.
    """
    document = read_toml(path, "the events")
    if not document:
        raise UsageError(f"{path} has no event; write one like: [running] and below it prompts = ['a person running']")
    return {name: _event(path, name, table) for name, table in document.items()}


def _event(path: Path, name: str, table: Any) -> Event:
    if not isinstance(table, dict):
        raise mistake(path, (name,), f"{name!r} is no table; write [{name}] and below it prompts = [...]")
    for kind in ("normal", "suspicious"):
        if isinstance(contexts := table.get(kind), dict):
            for own, context in contexts.items():  # each for itself: of a table's tables msgspec names none
                _convert(path, (name, kind, own), context, Context)
    if "only" in table:
        _convert(path, (name, "only"), table["only"], Context)
    return _convert(path, (name,), table, Event)


def _convert(path: Path, table: tuple[str, ...], values: Any, kind: type[_Struct]) -> _Struct:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        key, sentence = sentence_of(str(error), kind.__struct_fields__)
        raise mistake(path, table, sentence, key) from error


def mistake(path: Path, table: tuple[str, ...], sentence: str, key: str = "") -> UsageError:
    """An error that names the file, the line and the table in it, and the key if one is given."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):  # it was read a moment ago
        text = ""
    at = place_of(text, (*table, *(part for part in key.partition("[")[:1] if part)))
    return UsageError(f"{path}{at}, [{'.'.join(table)}]{f', {key}' if key else ''}: {sentence}")
