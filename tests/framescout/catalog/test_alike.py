"""Whatever is asked of a catalog is answered alike, in a folder and in PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pytest
from msgspec.structs import fields

from framescout.address import place_of
from framescout.catalog import Catalog, Snapshot, Space
from framescout.catalog.blocks import EmbeddingBlock
from framescout.catalog.copying import copy
from framescout.catalog.labels import StoredLabels
from framescout.catalog.opening import store_of
from tests.framescout.catalog.make import fill
from tests.postgresql import Server

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)

OF_SNAPSHOTS: dict[str, Callable[[Snapshot], Any]] = {
    "active_model": Snapshot.active_model,
    "cameras": Snapshot.cameras,
    "content_hashes": lambda it: it.content_hashes([2, 41]),
    "file_columns": Snapshot.file_columns,
    "files_by_root": Snapshot.files_by_root,
    "files_state": Snapshot.files_state,
    "folders": Snapshot.folders,
    "identity": Snapshot.identity,
    "indexed_since": lambda it: [it.indexed_since(LONG_AGO), it.indexed_since(LONG_AGO + timedelta(days=99999))],
    "known_files": Snapshot.known_files,
    "models": Snapshot.models,
    "motion": lambda it: [it.motion(1), it.motion(99)],
    "motions": lambda it: [*it.motions(), *it.motions([3, 99, 1])],
    "next_keyframe_id": Snapshot.next_keyframe_id,
    "own_kinds": lambda it: it.own_kinds([2, 99]),
    "partial_videos": Snapshot.partial_videos,
    "paths": lambda it: it.paths([1, 2, 41]),
    "quarantined": Snapshot.quarantined,
    "speed": Snapshot.speed,
    "totals": Snapshot.totals,
    "video_facts": Snapshot.video_facts,
    "video_id_of": lambda it: [it.video_id_of("odd"), it.video_id_of("none")],
    "videos": lambda it: [it.videos(), it.videos([41, 2, 99])],
    "without_motion": Snapshot.without_motion,
    "checks": lambda it: (it.checks.altered_videos(), it.checks.altered_marks(), it.checks.altered_files()),
    "space": lambda it: it.space(it.models()[0]).model,
}
OF_SPACES: dict[str, Callable[[Space], Any]] = {
    "alerts": lambda it: [it.alerts(), it.alerts([1, 41])],
    "blocks": lambda it: [*it.blocks(), *it.blocks(from_keyframe_id=30), *it.blocks(video_ids=[1, 41])],
    "blocks_of": lambda it: [*it.blocks_of(it.video_ranges()[3:5])],
    "densities": Space.densities,
    "density_of": lambda it: [it.density_of(1), it.density_of(99)],
    "embeddings_of": lambda it: it.embeddings_of([7, 3, 205]),
    "events": Space.events,
    "generation": Space.generation,
    "keyframe_at": lambda it: [it.keyframe_at(1, 3.5), it.keyframe_at(41, 99.0), it.keyframe_at(99, 1.0)],
    "keyframe_count": lambda it: [it.keyframe_count(), it.keyframe_count(below=30)],
    "keyframe_ranges": Space.keyframe_ranges,
    "keyframe_times": lambda it: [it.keyframe_times(1), it.keyframe_times(41), it.keyframe_times(99)],
    "keyframes_between": lambda it: it.keyframes_between(1, 6, 2.0, 5.0),
    "labels": lambda it: it.labels().sets(),
    "motion": Space.motion,
    "ranges_since": lambda it: it.ranges_since(20),
    "span": lambda it: [it.span(1), it.span(99)],
    "times_of": lambda it: it.times_of(it.keyframe_ranges()[:, 0].tolist()),
    "video_count": lambda it: [it.video_count(), len(it.densities())],
    "video_ranges": Space.video_ranges,
}
OF_LABELS: dict[str, Callable[[StoredLabels], Any]] = {
    "sets": StoredLabels.sets,
    "labellings": lambda it: [it.labellings(each) for each in it.sets().values()],
    "columns": lambda it: [it.columns(each) for each in it.sets().values()],
    "ranges": lambda it: [it.ranges(each, label) for each in it.sets().values() for label in each.labels],
    "counts": lambda it: [it.counts(each) for each in it.sets().values() if len(each.labels) > 255],
}
OF_CATALOGS: dict[str, Callable[[Catalog], Any]] = {
    "videos": Catalog.videos,
    "saved": lambda it: it.saved_searches.all(),
    "marks": lambda it: it.alert_marks.all(),
    "pending": lambda it: it.pending_alerts.all(),
    "check": Catalog.check,
    "holder": Catalog.holder,
}


def plain(value: Any) -> Any:
    """The same of values that can be compared."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, msgspec.Struct):
        return type(value), {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, EmbeddingBlock):
        return value.video_id, value.first_keyframe_id, plain(value.embeddings)
    return value


@pytest.fixture(scope="module", params=[False, True], ids=["once", "stays"])
def both(
    request: pytest.FixtureRequest, postgresql: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Catalog, Catalog]]:
    folder = tmp_path_factory.mktemp("alike")
    with postgresql.database() as address:
        fill(folder)
        copy(store_of(folder), store_of(place_of(address)), lambda _: None)
        yield Catalog.open(folder, stays=request.param), Catalog.open(address, stays=request.param)


def public(kind: type) -> set[str]:
    return {name for name in vars(kind) if not name.startswith("_")}


def test_every_question_is_asked_here() -> None:
    assert set(OF_SNAPSHOTS) == public(Snapshot)
    assert set(OF_SPACES) == public(Space)
    assert set(OF_LABELS) == public(StoredLabels)


@pytest.mark.parametrize("name", OF_CATALOGS)
def test_of_catalogs(name: str, both: tuple[Catalog, Catalog]) -> None:
    one, other = [plain(OF_CATALOGS[name](each)) for each in both]
    assert one == other


@pytest.mark.parametrize("name", OF_SNAPSHOTS)
def test_of_snapshots(name: str, both: tuple[Catalog, Catalog]) -> None:
    with both[0].snapshot() as one, both[1].snapshot() as other:
        assert plain(OF_SNAPSHOTS[name](one)) == plain(OF_SNAPSHOTS[name](other))


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("name", [*OF_SPACES, *OF_LABELS])
def test_of_spaces(name: str, number: int, both: tuple[Catalog, Catalog]) -> None:
    with ExitStack() as stack:
        snapshots = [stack.enter_context(each.snapshot()) for each in both]
        spaces = [each.space(each.models()[number]) for each in snapshots]
        if name in OF_SPACES:
            answers = [plain(OF_SPACES[name](each)) for each in spaces]
        else:
            answers = [plain(OF_LABELS[name](each.labels())) for each in spaces]
        assert answers[0] == answers[1]
