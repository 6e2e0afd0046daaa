"""What a long job reports, facts only; console.py decides how it looks."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Told by an index run what happens. Footage is counted in seconds, the work ahead in bytes of files."""

    def began(self, step: str) -> None:
        """A step before or after the videos are read begins, such as "looking for files"."""

    def found(self, videos: int, size_bytes: int) -> None:
        """So many videos are to be read."""

    def started(self, path: str) -> None:
        """Decoding of this file begins."""

    def advanced(self, footage: float, size_bytes: float) -> None:
        """So much more was read."""

    def finished(self, path: str) -> None:
        """The video is in the catalog."""

    def quarantined(self, path: str, sentence: str) -> None:
        """The file could not be used."""

    def note(self, sentence: str) -> None:
        """Something that a person should know now."""


class SilentProgress:
    """Reports to nobody."""

    def began(self, step: str) -> None: ...
    def found(self, videos: int, size_bytes: int) -> None: ...
    def started(self, path: str) -> None: ...
    def advanced(self, footage: float, size_bytes: float) -> None: ...
    def finished(self, path: str) -> None: ...
    def quarantined(self, path: str, sentence: str) -> None: ...
    def note(self, sentence: str) -> None: ...
