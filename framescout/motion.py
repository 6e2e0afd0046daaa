"""How much the picture of a video changes, every half second: a curve of levels on a logarithmic scale.

A curve from coded sizes is of what share of its key picture's bytes the other pictures have on average: what the coder
spends on change (Poppe et al. 2009, J. Visual Communication and Image Representation 20, find moving objects in H.264
by coded sizes too). A curve from pictures is of how far two small pictures differ. Levels of one source compare within
a video, and among videos of one camera; what counts as still is learnt from there.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Sequence
from enum import StrEnum

import msgspec
import numpy as np

from framescout.timeline import Span

STEP = 0.5
"""Seconds of the video that a level stands for: level n is of [n * STEP, (n + 1) * STEP)."""
UNKNOWN = 0
"""The level of a half second of which nothing is known."""
OCTAVE = 8
"""Levels between a change and one of twice its amount."""
MOST_LEVELS = round(7 * 24 * 3600 / STEP)
"""Levels that a curve has at most: a week of video. Of what comes after that, no motion is known."""
BYTES_AN_HOUR = 2000
"""Most bytes that a stored curve takes for each hour of video; a short one may take 64."""

_ZERO = 16 * OCTAVE + 1  # the level of an amount of 1
_FEWEST_BYTES = 64
_TOLERANCES = (0, 1, 2, 3, 4, 5, 6, 8, 12, 16, 24, 48, 255)

NONE_BELOW = 1.0
"""Octaves above the quiet level up to which nothing moves."""
MUCH_FROM = 3.0
"""Octaves above the quiet level from which much moves."""
SUDDEN_RISE = 2.0
"""Octaves by which the level lies above all of the last two seconds where a motion begins suddenly."""
NOISY_FROM = 0.02
"""Amount of a quiet level from coded sizes at which stillness can't be told from noise or from lasting motion."""
_BEFORE = round(2.0 / STEP)
_QUIET_SHARE = 0.2
_LEAST_QUIET = {"sizes": 0.0008, "pictures": 0.004}


class Source(StrEnum):
    """What a curve was read from."""

    SIZES = "sizes"
    PICTURES = "pictures"
    UNKNOWN = "unknown"


class Kind(StrEnum):
    """What happens in a half second."""

    UNKNOWN = "unknown"
    NONE = "none"
    LITTLE = "little"
    MUCH = "much"
    SUDDEN = "sudden"
    """Much or little, after two seconds of far less."""


KINDS = (Kind.UNKNOWN, Kind.NONE, Kind.LITTLE, Kind.MUCH, Kind.SUDDEN)
"""By the code that `kinds` gives them."""


class Motion(msgspec.Struct, frozen=True, eq=False):
    """The motion curve of a video."""

    levels: np.ndarray
    """(N,) uint8, one each half second; UNKNOWN where nothing is known, as after the last."""
    source: Source
    detail: str = ""
    """Why it is not from coded sizes, or why some of it is not known; empty where there is nothing to say."""
    jerks: np.ndarray = msgspec.field(default_factory=lambda: np.empty(0, np.uint8))
    """(N,) uint8, one each half second: how hard movement changes there; UNKNOWN where nobody looked at pictures."""

    def level_at(self, seconds: float) -> int:
        """The level of the half second that holds this second of the video."""
        place = math.floor(seconds / STEP)
        return int(self.levels[place]) if 0 <= place < len(self.levels) else UNKNOWN

    def within(self, span: Span) -> np.ndarray:
        """The levels of the half seconds that overlap a stretch (of no length: that hold it): a view."""
        return self.levels[cells(span)]

    def highest(self, span: Span) -> int:
        """The highest level of a stretch; UNKNOWN where none is known."""
        return int(self.within(span).max(initial=UNKNOWN))


def cells(span: Span) -> slice:
    """The half seconds that overlap a stretch of a video, at least the one that it begins in."""
    first = max(0, math.floor(span.start / STEP))
    return slice(first, max(first + 1, math.ceil(span.end / STEP)))


def to_levels(amounts: np.ndarray) -> np.ndarray:
    """(N,) float amounts of change -> (N,) uint8 levels; UNKNOWN where an amount is not finite or below 0."""
    is_known = np.isfinite(amounts) & (amounts >= 0)
    with np.errstate(divide="ignore"):
        octaves = np.log2(np.where(is_known, amounts, 1.0))
    levels = np.clip(np.rint(_ZERO + OCTAVE * np.maximum(octaves, -100.0)), 1, 255)
    return np.where(is_known, levels, UNKNOWN).astype(np.uint8)


def to_amounts(levels: np.ndarray) -> np.ndarray:
    """The inverse of `to_levels`: (N,) float64, NaN where a level is UNKNOWN."""
    amounts = np.exp2((levels.astype(np.float64) - _ZERO) / OCTAVE)
    return np.where(levels == UNKNOWN, np.nan, amounts)


def counted(levels: np.ndarray) -> np.ndarray:
    """(256,) int64: how often each level occurs; those of several curves add up to a camera's history."""
    return np.bincount(levels, minlength=256)


def quiet_level(counts: np.ndarray, source: Source) -> int:
    """The level that a fifth of the known half seconds stay at or below, by `counted`; UNKNOWN where none is known."""
    known = counts.copy()
    known[UNKNOWN] = 0
    if source is Source.UNKNOWN or not known.any():
        return UNKNOWN
    lowest = int(to_levels(np.array([_LEAST_QUIET[source]]))[0])
    return max(lowest, int(np.searchsorted(np.cumsum(known), _QUIET_SHARE * known.sum())))


def kinds(motion: Motion, quiet: int) -> np.ndarray:
    """(N,) uint8: of each half second the place of its kind in KINDS, against a quiet level from the same source.

    A level less than NONE_BELOW octaves above the quiet one is no motion, unless the quiet level itself is so high that
    motion would be lost in it: then nothing is known. From MUCH_FROM octaves on it is much. It is sudden where at least
    little moves, and the level is SUDDEN_RISE octaves above each of the two seconds before, which must be known.
    """
    levels = motion.levels.astype(np.int64)
    is_known = (levels != UNKNOWN) & (quiet != UNKNOWN)
    rise = (levels - quiet) / OCTAVE
    still = Kind.UNKNOWN if is_noisy(motion.source, quiet) else Kind.NONE
    codes = np.select([rise < NONE_BELOW, rise < MUCH_FROM], [KINDS.index(still), KINDS.index(Kind.LITTLE)], default=3)
    is_sudden = (jumps(motion.levels) >= SUDDEN_RISE) & (rise >= NONE_BELOW)
    codes = np.where(is_sudden, KINDS.index(Kind.SUDDEN), codes)
    return np.where(is_known, codes, KINDS.index(Kind.UNKNOWN)).astype(np.uint8)


def jumps(levels: np.ndarray) -> np.ndarray:
    """(N,) levels -> (N,) float64: octaves above the highest of the two seconds before; NaN where any is UNKNOWN."""
    whole = levels.astype(np.float64)
    padded = np.concatenate([np.full(_BEFORE, float(UNKNOWN)), whole])
    before = np.lib.stride_tricks.sliding_window_view(padded, _BEFORE)[: len(levels)]
    is_known = (before != UNKNOWN).all(axis=1) & (levels != UNKNOWN)
    return np.where(is_known, (whole - before.max(axis=1)) / OCTAVE, np.nan)


def shares(motion: Motion, quiet: int) -> np.ndarray:
    """(N,) float64 to draw: 0 at the quiet level, 0.5 where much begins, 1 at most; NaN where `kinds` knows nothing."""
    rises = (motion.levels.astype(np.float64) - quiet) / OCTAVE
    is_known = kinds(motion, quiet) != KINDS.index(Kind.UNKNOWN)
    return np.where(is_known, np.clip(rises / (2 * MUCH_FROM), 0.0, 1.0), np.nan)


def quiet_levels(motions: Iterable[Motion]) -> dict[Source, int]:
    """A camera's level where nothing moves, for each source of its curves: levels of two sources don't compare."""
    counts: dict[Source, np.ndarray] = {}
    for motion in motions:
        counts[motion.source] = counts.get(motion.source, np.zeros(256, np.int64)) + counted(motion.levels)
    return {source: quiet_level(own, source) for source, own in counts.items()}


def is_noisy(source: Source, quiet: int) -> bool:
    """Whether stillness can't be told from noise or from lasting motion at this quiet level."""
    return source is Source.SIZES and quiet >= int(to_levels(np.array([NOISY_FROM]))[0])


class Stretches(msgspec.Struct, frozen=True, eq=False):
    """The motion in N stretches of footage, before anybody says what is quiet: columns of equal length."""

    highest: np.ndarray
    """(N,) uint8: the highest level; UNKNOWN where none is known."""
    sudden: np.ndarray
    """(N,) uint8: the highest level that lies SUDDEN_RISE above the two seconds before; UNKNOWN where none does."""
    is_known: np.ndarray
    """(N,) bool: whether every half second is known."""

    @classmethod
    def of(cls, levels: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> Stretches:
        """Those that begin and end at these seconds, (N,) each, of a curve; of no length: the half second there."""
        first = np.maximum(np.floor(starts / STEP).astype(np.int64), 0)
        behind = np.maximum(np.ceil(ends / STEP).astype(np.int64), first + 1)
        longer = np.full(max(int(behind.max(initial=0)), len(levels)) + 1, UNKNOWN, np.uint8)
        longer[: len(levels)] = levels
        sudden = np.where(jumps(longer) >= SUDDEN_RISE, longer, UNKNOWN)
        places = np.stack([first, behind], axis=1).reshape(-1)
        highest, suddenly = (np.maximum.reduceat(each, places)[::2] for each in (longer, sudden))
        return cls(highest, suddenly, np.minimum.reduceat(longer, places)[::2] != UNKNOWN)

    @classmethod
    def joined(cls, several: Sequence[Stretches]) -> Stretches:
        """All of them, in order."""
        columns = [(each.highest, each.sudden, each.is_known) for each in several]
        if not columns:
            return cls(np.empty(0, np.uint8), np.empty(0, np.uint8), np.empty(0, bool))
        return cls(*map(np.concatenate, zip(*columns, strict=True)))

    def rises(self, quiet: np.ndarray) -> np.ndarray:
        """(N,) float64: octaves by which the highest level lies above the quiet one, (N,); NaN where it isn't known."""
        rises = (self.highest.astype(np.float64) - quiet) / OCTAVE
        return np.where((self.highest != UNKNOWN) & (quiet != UNKNOWN), rises, np.nan)

    def shows(self, kind: Kind, quiet: np.ndarray, noisy: np.ndarray) -> np.ndarray:
        """(N,) bool: which show this kind of motion, against quiet levels, (N,), of which some are `noisy`, (N,).

        A stretch is as its strongest half second: it shows much or little motion by its highest level, none where all
        of it is known to be still. Beside that it shows sudden motion where one half second does.
        """
        rises = self.rises(quiet)
        match kind:
            case Kind.MUCH:
                shown = rises >= MUCH_FROM
            case Kind.LITTLE:
                shown = (rises >= NONE_BELOW) & (rises < MUCH_FROM)
            case Kind.NONE:
                shown = self.is_known & (rises < NONE_BELOW) & ~noisy
            case _:
                rise = (self.sudden.astype(np.float64) - quiet) / OCTAVE
                shown = (self.sudden != UNKNOWN) & (quiet != UNKNOWN) & (rise >= NONE_BELOW)
        return shown


def packed(levels: np.ndarray) -> bytes:
    """A curve as few bytes, at most BYTES_AN_HOUR: as exact as fits, within eighths of an octave for usual footage."""
    most = max(_FEWEST_BYTES, round(BYTES_AN_HOUR * len(levels) * STEP / 3600))
    for tolerance in _TOLERANCES:
        data = _deflated(_levelled(levels, tolerance))
        if len(data) <= most:
            break
    return data


def unpacked(data: bytes) -> np.ndarray:
    """The levels that `packed` was given, about.

    Raises:
        ValueError: the bytes are no curve.
    """
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        levels = inflater.decompress(data, MOST_LEVELS)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if not inflater.eof or inflater.unused_data:
        raise ValueError("it is no whole curve")
    return np.frombuffer(levels, np.uint8)


def _deflated(levels: bytes) -> bytes:
    deflater = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    return deflater.compress(levels) + deflater.flush()


def _levelled(levels: np.ndarray, tolerance: int) -> bytes:
    """Each level stays the one before while it is no further than `tolerance` from it: long runs pack well."""
    if not tolerance:
        return levels.tobytes()
    out, last = bytearray(len(levels)), -256
    for place, level in enumerate(levels.tolist()):
        if level == UNKNOWN:
            continue
        if abs(level - last) > tolerance:
            last = min(255, max(1, (level + tolerance // 2) // tolerance * tolerance))
        out[place] = last
    return bytes(out)
