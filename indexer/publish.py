"""Builds a vector index of the catalog's embeddings where that is worth it, and makes it the current one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict

import numpy as np

from framescout import vectors
from framescout.catalog import Catalog, Space, Writer
from framescout.catalog.records import Model
from framescout.embedding import load_text_tower
from framescout.errors import ModelNotAvailableError
from framescout.progress import Progress
from indexer.trial_sentences import TRIAL_SENTENCES


def publish(catalog: Catalog, writer: Writer, model: Model, progress: Progress) -> None:
    """Bring the vector index of `model` up to the catalog, and delete the files that no one needs any more.

    What the index doesn't cover yet is found all the same, so a few new videos are no reason to build.

    Raises:
        DiskFullError: the new index doesn't fit; the old one stays the current one.
    """
    store = vectors.store_in(catalog.vectors_folder)
    with catalog.snapshot() as snapshot:
        space = snapshot.space(model)
        if vectors.is_worth_building(space, store):
            progress.note("building the vector index")
            built = store.publish(space, _sentences(catalog, space))
        else:
            built = None
    if built:
        writer.publish_generation(model_id=model.id, **asdict(built))
    with catalog.snapshot() as snapshot:
        generations = [snapshot.space(known).generation() for known in snapshot.models()]
    store.drop_stale([generation for generation in generations if generation])


def _sentences(catalog: Catalog, space: Space) -> np.ndarray | None:
    """What the index is tuned with; None where it needs nothing, or the model is no longer here."""
    model = space.model
    if vectors.is_tuned(space.keyframe_count()):
        with suppress(ModelNotAvailableError):
            return load_text_tower(model.name, model.fingerprint, catalog.cache_folder).encode_texts(TRIAL_SENTENCES)
    return None
