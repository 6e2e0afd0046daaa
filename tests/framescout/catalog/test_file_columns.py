"""The derived columns of files say what would be derived now, whatever was written or said since."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from framescout.cached import Cache, Entry
from framescout.catalog import Catalog, Writer
from framescout.catalog.file_columns import UNKNOWN
from framescout.catalog.records import FileIdentity, IndexedVideo
from framescout.recording import Recording, Rules, Said
from framescout.settings import load
from tests.conftest import Place
from tests.framescout.catalog.databases import execute
from tests.framescout.catalog.make import make_indexed

PATHS = (
    "/archive/cam01/20260214_221500.mp4",
    "/archive/cam02/2026-02-14 10-00-00.mkv",
    "/archive/yard/take.mp4",
    "/archive/\udcff/VID_20260301_080000.mp4",
)
TAGS = ({}, {"container": "mov,mp4", "creation_time": "2026-02-01T10:00:00Z"})


def video(path: str, content: str, tags: dict[str, str]) -> IndexedVideo:
    made = make_indexed(path, content_hash=content, count=2)
    return replace(made, probe=replace(made.probe, tags=tags))


def said_now(catalog: Catalog) -> list[tuple[int, float, datetime | None, str | None]]:
    """By the derived columns."""
    with catalog.snapshot() as snapshot:
        columns = snapshot.file_columns()
        assert list(columns.cameras) == sorted({columns.cameras[code] for code in columns.camera_codes if code >= 0})
        return [
            (
                int(columns.video_ids[number]),
                float(columns.durations[number]),
                None if columns.recorded_at[number] == UNKNOWN else columns.recorded(number)[0],
                columns.cameras[columns.camera_codes[number]] if columns.camera_codes[number] >= 0 else None,
            )
            for number in range(len(columns.ids))
        ]


def derived_now(catalog: Catalog) -> list[tuple[int, float, datetime | None, str | None]]:
    """One file after the other."""
    with catalog.snapshot() as snapshot:
        found = [
            (each.id, each.duration, own.recorded_at, own.camera)
            for each in snapshot.video_facts()
            for file in each.files
            for own in [catalog.rules.recording(file.path, file.tags, file.duration)]
        ]
        for facts in (
            snapshot.video_facts(),
            snapshot.videos(),
            snapshot.videos([each.id for each in snapshot.videos()]),
        ):
            assert found == [(v.id, v.duration, file.recorded_at, file.camera) for v in facts for file in v.files]
        return found


content, path, tags = st.sampled_from("abc"), st.sampled_from(PATHS), st.sampled_from(TAGS)
changes = st.one_of(
    st.tuples(st.just("commit"), path, content, tags),
    st.tuples(st.just("link"), path, content),
    st.tuples(st.sampled_from(["gone", "back", "forget"]), path),
    st.tuples(st.sampled_from(["prune", "replaced"])),
    st.tuples(st.just("drop"), content),
    st.tuples(st.just("say"), st.sampled_from([None, "America/New_York"]), st.sampled_from([0.0, 90.0])),
    st.tuples(
        st.just("settings"), st.sampled_from(["UTC", "Europe/Berlin"]), st.sampled_from(["", r"(?P<camera>\d\d)_"])
    ),
)


def change(catalog: Catalog, writer: Writer, *given: object) -> Catalog:
    """Do one of them; the catalog, opened again where its settings are others now."""
    match given:
        case "commit", str(where), str(what), dict(own):
            writer.commit_video(video(where, what, own), writer.model("tiny", "fingerprint", 8))
        case "link", str(where), str(what):
            if (number := video_id_of(catalog, what)) is not None:
                writer.link_file(FileIdentity(where, 1, 1, what), number)
        case "gone", where:
            writer.mark_gone([str(where)])
        case "back", where:
            writer.bring_back([str(where)])
        case "forget", where:
            writer.forget_file(str(where))
        case ["prune"]:
            writer.prune()
        case ["replaced"]:
            writer.drop_replaced()
        case "drop", what:
            if (number := video_id_of(catalog, str(what))) is not None:
                writer.drop_video(number)
        case "say", zone, fast:
            catalog.say([Said(folder="/archive/cam01", camera="Gate", timezone=zone, fast=fast)])  # type: ignore[arg-type]
        case "settings", zone, pattern:
            return Catalog.open(str(catalog.store), settings=load(timezone=zone, camera_pattern=pattern))
    return catalog


def video_id_of(catalog: Catalog, what: str) -> int | None:
    with catalog.snapshot() as snapshot:
        return snapshot.video_id_of(what)


@settings(max_examples=60, deadline=None)
@given(st.lists(changes, min_size=1, max_size=8))
def test_columns_say_what_is_derived_now(
    places: Callable[[], AbstractContextManager[Place]], every: list[tuple[object, ...]]
) -> None:
    with places() as place:
        catalog = Catalog.open(place, settings=load())
        with catalog.writer() as writer:
            writer.commit_video(video(PATHS[0], "a", {}), writer.model("tiny", "fingerprint", 8))
            for each in every:
                catalog = change(catalog, writer, *each)
                assert said_now(catalog) == derived_now(catalog)
                assert said_now(catalog) == derived_now(catalog)  # from the file, too


@pytest.fixture
def catalog(place: Place) -> Catalog:
    catalog = Catalog.open(place, settings=load())
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        for number, where in enumerate(PATHS):
            writer.commit_video(video(where, str(number), {}), model)
    return catalog


def count_derivations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    derived: list[str] = []
    recording = Rules.recording

    def counted(rules: Rules, path: str, tags: Mapping[str, str], duration: float) -> Recording:
        derived.append(path)
        return recording(rules, path, tags, duration)

    monkeypatch.setattr(Rules, "recording", counted)
    return derived


def test_a_file_is_derived_once(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    derived = count_derivations(monkeypatch)
    said_now(catalog)
    assert sorted(derived) == sorted(PATHS)
    said_now(Catalog.open(str(catalog.store), settings=load()))
    assert len(derived) == len(PATHS)
    with catalog.writer() as writer:
        writer.commit_video(video("/archive/new.mp4", "new", {}), writer.model("tiny", "fingerprint", 8))
    said_now(catalog)
    assert derived[len(PATHS) :] == ["/archive/new.mp4"]


def test_a_damaged_file_of_columns_is_made_again(catalog: Catalog) -> None:
    before = said_now(catalog)
    (kept,) = Cache(catalog.cache_folder).paths(Entry.FILES)
    content = bytearray(kept.read_bytes())
    content[-1] ^= 1
    kept.write_bytes(content)
    assert said_now(catalog) == before


def test_a_state_without_a_number_is_not_kept(catalog: Catalog, place: Place) -> None:
    """An older framescout of the same schema wrote it last, or a repair made it: nothing would tell a change."""
    execute(place, "DELETE FROM state WHERE key = 'files_state'")
    assert said_now(catalog) == derived_now(catalog)
    assert Cache(catalog.cache_folder).paths(Entry.FILES) == []


def test_times_keep_their_microseconds(catalog: Catalog) -> None:
    at = datetime(2026, 2, 14, 22, 15, tzinfo=UTC)
    with catalog.snapshot() as snapshot:
        assert snapshot.file_columns().recorded(0)[0] == at
    catalog.say([Said(folder="/archive/cam01", fast=0.000001)])
    with catalog.snapshot() as snapshot:
        assert snapshot.file_columns().recorded(0)[0] == at - timedelta(microseconds=1)


def test_another_path_under_the_id_of_a_forgotten_one_is_derived(catalog: Catalog) -> None:
    """SQLite uses the highest id again."""
    with catalog.writer() as writer:
        writer.link_file(FileIdentity("/archive/cam07/20260101_000000.mp4", 1, 1, "3"), 4)
        said_now(catalog)
        writer.forget_file("/archive/cam07/20260101_000000.mp4")
        writer.link_file(FileIdentity("/archive/cam08/20260102_000000.mp4", 1, 1, "3"), 4)
    assert said_now(catalog) == derived_now(catalog)
