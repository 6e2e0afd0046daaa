"""Builds a vector index of the catalog's embeddings where that is worth it, and makes it the current one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
from msgspec.structs import asdict

from framescout import vectors
from framescout.cached import Cache
from framescout.catalog import Catalog, Space, Writer
from framescout.catalog.records import Model
from framescout.embedding import load_text_tower
from framescout.errors import ModelNotAvailableError
from framescout.progress import Progress
from indexer.trial_sentences import TRIAL_SENTENCES

if TYPE_CHECKING:
    from framescout.vectors.lance_build import AddIndex


def publish(
    catalog: Catalog, writer: Writer, model: Model, progress: Progress, add_index: AddIndex | None = None
) -> None:
    """Bring the vector index of `model` up to the catalog, and delete the files that no one needs any more.

    What the index doesn't cover yet is found all the same, so a few new videos are no reason to build.

    `add_index`: what indexes the vectors of a Lance dataset; None: this process.

    Raises:
        DiskFullError: the new index doesn't fit; the old one stays the current one.
    """
    if catalog.settings.vectors:
        writer.identify()
    store = vectors.store_in(catalog.vectors_place, add_index)
    with catalog.snapshot() as snapshot:
        space = snapshot.space(model)
        if vectors.is_worth_building(space, store):
            progress.note("building the vector index")
            built = store.publish(space, _sentences(catalog, space, store))
        else:
            built = None
    if built:
        writer.publish_generation(model_id=model.id, **asdict(built))
    with catalog.snapshot() as snapshot:
        generations = [snapshot.space(known).generation() for known in snapshot.models()]
    for each in (store, vectors.store_in(catalog.vectors_folder)):  # files of the time before a place was set, too
        each.drop_stale([generation for generation in generations if generation])
    Cache(catalog.cache_folder).tidy()


def _sentences(catalog: Catalog, space: Space, store: vectors.IndexStore) -> np.ndarray | None:
    """What the index is tuned with; None where it needs nothing, or the model is no longer here."""
    model = space.model
    if store.is_tuned(space.keyframe_count()):
        with suppress(ModelNotAvailableError):
            return load_text_tower(model.name, model.fingerprint, catalog.cache_folder).encode_texts(TRIAL_SENTENCES)
    return None
