"""A catalog in, everything that `status --json` says of it out."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from framescout.catalog.lock import holder
from framescout.catalog.opening import Catalog
from framescout.catalog.reading import Snapshot
from framescout.errors import Reason


def gather(catalog: Catalog) -> dict[str, Any]:
    """Everything that `status --json` says."""
    with catalog.snapshot() as snapshot:
        totals, active = snapshot.totals(), snapshot.active_model()
        models = [
            {
                "name": model.name,
                "active": active is not None and model.id == active.id,
                "videos": len(snapshot.densities(model.id)),
                "keyframes": snapshot.keyframe_count(model.id),
                "index": _index(snapshot, model.id),
                "alerts": {name: len(alerts) for name, alerts in snapshot.alerts(model.id).items()},
                "labels": {name: stored.counts(each) for name, each in stored.sets().items()},
            }
            for model in snapshot.models()
            for stored in [snapshot.labels(model.id)]
        ]
        quarantined = [
            {
                "path": file.path,
                "reason": file.reason,
                "sentence": Reason(file.reason).sentence,
                "detail": file.detail,
                "attempts": file.attempts,
                "at": file.at.isoformat(),
            }
            for file in snapshot.quarantined()
        ]
        partial = [
            {"path": video.path, "read_to": video.end.read_to, "why": video.end.detail}
            for video in snapshot.partial_videos()
        ]
    return {
        "catalog": str(catalog.folder),
        "videos": totals.videos,
        "hours": round(totals.duration / 3600, 3),
        "keyframes": totals.keyframes,
        "gone": totals.gone,
        "partial": partial,
        "models": models,
        "quarantined": quarantined,
        "writer": holder(catalog.folder),
        "size_bytes": _size(catalog.folder),
        "log_bytes": catalog.log_bytes,
    }


def _index(snapshot: Snapshot, model_id: int) -> dict[str, Any] | None:
    generation = snapshot.current_generation(model_id)
    if generation is None:
        return None
    covered = snapshot.keyframe_count(model_id, below=generation.covers_below)
    return {
        "generation": generation.id,
        "kind": generation.kind,
        "vectors": generation.vector_count,
        "not_covered": snapshot.keyframe_count(model_id) - covered,
        "recall": generation.recall,
        "built_at": generation.built_at.isoformat(),
    }


def _size(folder: Path) -> int:
    """Bytes of all files below `folder`; one that goes meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total
