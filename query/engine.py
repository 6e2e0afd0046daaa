"""The road of a question: encode, filter, rank, join into moments, say how sure; in one consistent snapshot."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from framescout.catalog import Catalog, Snapshot
from framescout.catalog.records import Model
from framescout.embedding import load_text_tower
from framescout.errors import NotAvailableError, UsageError
from framescout.vectors import VectorIndex
from query.answer import Answer, Moment
from query.confidence import MATCH, Background, strangers
from query.encode import encode_query
from query.filters import wanted_ranges
from query.moments import find_stretches
from query.request import Query

_CANDIDATES_A_MOMENT = 8
_SAMPLE = 20_000  # keyframes from which a sentence's background is read


def answer(catalog: Catalog, query: Query, *, model_name: str | None = None) -> Answer:
    """The moments that answer `query`, best first.

    Raises:
        NotAvailableError: nothing is indexed yet, or not with this model.
        ModelNotAvailableError: the model's text tower can't be had.
    """
    with catalog.snapshot() as snapshot:
        model = find_model(snapshot, model_name)
        tower = load_text_tower(model.name, model.fingerprint, catalog.cache_folder)
        vector = encode_query(tower, query)
        ranges = wanted_ranges(snapshot, model.id, query)
        strange = strangers(tower, model.fingerprint, catalog.cache_folder)
        background, usual = read_background(snapshot, model, vector, strange)
        index = VectorIndex.open(snapshot, model, catalog.vectors_folder)
        moments = _moments(snapshot, model, index, vector, ranges, (background, usual), query.limit)
        searched = snapshot.keyframe_count(model.id) if ranges is None else int((ranges[:, 1] - ranges[:, 0]).sum())
    kept = tuple(moment for moment in moments if moment.confidence >= query.min_confidence)
    matched = any(moment.confidence >= MATCH for moment in kept)
    return Answer(query.to_json(), model.name, searched, matched, kept)


def find_model(snapshot: Snapshot, name: str | None) -> Model:
    """The model that is named, else the catalog's active one.

    Raises:
        NotAvailableError: nothing is indexed yet.
        UsageError: the catalog has no embeddings of the model that is named.
    """
    if name is None:
        active = snapshot.active_model()
        if active is None:
            raise NotAvailableError("nothing is indexed yet; begin with: framescout index FOLDER")
        return active
    models = snapshot.models()
    named = [model for model in models if model.name == name]
    if not named:
        known = ", ".join(sorted({model.name for model in models})) or "none"
        raise UsageError(f"the catalog has no embeddings of the model {name!r}; it has: {known}")
    return named[-1]


def read_background(
    snapshot: Snapshot, model: Model, vector: np.ndarray, strange: np.ndarray
) -> tuple[Background, float]:
    """What the strangers `strange` (R, D) reach in the archive at best, and the score of most keyframes for `vector`.

    From a sample of whole videos, spread evenly over the catalog.
    """
    videos = snapshot.video_ranges(model.id)
    counts = videos[:, 2] - videos[:, 1]
    step = max(1, int(np.ceil(counts.sum() / _SAMPLE)))
    chosen = None if step == 1 else videos[::step, 0].tolist()
    blocks = [block.embeddings for block in snapshot.blocks(model.id, video_ids=chosen)]
    if not blocks:
        return Background.of(np.empty(0, np.float32)), 0.0
    scores = np.concatenate(blocks).astype(np.float32) @ np.concatenate([strange, vector[None]]).T
    return Background.of(scores[:, :-1].max(axis=0)), float(np.median(scores[:, -1]))


def _moments(
    snapshot: Snapshot,
    model: Model,
    index: VectorIndex,
    vector: np.ndarray,
    ranges: np.ndarray | None,
    background: tuple[Background, float],
    limit: int,
) -> list[Moment]:
    """The best `limit` moments.

    Every keyframe that scores as well as the last candidate is a candidate; so every peak above it lies in a video
    that is looked at, and more candidates are asked for only where they joined into too few moments.
    """
    wanted = limit * _CANDIDATES_A_MOMENT
    while True:
        ids, scores = index.search(vector[None], wanted, ranges)
        found = ids[0] >= 0
        if not found.any():
            return []
        floor = float(scores[0][found].min())
        video_ids = _videos_of(snapshot, model, ids[0][found])
        moments = _moments_in(snapshot, model, vector, video_ids, floor, background)
        if len(moments) >= limit or found.sum() < wanted:
            return moments[:limit]
        wanted *= 4


def _videos_of(snapshot: Snapshot, model: Model, keyframe_ids: np.ndarray) -> list[int]:
    videos = snapshot.video_ranges(model.id)
    positions = np.searchsorted(videos[:, 1], keyframe_ids, side="right") - 1
    return [int(video_id) for video_id in np.unique(videos[positions, 0])]


def _moments_in(
    snapshot: Snapshot,
    model: Model,
    vector: np.ndarray,
    video_ids: Iterable[int],
    floor: float,
    background: tuple[Background, float],
) -> list[Moment]:
    strange, usual = background
    wanted = list(video_ids)
    videos = {video.id: video for video in snapshot.videos(wanted)}
    moments = []
    for block in snapshot.blocks(model.id, video_ids=wanted):
        scores = block.embeddings.astype(np.float32) @ vector
        times = snapshot.keyframe_times(block.video_id, model.id)
        assert times is not None
        video = videos[block.video_id]
        for stretch in find_stretches(scores, floor - 1e-4, background=usual):
            score = float(scores[stretch.peak])
            moments.append(
                Moment(
                    video=video.path,
                    video_id=video.id,
                    camera=video.camera,
                    recorded_at=video.recorded_at,
                    start=float(times.starts[stretch.first]),
                    end=float(times.ends[stretch.last]),
                    peak=float(times.times[stretch.peak]),
                    score=score,
                    confidence=strange.confidence(score),
                    keyframe_id=times.first_keyframe_id + stretch.peak,
                )
            )
    return sorted(moments, key=lambda moment: (-moment.score, moment.keyframe_id))
