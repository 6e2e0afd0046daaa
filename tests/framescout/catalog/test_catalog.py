"""The catalog: what is committed is read back, videos are whole, locks hold, schemas are guarded."""

from __future__ import annotations

import multiprocessing
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import framescout
from framescout.catalog import Catalog, schema
from framescout.catalog.records import Alert, FileIdentity
from framescout.catalog.tables import METADATA
from framescout.errors import (
    CatalogLockedError,
    CatalogNotFoundError,
    CatalogTooNewError,
    DamagedCatalogError,
    Reason,
)
from framescout.resources import bundled
from tests.conftest import Place
from tests.framescout.catalog.databases import execute
from tests.framescout.catalog.make import make_indexed


@pytest.fixture
def catalog(place: Place) -> Catalog:
    return framescout.open(place)


def test_a_committed_video_is_read_back_whole(catalog: Catalog) -> None:
    indexed = make_indexed()
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        video_id = writer.commit_video(indexed, model)
    with catalog.snapshot() as snapshot:
        (video,) = snapshot.videos()
        (block,) = snapshot.space(model).blocks()
        times = snapshot.space(model).keyframe_times(video_id)
    assert video.path == "/archive/a.mp4"
    assert np.array_equal(block.embeddings, indexed.embeddings)
    assert times is not None
    assert times.times.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
    assert times.ends.tolist() == [2.0, 4.0, 6.0, 8.0, 10.0]


def test_keyframe_ids_are_contiguous_and_never_used_again(catalog: Catalog) -> None:
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        writer.commit_video(make_indexed("/a.mp4", count=3), model)
        second = writer.commit_video(make_indexed("/b.mp4", count=4), model)
        writer.drop_video(second)
        writer.commit_video(make_indexed("/c.mp4", count=2), model)
    with catalog.snapshot() as snapshot:
        assert snapshot.space(model).keyframe_ranges().tolist() == [[1, 4], [8, 10]]
        assert snapshot.space(model).keyframe_count() == 5
        assert snapshot.totals().keyframes == 5


def test_indexing_again_replaces_the_embeddings(catalog: Catalog) -> None:
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        first = writer.commit_video(make_indexed(count=3), model)
        again = writer.commit_video(make_indexed(count=6, seed=1), model)
    assert first == again
    with catalog.snapshot() as snapshot:
        assert snapshot.space(model).keyframe_count() == 6
        assert snapshot.totals().keyframes == 6


def test_two_models_live_side_by_side(catalog: Catalog) -> None:
    with catalog.writer() as writer:
        small, large = writer.model("small", "f1", 8), writer.model("large", "f2", 8)
        writer.activate(small)
        writer.commit_video(make_indexed(count=3), small)
        writer.commit_video(make_indexed(count=4), large)
    with catalog.snapshot() as snapshot:
        assert snapshot.active_model() == small
        assert (snapshot.space(small).keyframe_count(), snapshot.space(large).keyframe_count()) == (3, 4)
        assert snapshot.totals().by_model == {"small": 1, "large": 1}


def test_a_snapshot_does_not_see_what_is_written_after_it(catalog: Catalog) -> None:
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        writer.commit_video(make_indexed("/a.mp4"), model)
        with catalog.snapshot() as snapshot:
            before = snapshot.space(model).keyframe_count()
            writer.commit_video(make_indexed("/b.mp4"), model)
            assert snapshot.space(model).keyframe_count() == before


def test_a_moved_file_keeps_its_video_and_a_pruned_one_loses_it(catalog: Catalog) -> None:
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        video_id = writer.commit_video(make_indexed("/old.mp4", content_hash="same"), model)
        writer.mark_gone(["/old.mp4"])
        with catalog.snapshot() as snapshot:
            assert snapshot.videos()[0].is_gone
        writer.link_file(FileIdentity("/cam7/new.mp4", 1, 1, "same"), video_id)
        with catalog.snapshot() as snapshot:
            (video,) = snapshot.videos()
            assert (video.path, video.is_gone, video.camera) == ("/cam7/new.mp4", False, "cam7")
        assert writer.prune() == ["/old.mp4"]
        assert writer.drop_replaced() == 0
        writer.mark_gone(["/cam7/new.mp4"])
        assert writer.prune() == ["/cam7/new.mp4"]
    with catalog.snapshot() as snapshot:
        assert snapshot.totals().videos == snapshot.totals().keyframes == 0
        assert list(snapshot.space(model).blocks()) == []


def test_other_footage_at_a_path_drops_what_stood_there(catalog: Catalog) -> None:
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        writer.commit_video(make_indexed("/a.mp4", content_hash="old"), model)
        writer.commit_video(make_indexed("/a.mp4", content_hash="new"), model)
        assert writer.drop_replaced() == 1
    with catalog.snapshot() as snapshot:
        assert [video.content_hash for video in snapshot.videos()] == ["new"]


def test_quarantine_counts_attempts_and_ends_with_success(catalog: Catalog) -> None:
    with catalog.writer() as writer:
        for _ in range(2):
            writer.quarantine("/a.mp4", 10, 20, Reason.EMPTY, "")
        with catalog.snapshot() as snapshot:
            (file,) = snapshot.quarantined()
        assert (file.reason, file.attempts) == ("empty", 2)
        writer.commit_video(make_indexed("/a.mp4"), writer.model("starter", "f1", 8))
    with catalog.snapshot() as snapshot:
        assert snapshot.quarantined() == []


def test_a_path_that_is_not_utf8_survives(catalog: Catalog) -> None:
    path = b"/archive/caf\xe9.mp4".decode("utf-8", "surrogateescape")
    with catalog.writer() as writer:
        writer.commit_video(make_indexed(path, content_hash="x"), writer.model("starter", "f1", 8))
        writer.mark_gone([path])
    with catalog.snapshot() as snapshot:
        assert snapshot.videos()[0].path == path
        assert snapshot.known_files()[path].is_gone


def test_a_generation_becomes_current_alone(catalog: Catalog) -> None:
    facts = {
        "kind": "flat-fp16",
        "vector_count": 3,
        "covers_below": 4,
        "checksum": "c",
        "nprobe": 0,
        "recall": None,
    }
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        writer.publish_generation(model_id=model.id, file_name="one", **facts)
        second = writer.publish_generation(model_id=model.id, file_name="two", **facts)
    with catalog.snapshot() as snapshot:
        assert snapshot.space(model).generation() == second


def _hold_lock(where: str, ready: object, done: object) -> None:
    with framescout.open(where).writer():
        ready.set()
        done.wait(200)


def test_a_second_writer_is_told_who_holds_the_lock(catalog: Catalog) -> None:
    spawn = multiprocessing.get_context("spawn")
    ready, done = spawn.Event(), spawn.Event()
    holder = spawn.Process(target=_hold_lock, args=(str(catalog.store), ready, done))
    holder.start()
    assert ready.wait(200)
    with pytest.raises(CatalogLockedError, match=f"pid {holder.pid}"), catalog.writer():
        pass
    holder.kill()  # a dead holder leaves no lock behind
    holder.join()
    with catalog.writer():
        pass


def test_a_missing_catalog_is_not_made_by_reading(tmp_path: Path) -> None:
    with pytest.raises(CatalogNotFoundError, match="framescout index"):
        Catalog.open(tmp_path / "nowhere", create=False)
    assert not (tmp_path / "nowhere").exists()


def test_a_newer_catalog_is_refused_and_not_touched(catalog: Catalog, place: Place) -> None:
    execute(place, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(CatalogTooNewError, match="upgrade framescout"):
        Catalog.open(place)
    assert execute(place, "SELECT version_num FROM alembic_version") == [("9999",)]


def test_an_older_catalog_is_copied_before_it_is_upgraded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog = framescout.open(tmp_path)
    path = catalog.folder / "catalog.sqlite"
    copy = tmp_path / "copy.sqlite"
    schema.back_up(path, copy)
    with sqlite3.connect(copy) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (schema.NEWEST,)


@pytest.mark.parametrize("content", [b"no database at all, just text" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_catalog_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(content)
    with pytest.raises(DamagedCatalogError):
        Catalog.open(tmp_path)
    assert (tmp_path / "catalog.sqlite").read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "catalog.sqlite") as connection:
        connection.execute("CREATE TABLE songs (id INTEGER)")
    with pytest.raises(DamagedCatalogError, match="not framescout's"):
        Catalog.open(tmp_path)


def test_the_newest_migration_is_the_schemas() -> None:
    newest = max(path.stem.split("_")[0] for path in (bundled("migrations") / "versions").glob("*.py"))
    assert newest == schema.NEWEST


def test_migrations_and_tables_describe_the_same_database(catalog: Catalog) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with catalog.store.engine().connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), METADATA)
    own_of_a_store = [("remove_table", "said")]
    assert [each for each in differences if [(each[0], str(each[1]))] != own_of_a_store] == []


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), max_size=12), st.sets(st.integers(0, 6)))
def test_alerts_of_some_videos_are_their_part_of_all(
    places: Callable[[], AbstractContextManager[Place]], found: list[tuple[int, int]], places_of_some: set[int]
) -> None:
    with places() as place:
        catalog = framescout.open(place)
        with catalog.writer() as writer:
            model = writer.model("starter", "f1", 8)
            ids = [writer.commit_video(make_indexed(f"/{number}.mp4"), model) for number in range(4)]
            alerts = [Alert(ids[video], 0.0, 1.0, 0.5, 1, float(score), None) for video, score in found]
            writer.put_alerts(model, "some", "y", alerts)
            writer.put_alerts(model, "none", "y", [])
        wanted = [[*ids, 98, 99, 100][number] for number in places_of_some]
        with catalog.snapshot() as snapshot:
            every, some = snapshot.space(model).alerts(), snapshot.space(model).alerts(wanted)
    assert some == {name: [each for each in own if each.video_id in wanted] for name, own in every.items()}
    assert len(every["some"]) == len(found)
