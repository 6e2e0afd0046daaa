"""Small records for tests of the catalog and of what stands on it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from framescout.catalog.records import (
    FileIdentity,
    IndexedVideo,
    Keyframe,
    Probe,
    ReadEnd,
)
from framescout.timeline import Span


def make_probe(duration: float = 10.0) -> Probe:
    return Probe(
        duration=duration,
        frame_rate=25.0,
        is_variable_rate=False,
        width_px=320,
        height_px=240,
        rotation=0,
        sample_aspect_ratio=Fraction(1, 1),
        start_offset=0.0,
        codec="h264",
        has_audio=False,
        tags={"container": "mov,mp4"},
    )


def make_embeddings(count: int, dimensions: int = 8, seed: int = 0) -> np.ndarray:
    """(N, D) float16, unit rows."""
    rows = np.random.default_rng(seed).normal(size=(count, dimensions))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)


def make_indexed(
    path: str = "/archive/a.mp4",
    *,
    content_hash: str | None = None,
    count: int = 5,
    embeddings: np.ndarray | None = None,
    seed: int = 0,
) -> IndexedVideo:
    """A video of `count` keyframes, two seconds apart."""
    rows = make_embeddings(count, seed=seed) if embeddings is None else embeddings
    keyframes = tuple(
        Keyframe(pts=i * 50, time_base=Fraction(1, 25), time=i * 2.0, span=Span(i * 2.0, i * 2.0 + 2.0))
        for i in range(len(rows))
    )
    return IndexedVideo(
        file=FileIdentity(path, 1000, 1, content_hash or f"hash of {path}"),
        probe=make_probe(2.0 * len(rows)),
        end=ReadEnd(2.0 * len(rows), is_complete=True),
        keyframes=keyframes,
        embeddings=rows,
        density="balanced",
    )
