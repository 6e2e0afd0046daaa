"""How much moves in the stretch of every keyframe of a space, against what its camera shows at rest."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from framescout.motion import Kind, Motion, Source, Stretches, counted, is_noisy, quiet_level


class VideoMotion(msgspec.Struct, frozen=True, eq=False):
    """The motion of one video, as far as questions need it; true in every state of the catalog that has its curve."""

    source: Source
    levels: np.ndarray
    """(L,) uint8: the levels that occur."""
    counts: np.ndarray
    """(L,) int64: how often each does."""
    stretches: Stretches
    """Of its keyframes, in order."""

    @classmethod
    def of(cls, motion: Motion, starts: np.ndarray, ends: np.ndarray) -> VideoMotion:
        """`starts`, `ends`: (N,) seconds of the stretches that its keyframes stand for."""
        counts = counted(motion.levels)
        occurring = np.flatnonzero(counts)
        stretches = Stretches.of(motion.levels, starts, ends)
        return cls(motion.source, occurring.astype(np.uint8), counts[occurring], stretches)


class KeyframeMotion(msgspec.Struct, frozen=True, eq=False):
    """The motion of the keyframes whose video has a curve: columns of equal length N, in order of id."""

    ids: np.ndarray
    """(N,) int64"""
    stretches: Stretches
    quiet: np.ndarray
    """(N,) uint8: the level that a fifth of the half seconds stay at or below in all videos of the keyframe's camera
    whose curves are of the same source; of a video without a camera, in itself."""
    noisy: np.ndarray
    """(N,) bool: whether that is so high that stillness can't be told."""

    @classmethod
    def of(cls, firsts: Sequence[int], cameras: Sequence[str | int], videos: Sequence[VideoMotion]) -> KeyframeMotion:
        """Of each video with a curve, in order of id: its first keyframe's id, its camera, its motion."""
        groups: dict[tuple[str | int, Source], np.ndarray] = {}
        for camera, video in zip(cameras, videos, strict=True):
            group = groups.setdefault((camera, video.source), np.zeros(256, np.int64))
            group[video.levels] += video.counts
        quiet = {(camera, source): quiet_level(counts, source) for (camera, source), counts in groups.items()}
        levels = [quiet[camera, video.source] for camera, video in zip(cameras, videos, strict=True)]
        noisy = [is_noisy(video.source, level) for video, level in zip(videos, levels, strict=True)]
        counts = np.array([len(video.stretches.highest) for video in videos], np.int64)
        begins = np.cumsum(counts) - counts
        ids = np.repeat(np.array(firsts, np.int64) - begins, counts) + np.arange(counts.sum())
        return cls(
            ids,
            Stretches.joined([video.stretches for video in videos]),
            np.repeat(np.array(levels, np.uint8), counts),
            np.repeat(np.array(noisy, bool), counts),
        )

    def showing(self, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
        """The keyframes in whose stretch motion is of this kind.

        Returns:
            (M,) int64 ids, rising; (M,) float64 octaves by which the highest level of each rises above the quiet one.
        """
        shown = self.stretches.shows(kind, self.quiet, self.noisy)
        return self.ids[shown], self.stretches.rises(self.quiet)[shown]

    def highest_rise(self, first: int, last: int) -> float:
        """Octaves above the quiet level in the keyframes [first, last]; minus infinity where none is known."""
        low, high = np.searchsorted(self.ids, (first, last + 1)).tolist()
        rises = self.rises(low, high)
        return float(rises[~np.isnan(rises)].max(initial=-np.inf))

    def rises(self, low: int, high: int) -> np.ndarray:
        """(high - low,) float64: octaves above the quiet level of the keyframes in these places; NaN: not known."""
        stretches = self.stretches
        own = Stretches(stretches.highest[low:high], stretches.sudden[low:high], stretches.is_known[low:high])
        return own.rises(self.quiet[low:high])
