"""The catalog in, a current vector index out, where building one is worth it."""

from __future__ import annotations

from dataclasses import asdict

from framescout import vectors
from framescout.catalog import Catalog, Writer
from framescout.catalog.records import Model
from framescout.progress import Progress


def publish(catalog: Catalog, writer: Writer, model: Model, progress: Progress) -> None:
    """Bring the vector index of `model` up to the catalog, and delete the files that no one needs any more.

    What the index doesn't cover yet is found all the same, so a few new videos are no reason to build.

    Raises:
        DiskFullError: the new index doesn't fit; the old one stays the current one.
    """
    folder = catalog.vectors_folder
    with catalog.snapshot() as snapshot:
        if vectors.is_worth_building(snapshot, model, folder):
            progress.note("building the vector index")
            built = vectors.build(snapshot, model, folder)
        else:
            built = None
    if built:
        writer.publish_generation(model_id=model.id, **asdict(built))
    with catalog.snapshot() as snapshot:
        generations = [snapshot.current_generation(known.id) for known in snapshot.models()]
    vectors.delete_stale(folder, [generation for generation in generations if generation])
