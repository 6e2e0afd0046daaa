"""Every error that a person can meet: a sentence that ends in the way out, and an exit code.

FramescoutError                      1
├── DamagedCatalogError              1
├── DiskFullError                    1
├── ClipError                        1
├── UsageError                       2
├── NotAvailableError                3
│   ├── CatalogNotFoundError         3
│   │   └── UnfinishedCopyError      3
│   ├── CatalogTooNewError           3
│   ├── FfmpegNotFoundError          3
│   └── ModelNotAvailableError       3
├── CatalogLockedError               4
└── MediaError                       1   one file's trouble: quarantines that file, never ends a run

Trouble with one video is no error of the run: the indexer turns a MediaError into a quarantine.
"""

from __future__ import annotations

import errno
from enum import StrEnum

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What an OSError says where the disk, or a person's share of it, is full; the numbers differ between systems."""


class FramescoutError(Exception):
    """Something that a person can be told in one sentence."""

    exit_code = 1


class DamagedCatalogError(FramescoutError):
    """The catalog's own file cannot be read as what it should be."""


class DiskFullError(FramescoutError):
    """A write failed for want of space; what was committed before is intact."""


class ClipError(FramescoutError):
    """A clip could not be cut."""


class UsageError(FramescoutError):
    """What was asked for makes no sense: a bad value, and where it stands."""

    exit_code = 2


class NotAvailableError(FramescoutError):
    """A file, program or model that is needed can't be had."""

    exit_code = 3


class CatalogNotFoundError(NotAvailableError):
    """There is no catalog in the folder that was named."""


class UnfinishedCopyError(CatalogNotFoundError):
    """A catalog into which another is still being copied."""


class CatalogTooNewError(NotAvailableError):
    """The catalog was written by a newer framescout."""


class FfmpegNotFoundError(NotAvailableError):
    """Neither the PATH nor the installed packages have an ffmpeg program."""


class ModelNotAvailableError(NotAvailableError):
    """The model's weights are not on this machine and can't be fetched."""


class CatalogLockedError(FramescoutError):
    """Another indexer is writing to this catalog."""

    exit_code = 4


class Reason(StrEnum):
    """Why a file is in quarantine. The value is kept in the catalog; `sentence` is for people."""

    EMPTY = "empty"
    UNREADABLE = "unreadable"
    NOT_VIDEO = "not-video"
    NO_PICTURE = "no-picture"
    TOO_LARGE = "too-large"
    UNDECODABLE = "undecodable"
    TOO_SLOW = "too-slow"
    DECODER_DIED = "decoder-died"
    CHANGED = "changed"

    @property
    def sentence(self) -> str:
        """What the reason means, for a person."""
        return _SENTENCES[self]


_SENTENCES = {
    Reason.EMPTY: "the file is empty",
    Reason.UNREADABLE: "the file can't be read",
    Reason.NOT_VIDEO: "the file is damaged: no video container could be opened",
    Reason.NO_PICTURE: "there is no picture in it, only sound or data",
    Reason.TOO_LARGE: "its pictures are larger than the limit",
    Reason.UNDECODABLE: "not one picture of it could be decoded",
    Reason.TOO_SLOW: "decoding it took longer than the limit",
    Reason.DECODER_DIED: "the decoding process died on it",
    Reason.CHANGED: "it was being written while it was read; the next run tries it again",
}


class MediaError(FramescoutError):
    """One file of the archive can't be used; `reason` says why, `detail` what the decoder said."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.sentence} ({detail})" if detail else reason.sentence)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type[MediaError], tuple[Reason, str]]:
        return type(self), (self.reason, self.detail)  # it crosses process borders


def first_line(error: BaseException) -> str:
    """What an error of another library says first; its type where it says nothing."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]
