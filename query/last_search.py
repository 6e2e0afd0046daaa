"""Remembers the moments of the last search, so that `play 3` and `open 3` know what 3 is.

They lie in the person's own state folder, which nobody else may read: a catalog may be another's, or can't be written.
"""

from __future__ import annotations

import contextlib

from framescout.durable import write_whole
from framescout.errors import NotAvailableError, UsageError
from framescout.settings import state_folder
from query.answer import Answer, Moment
from query.present import as_json_line

_NAME = "last-search.json"


def remember(answer: Answer) -> None:
    """Keep the moments of this answer in place of the last ones; a disk that is full costs this and no more."""
    folder = state_folder()
    with contextlib.suppress(OSError):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_whole(folder / _NAME, as_json_line(answer).encode())


def recall(number: int) -> Moment:
    """The moment that the last search showed under this number, from 1 on.

    Raises:
        NotAvailableError: there was no search yet.
        UsageError: it showed fewer.
    """
    from query.clips.manifest import read_moments

    path = state_folder() / _NAME
    if not path.is_file():
        raise NotAvailableError("there was no search yet; run framescout search first")
    _, moments = read_moments(path)
    if not moments:
        raise UsageError("the last search found nothing; search again")
    if number > len(moments):
        raise UsageError(f"the last search showed {len(moments)} moments; name one from 1 to {len(moments)}")
    return moments[number - 1]
