"""Makes the document that `status --json` prints."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from framescout.catalog.lock import holder
from framescout.catalog.opening import Catalog
from framescout.catalog.space import Space
from framescout.errors import Reason


def gather(catalog: Catalog) -> dict[str, Any]:
    """Everything that `status --json` says."""
    with catalog.snapshot() as snapshot:
        totals, active = snapshot.totals(), snapshot.active_model()
        models = [_model(snapshot.space(model), is_active=model == active) for model in snapshot.models()]
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
        "seconds": round(totals.duration, 3),
        "keyframes": totals.keyframes,
        "gone": totals.gone,
        "partial": partial,
        "models": models,
        "quarantined": quarantined,
        "writer": holder(catalog.folder),
        "size_bytes": _size(catalog.folder),
        "log_bytes": catalog.log_bytes,
    }


def _model(space: Space, *, is_active: bool) -> dict[str, Any]:
    stored = space.labels()
    return {
        "name": space.model.name,
        "active": is_active,
        "videos": len(space.densities()),
        "keyframes": space.keyframe_count(),
        "index": _index(space),
        "alerts": {name: len(alerts) for name, alerts in space.alerts().items()},
        "labels": {name: stored.counts(each) for name, each in stored.sets().items()},
    }


def _index(space: Space) -> dict[str, Any] | None:
    generation = space.generation()
    if generation is None:
        return None
    covered = space.keyframe_count(below=generation.covers_below)
    return {
        "generation": generation.id,
        "kind": generation.kind,
        "vectors": generation.vector_count,
        "not_covered": space.keyframe_count() - covered,
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
