"""Moves the edges of moments to the exact frame at which the shot changes.

Nothing is known of what lies between two keyframes, so a moment's edge may be off by that much. The stretch between the
keyframe inside and the one outside is decoded; where a cut lies in it, the edge moves there.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from msgspec.structs import replace

from framescout.catalog import Space
from framescout.errors import MediaError
from framescout.media.cuts import find_cuts
from query.answer import Moment


def refine(space: Space, moments: Iterable[Moment]) -> tuple[Moment, ...]:
    """Decode around both edges of each moment; an edge without a cut near it stays, and so does one of a lost file."""
    return tuple(_refined(space, moment) for moment in moments)


def _refined(space: Space, moment: Moment) -> Moment:
    known = space.keyframe_times(moment.video_id)
    if known is None:
        return moment
    times = known.times
    inside = np.flatnonzero((times >= moment.start - 1e-6) & (times < moment.end))
    if not len(inside):
        return moment
    first, last = int(inside[0]), int(inside[-1])
    start, end = moment.start, moment.end
    try:
        if first > 0:
            cuts = find_cuts(moment.video, float(times[first - 1]), float(times[first]))
            start = cuts[-1] if cuts else start
        if last + 1 < len(times):
            cuts = find_cuts(moment.video, float(times[last]), float(times[last + 1]))
            end = cuts[0] if cuts else end
    except MediaError:
        return moment
    return replace(moment, start=start, end=end)
