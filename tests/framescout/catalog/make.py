"""Small records for tests of the catalog and of what stands on it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from msgspec.structs import replace

from framescout.catalog import Catalog
from framescout.catalog.records import (
    Alert,
    FileIdentity,
    IndexedVideo,
    Keyframe,
    Labelling,
    Probe,
    ReadEnd,
)
from framescout.errors import Reason
from framescout.motion import Motion, Source
from framescout.recording import Said
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


ODD = b"/archive/caf\xe9 \\x41\t\n?%.mp4".decode("utf-8", "surrogateescape")


def fill(place: str | Path) -> Catalog:
    """A catalog with rows of every kind."""
    catalog = Catalog.open(place)
    with catalog.writer() as writer:
        model, other = writer.model("starter", "f1", 8), writer.model("größe\\N", "f2", 8)
        writer.activate(other)
        motion = Motion(np.arange(7, dtype=np.uint8), Source.SIZES, "")
        for number in range(40):
            writer.commit_video(replace(make_indexed(f"/a/{number}.mp4", seed=number), motion=motion), model)
        first = writer.commit_video(make_indexed(ODD, content_hash="odd", count=2), other)
        writer.drop_video(writer.commit_video(make_indexed("/gone.mp4"), other))
        writer.mark_gone(["/a/3.mp4", ODD])
        writer.quarantine("/bad\udcff.mp4", 2**40, -1, Reason.EMPTY, 'a "b"\\\t')
        writer.put_labels(model, "scene", "x", ("a", "b"), [Labelling(1, 1, np.array([0, 1, 1, 0, 255], np.uint8))])
        alert = Alert(first, 0.1, 1 / 3, 0.2, 206, 0.9, None, {"why": ["ü", None, 1e-9]})
        pending = [({"mail": "x"}, {"event": "gate", "n": 1})]
        writer.put_alerts(other, "gate", "y", [alert], source=ODD, pending=pending)
        writer.remember_speed(1e9)
        facts: dict[str, Any] = {"kind": "flat", "vector_count": 2**40, "covers_below": 4, "checksum": "c"}
        writer.publish_generation(model_id=model.id, file_name="one", nprobe=0, recall=0.97, **facts)
    catalog.saved_searches.save("gate", {"text": "é"}, ["run", "{}"], 3)
    catalog.alert_marks.put("gate", "hash", 0.1, 0.2, None)
    catalog.say([Said(folder="/a", camera="yard", fast=1.5)])
    (catalog.vectors_folder / "one").write_bytes(b"vectors")
    (catalog.folder / "exports.jsonl").write_text("{}\n")
    return catalog
