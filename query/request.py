"""What is asked: a sentence, and where to look for it. Checked where it is made, so that later stages can trust it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from framescout.errors import UsageError

_MOST_LETTERS = 2000


@dataclass(frozen=True, slots=True)
class Query:
    """A question. Raises UsageError where it makes no sense."""

    text: str
    limit: int = 10
    path: str | None = None
    """A glob over the absolute path, or over its end: '*.mkv', 'cam1/**'."""
    min_confidence: float = 0.0

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise UsageError("there is nothing to search for: write what should be seen, such as 'a red car'")
        if len(self.text) > _MOST_LETTERS:
            raise UsageError(f"the sentence is longer than {_MOST_LETTERS} letters; say it shorter")
        if self.limit < 1:
            raise UsageError(f"--limit must be at least 1, not {self.limit}")
        if not 0.0 <= self.min_confidence <= 1.0:
            raise UsageError(f"--min-confidence lies between 0 and 1, not at {self.min_confidence}")

    def to_json(self) -> dict[str, Any]:
        """What was asked, without what was not."""
        return {name: value for name, value in asdict(self).items() if value is not None}
