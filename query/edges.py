"""Moves the edges of moments to where motion begins and ends, as far as the motion curve clearly says so.

As long as nothing moves, a picture stays as the keyframe beside it shows it. So between a keyframe of the moment and
the one outside, stillness belongs to the keyframe that it touches, and the motion between the two belongs to the
moment. The keyframes themselves stay on their side of the edge.
"""

from __future__ import annotations

import math

import msgspec

from framescout.motion import KINDS, STEP

_UNKNOWN, _STILL, _MOVES = b"\x00", b"\x01", b"\x02"
_OF_KINDS = bytes.maketrans(bytes(range(len(KINDS))), bytes(min(code, 2) for code in range(len(KINDS))))
_PAUSE = _STILL * round(1.0 / STEP)  # a second of stillness parts two motions


class Between(msgspec.Struct, frozen=True):
    """What moves between two keyframes, the earlier and the later one."""

    begins: float
    """Seconds of the video from which something moves."""
    ends: float
    is_still_before: bool
    """Whether it is still at the earlier keyframe, for half a second at least."""
    is_still_behind: bool


def look_between(curve: bytes, earlier: float, later: float) -> Between | None:
    """The one motion between two seconds; None where there is none or more than one, or where anything is not known.

    `curve`: the place in KINDS of each half second, a byte each.
    """
    first, behind = math.floor(earlier / STEP), math.ceil(later / STEP)
    cells = curve[first:behind].translate(_OF_KINDS)
    if len(cells) < behind - first or _UNKNOWN in cells:
        return None
    begins, last = cells.find(_MOVES), cells.rfind(_MOVES)
    if begins < 0 or _PAUSE in cells[begins:last]:
        return None
    ends = min(later, (first + last + 1) * STEP)
    return Between((first + begins) * STEP, ends, begins > 0, last + 1 < len(cells))


def moved_start(curve: bytes, start: float, before: float, first: float) -> float:
    """Where a moment starts that said `start`: its first keyframe is at `first`, the one outside at `before`."""
    between = look_between(curve, before, first)
    if between is None:
        return start
    if between.is_still_before:
        return between.begins
    return min(start, between.ends) if between.is_still_behind else start


def moved_end(curve: bytes, end: float, last: float, after: float) -> float:
    """Where a moment ends that said `end`: its last keyframe is at `last`, the one outside at `after`."""
    between = look_between(curve, last, after)
    if between is None:
        return end
    if between.is_still_behind:
        return between.ends
    return max(end, between.begins) if between.is_still_before else end


def trimmed(curve: bytes, start: float, end: float) -> tuple[float, float]:
    """[start, end) without the stillness at both of its ends; as it is where nothing moves."""
    first, behind = math.floor(start / STEP), math.ceil(end / STEP)
    cells = curve[first:behind].translate(_OF_KINDS).ljust(behind - first, _UNKNOWN)
    begins, last = len(cells) - len(cells.lstrip(_STILL)), len(cells.rstrip(_STILL))
    if begins >= last:
        return start, end
    return max(start, (first + begins) * STEP), min(end, (first + last) * STEP)
