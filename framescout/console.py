"""Shows progress on a terminal as a bar, elsewhere an index run's as plain lines; all on stderr."""

from __future__ import annotations

import re
import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from framescout.timeline import format_clock

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_QUIET_INTERVAL = 60.0  # seconds between lines where no terminal watches


def printable(text: str) -> str:
    """Text with escapes in place of what a terminal obeys or can't show: a file's name may hold anything."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape", "backslashreplace").decode(), text)


class _WithBar:
    """Has a bar on stderr while it is entered, where that is a terminal and `quiet` doesn't keep it away."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Bar | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty() and not self._quiet:
            self._bar = _make_bar()
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()


class ConsoleProgress(_WithBar):
    """An index run's progress on stderr; a context manager. `quiet` leaves only what went wrong."""

    def __init__(self, *, quiet: bool = False) -> None:
        super().__init__(quiet=quiet)
        self._footage = 0.0
        self._done = 0
        self._videos = 0
        self._began = time.monotonic()
        self._said = self._began

    def began(self, step: str) -> None:
        """The bar runs to and fro, with what is done beside it; where there is none, nothing is said."""
        if self._bar:
            self._drop_task()
            self._task = self._bar.add_task("", total=None, facts=step)

    def found(self, videos: int, size_bytes: int) -> None:
        """Begin to count."""
        self._videos, self._began = videos, time.monotonic()
        if self._bar:
            self._drop_task()
            if videos:
                self._task = self._bar.add_task("", total=size_bytes, facts=self._facts())

    def started(self, path: str) -> None:
        """Not shown: many are read at once."""

    def advanced(self, footage: float, size_bytes: float) -> None:
        """Move the bar, or say a line once a minute."""
        self._footage += footage
        if self._bar and self._task is not None:
            self._bar.update(self._task, advance=size_bytes, facts=self._facts())
        elif not self._quiet and time.monotonic() - self._said > _QUIET_INTERVAL:
            self._said = time.monotonic()
            self.note(self._facts())

    def finished(self, path: str) -> None:
        """One video more."""
        self._done += 1

    def quarantined(self, path: str, sentence: str) -> None:
        """A line for each file that could not be used."""
        self._done += 1
        self._line(f"quarantined {path}: {sentence}")

    def note(self, sentence: str) -> None:
        """A line, where not quiet."""
        if not self._quiet:
            self._line(sentence)

    def _drop_task(self) -> None:
        if self._bar and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None

    def _facts(self) -> str:
        speed = self._footage / max(time.monotonic() - self._began, 0.1)
        return f"{self._done}/{self._videos} videos  {format_clock(self._footage)} of footage  {speed:.0f}x real time"

    def _line(self, text: str) -> None:
        safe = printable(text)
        if self._bar:
            self._bar.console.print(safe, markup=False, highlight=False, soft_wrap=True)
        else:
            print(safe, file=sys.stderr, flush=True)  # noqa: T201


class ConsoleSteps(_WithBar):
    """The steps of a long check as a bar on stderr, where that is a terminal; a context manager."""

    def __init__(self) -> None:
        super().__init__(quiet=False)
        self._step = ""

    def __call__(self, step: str, done: int, of: int | None) -> None:
        """So much of a step is done; `of` is None where nobody knows how much there is."""
        if self._bar is None:
            return
        if self._task is None or step != self._step:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._step, self._task = step, self._bar.add_task("", total=of, facts=step)
        facts = step if of is None else f"{step}: {done:,} of {of:,}"
        self._bar.update(self._task, completed=done, facts=facts)


def _make_bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    return Progress(
        BarColumn(bar_width=24),
        TaskProgressColumn(),
        TextColumn("{task.fields[facts]}"),
        TimeRemainingColumn(compact=True),
        console=Console(stderr=True),
        transient=True,
    )
