"""Finds the keyframes in whose stretch so much moves as a question asks, against what their camera shows at rest."""

from __future__ import annotations

import numpy as np

from framescout.catalog import Space
from framescout.motion import Kind, Motion, Source, quiet_levels, stretches_that_show


def keyframes_that_show(space: Space, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
    """Every keyframe of the space in whose stretch motion is of this kind, as `stretches_that_show` says.

    The yardstick is what is quiet at the video's camera, in all its videos; of a video without a camera, in itself.

    Returns:
        (N,) int64 ids, rising; (N,) float64 octaves by which the highest level of each rises above the quiet one.
    """
    motions = dict(space.snapshot.motions())
    cameras: dict[int, str | int] = {video.id: video.camera or video.id for video in space.snapshot.video_facts()}
    groups: dict[str | int, list[Motion]] = {}
    for video_id, motion in motions.items():
        groups.setdefault(cameras.get(video_id, video_id), []).append(motion)
    quiet = {camera: quiet_levels(own) for camera, own in groups.items()}
    ids, octaves = [np.empty(0, np.int64)], [np.empty(0)]
    for video_id, first, _ in space.video_ranges().tolist():
        known = motions.get(video_id)
        times = space.keyframe_times(video_id) if known and known.source is not Source.UNKNOWN else None
        if known is None or times is None:
            continue
        level = quiet[cameras.get(video_id, video_id)][known.source]
        shows, rises = stretches_that_show(kind, known, level, times.starts, times.ends)
        ids.append(first + np.flatnonzero(shows))
        octaves.append(rises[shows])
    return np.concatenate(ids), np.concatenate(octaves)
