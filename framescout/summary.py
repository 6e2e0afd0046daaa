"""Makes the document that `status --json` prints."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from framescout.catalog.naming import find_video
from framescout.catalog.opening import Catalog
from framescout.catalog.records import FileFacts, Generation
from framescout.catalog.snapshot import Snapshot
from framescout.catalog.space import Space
from framescout.errors import NotAvailableError, Reason
from framescout.motion import STEP, Source, is_noisy, quiet_levels, shares
from framescout.recording import Rules
from framescout.vectors import store_in


def gather(catalog: Catalog) -> dict[str, Any]:
    """Everything that `status --json` says."""
    with catalog.snapshot() as snapshot:
        totals, active = snapshot.totals(), snapshot.active_model()
        models = [_model(catalog, snapshot.space(model), is_active=model == active) for model in snapshot.models()]
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
    holder = catalog.holder()
    return {
        "catalog": str(catalog.store),
        "videos": totals.videos,
        "hours": round(totals.duration / 3600, 3),
        "seconds": round(totals.duration, 3),
        "keyframes": totals.keyframes,
        "gone": totals.gone,
        "partial": partial,
        "models": models,
        "quarantined": quarantined,
        "writer": holder.to_json() if holder else None,
        "size_bytes": catalog.store.size_bytes(),
        "log_bytes": catalog.log_bytes,
    }


def evidence(catalog: Catalog, written: str) -> dict[str, Any]:
    """What is known of one video, and of each of its files from what; the document of `show VIDEO --json`.

    `written`: as `find_video` takes it.

    Raises:
        UsageError: there is no such video, or there are several.
    """
    with catalog.snapshot() as snapshot:
        rules = catalog.rules
        (video,) = snapshot.videos([find_video(snapshot.video_facts(), written).id])
        motion = motion_curve(snapshot, video.id, video.camera)
        spaces = [snapshot.space(model) for model in snapshot.models()]
        models = [_of_video(space, video.id) for space in spaces if space.density_of(video.id)]
    return {
        "video_id": video.id,
        "duration": video.duration,
        "width": video.width_px,
        "height": video.height_px,
        "codec": video.codec,
        "frame_rate": video.frame_rate,
        "partial": None if video.end.is_complete else {"read_to": video.end.read_to, "why": video.end.detail},
        "models": models,
        "timecode": video.timecode.first if video.timecode else None,
        "motion": motion,
        "files": [_evidence_of(file, rules) for file in video.files],
    }


def motion_curve(snapshot: Snapshot, video_id: int, camera: str | None) -> dict[str, Any]:
    """How much moves in a video, against what its camera shows at rest: `shares`, None where it is not known."""
    motion = snapshot.motion(video_id)
    if motion is None:
        detail = "nobody looked for it yet; framescout index --motion does"
        return {"step": STEP, "source": Source.UNKNOWN.value, "detail": detail, "levels": []}
    same = [video.id for video in snapshot.video_facts() if video.camera == camera] if camera else []
    quiet = quiet_levels(own for _, own in snapshot.motions({video_id, *same}))[motion.source]
    levels = [None if math.isnan(share) else round(share, 3) for share in shares(motion, quiet).tolist()]
    hidden = "noise, or motion that lasts, hides what moves little" if is_noisy(motion.source, quiet) else ""
    detail = "; ".join(filter(None, (motion.detail, hidden)))
    return {"step": STEP, "source": motion.source.value, "detail": detail, "levels": levels}


def _of_video(space: Space, video_id: int) -> dict[str, Any]:
    """What one model knows of a video: its keyframes, those of each label, the alerts of events."""
    first, end = space.span(video_id) or (0, 0)
    stored, labels = space.labels(), {}
    for name, label_set in stored.sets().items():
        own = [each for each in stored.labellings(label_set) if each.video_id == video_id]
        counts = np.bincount(own[0].codes, minlength=len(label_set.labels)).tolist() if own else []
        labels[name] = {label: count for label, count in zip(label_set.labels, counts, strict=False) if count}
    return {
        "name": space.model.name,
        "density": space.density_of(video_id),
        "keyframes": end - first,
        "labels": {name: counts for name, counts in labels.items() if counts},
        "alerts": [
            {"event": name, "start": alert.start, "end": alert.end, "context": alert.context}
            for name, alerts in space.alerts([video_id]).items()
            for alert in sorted(alerts, key=lambda each: each.start)
        ],
    }


def _evidence_of(file: FileFacts, rules: Rules) -> dict[str, Any]:
    camera = rules.camera(file.path)
    return {
        "path": file.path,
        "is_gone": file.is_gone,
        "camera": camera.name if camera else None,
        "camera_from": camera.why if camera else None,
        "recorded_at": file.recorded_at.isoformat() if file.recorded_at else None,
        "times": [
            {"at": each.at.isoformat(), "source": each.source, "why": each.why}
            for each in rules.times(file.path, file.tags, file.duration)
        ],
        "tags": dict(file.tags),
    }


def _model(catalog: Catalog, space: Space, *, is_active: bool) -> dict[str, Any]:
    stored = space.labels()
    return {
        "name": space.model.name,
        "active": is_active,
        "videos": space.video_count(),
        "keyframes": space.keyframe_count(),
        "index": _index(catalog, space),
        "alerts": {name: len(alerts) for name, alerts in space.alerts().items()},
        "labels": {name: stored.counts(each) for name, each in stored.sets().items()},
    }


def _index(catalog: Catalog, space: Space) -> dict[str, Any] | None:
    generation = space.generation()
    if generation is None:
        return None
    covered = space.keyframe_count(below=generation.covers_below)
    return {
        "generation": generation.id,
        "kind": generation.kind,
        "usable": _is_usable(catalog, generation),
        "vectors": generation.vector_count,
        "not_covered": space.keyframe_count() - covered,
        "recall": generation.recall,
        "built_at": generation.built_at.isoformat(),
    }


def _is_usable(catalog: Catalog, generation: Generation) -> bool:
    """Whether it is there, and looks as it was written, where the settings say that vectors lie."""
    try:
        return store_in(catalog.vectors_place).is_sound(generation)
    except NotAvailableError:  # a package is missing
        return False
