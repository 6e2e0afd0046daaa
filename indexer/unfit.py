"""What a machine of a cluster answers where it can't do its part."""

from __future__ import annotations

import platform

import msgspec

from framescout import __version__


class Unfit(msgspec.Struct, frozen=True):
    """This machine can't do what it was asked for."""

    key: int
    """Of the job, or the number of the part."""
    machine: str
    why: str
    """Follows the machine's name in a sentence, and ends in the way out."""

    @property
    def sentence(self) -> str:
        """For a person."""
        return f"The machine {self.machine} of the Ray cluster {self.why}."


def unfit(key: int, why: str) -> Unfit:
    """The answer of this machine."""
    return Unfit(key, platform.node() or "without a name", why)


def of_another_version(key: int, version: str) -> Unfit | None:
    """The answer where the one who asks has this other version of framescout; None where it is the same."""
    if version == __version__:
        return None
    return unfit(key, f"has framescout {__version__}, this one has {version}; install the same on both")
