"""Finds videos by what people call them."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from framescout.catalog.records import VideoFacts
from framescout.errors import UsageError

_SHOWN = 5
_WILD = re.compile(r"[*?\[]")

AnyVideo = TypeVar("AnyVideo", bound=VideoFacts)


def find_video(videos: Sequence[AnyVideo], written: str) -> AnyVideo:
    """The one of these videos that a person means.

    `written` is its id, else the path of one of its files, also relative or through links, else the name of a file or
    the end of a path, where one video alone has it. A file that is gone counts as long as the video has no other.

    Raises:
        UsageError: there is no such video, or there are several; lists them.
    """
    for found in _meant(videos, written):
        if len(found) == 1:
            return found[0]
        if found:
            told = f"there are {len(found)} videos {written!r} in the catalog: {_listed(found)}"
            raise UsageError(f"{told}; write one's path or id")
    told = f"there is no video {written!r} in the catalog"
    if _WILD.search(written):
        fitting = [video for video in videos if any(matches_path(file.path, written) for file in video.files)]
        what = f"one is wanted, and the pattern fits {len(fitting)} video{'s' * (len(fitting) != 1)}"
    else:
        fitting = [video for video in videos if any(_is_like(file.path, written) for file in video.files)]
        what = "much the same is called"
    hint = f"{what}: {_listed(fitting)}" if fitting else "framescout index reads new files"
    raise UsageError(f"{told}; {hint}")


def _meant(videos: Sequence[AnyVideo], written: str) -> Iterator[list[AnyVideo]]:
    """The videos that are meant by each rule, the strongest first."""
    yield [video for video in videos if str(video.id) == written]
    for path in dict.fromkeys(_paths(written)):
        yield [video for video in videos if any(file.path == path for file in video.files)]
    end = f"/{written.removeprefix('./')}"
    yield [video for video in videos if any(file.path.endswith(end) for file in video.files)]


def _paths(written: str) -> Iterator[str]:
    """How the catalog may have the path of that file: links to files keep their names, those to folders don't."""
    yield written
    try:
        yield os.path.abspath(written)  # noqa: PTH100 - links are to stay
        folder, name = os.path.split(written)
        yield os.path.join(os.path.realpath(folder or "."), name)  # noqa: PTH118
        yield os.path.realpath(written)
    except ValueError:  # no file system has such a name
        return


def _is_like(path: str, written: str) -> bool:
    stem = Path(written).stem.casefold()
    return len(stem) > 2 and stem in path.rpartition("/")[2].casefold()


def _listed(videos: Sequence[VideoFacts]) -> str:
    shown = ", ".join(f"{video.path} ({video.id})" for video in videos[:_SHOWN])
    return f"{shown} and {len(videos) - _SHOWN} more" if len(videos) > _SHOWN else shown


def matches_path(path: str, glob: str) -> bool:
    """Whether the glob fits the whole path, or a part of it that begins and ends with whole names of folders or files.

    `*`, `?` and `[]` stay within a name, a name `**` stands for any number of names, at the end for one at least.
    """
    pieces, names = _compiled(glob), path.split("/")
    if not pieces:
        return False
    ends = {0} if glob.startswith("/") else set(range(len(names)))  # after how many names the pieces so far may end
    for piece in pieces:
        if not ends:
            return False
        if piece is None:
            ends = set(range(min(ends), len(names) + 1))
        else:
            ends = {end + 1 for end in ends if end < len(names) and piece.match(names[end])}
    return bool(ends - {0}) if pieces[-1] else min(ends, default=len(names)) < len(names)


@lru_cache(maxsize=64)
def _compiled(glob: str) -> list[re.Pattern[str] | None]:
    """A pattern a name, None for `**`; fnmatch's own don't slow down however many wildcards they have."""
    pieces = glob.removeprefix("./").removesuffix("/").split("/") if glob else []
    return [None if piece == "**" else re.compile(fnmatch.translate(piece)) for piece in pieces]
