"""Catalogs made of given embeddings, for benchmarks of searching."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import numpy as np
from msgspec.structs import asdict

import framescout
from framescout import vectors
from framescout.catalog import Catalog
from framescout.catalog.records import FileIdentity, IndexedVideo, Keyframe, Probe, ReadEnd
from framescout.embedding import fingerprint
from framescout.timeline import Span


def fill(folder: Path, videos: Iterable[np.ndarray], dimensions: int) -> Catalog:
    """A catalog in which each (n, D) float16 is a video, with keyframe ids from 1 on; it has no index file yet."""
    catalog = framescout.open(folder)
    with catalog.writer() as writer:
        model = writer.model("starter", fingerprint("starter"), dimensions)
        writer.activate(model)
        for number, rows in enumerate(videos):
            writer.commit_video(video(number, rows), model)
    return catalog


def publish(catalog: Catalog, sentences: np.ndarray) -> None:
    """Build its index file as `framescout index` does at its end, tuned with `sentences`: (S, D) float32."""
    with catalog.snapshot() as snapshot:
        (model,) = snapshot.models()
        space = snapshot.space(model)
        built = vectors.store_in(catalog.vectors_folder).publish(space, sentences)
    with catalog.writer() as writer:
        writer.publish_generation(model_id=model.id, **asdict(built))


def video(number: int, rows: np.ndarray) -> IndexedVideo:
    """A keyframe every two seconds."""
    length = 2.0 * len(rows)
    keyframes = tuple(Keyframe(i, Fraction(2), 2.0 * i, Span(2.0 * i, 2.0 * i + 2.0)) for i in range(len(rows)))
    return IndexedVideo(
        FileIdentity(f"/made-up/cam{number % 10}/{number}.mp4", 1, 1, f"made up {number}"),
        Probe(length, 25.0, False, 640, 360, 0, Fraction(1), 0.0, "h264", False, {}),
        ReadEnd(length, True), keyframes, rows, "balanced",
    )  # fmt: skip
