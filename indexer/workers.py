"""What an index run asks of whoever decodes for it: processes of this machine, or the tasks of a cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import msgspec

from indexer.events import Event, Identified
from indexer.scan import VideoFile

Identify = Callable[[int, VideoFile], Identified]
"""(key, file) -> what it is. Called in any thread, several side by side: it writes nothing."""


class Limits(msgspec.Struct, frozen=True):
    """What decoding one video may take, and how it is done."""

    max_pixels: int
    memory_mib: int
    """Of the process; without a GPU, whose driver reserves more addresses than there is memory."""
    timeout: float
    """Seconds without a sign of life."""
    decode_on: str
    """As in `open_video`."""
    threads: int = 1
    """Threads that decode the key pictures of one video, and those of its glances."""


class Workers(Protocol):
    """Identifies files, decodes those that are new, and says what comes of it in events."""

    def begin(self, files: Sequence[VideoFile], identify: Identify) -> None:
        """Begin with these files; called once. A file's place in the sequence is its key."""

    def events(self) -> Iterator[Event | None]:
        """Every event of every file, those of one key in order; ends when all is done.

        None comes where an event must be waited for, and again every now and then. A fault of framescout itself is
        raised here, not where it happened.
        """

    def take_no_more(self) -> None:
        """Finish what is being decoded, begin nothing new."""

    def close(self) -> None:
        """Stop at once, and return when nothing runs any more."""
