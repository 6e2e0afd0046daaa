"""A catalog that stays open keeps what it read, and still says what is true now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import framescout
from framescout.catalog import Catalog
from framescout.catalog.block_cache import BlockCache
from framescout.catalog.blocks import EmbeddingBlock
from framescout.catalog.records import KeyframeTimes, Model
from tests.conftest import Place
from tests.framescout.catalog.make import make_indexed


def filled(place: Place, names: str) -> tuple[Catalog, Model]:
    catalog = framescout.open(place)
    with catalog.writer() as writer:
        model = writer.model("made-up", "0", 8)
        for seed, name in enumerate(names):
            writer.commit_video(make_indexed(f"/archive/{name}.mp4", count=3 + seed, seed=seed), model)
    return catalog, model


def said(catalog: Catalog, model: Model, **asked: object) -> list[tuple[int, int, bytes]]:
    with catalog.snapshot() as snapshot:
        blocks = list(snapshot.space(model).blocks(**asked))
        assert snapshot.space(model).keyframe_count() >= sum(len(block.rows) for block in blocks)
    return [(block.video_id, block.first_keyframe_id, block.embeddings.tobytes()) for block in blocks]


def test_what_others_and_it_itself_wrote_is_seen(place: Place) -> None:
    others, model = filled(place, "abc")
    stays = Catalog.open(place, stays=True)
    assert said(stays, model) == said(others, model)
    with others.writer() as writer:
        writer.commit_video(make_indexed("/archive/d.mp4", seed=9), model)
    assert len(said(stays, model)) == 4
    with stays.writer() as writer:
        writer.drop_video(1)
        writer.commit_video(make_indexed("/archive/b.mp4", count=9, seed=5), model)  # again, with other keyframes
    assert [first for _, first, _ in said(stays, model)] == [first for _, first, _ in said(others, model)]
    assert said(stays, model) == said(others, model)


def test_a_snapshot_keeps_its_state_while_another_goes_on(place: Place) -> None:
    others, model = filled(place, "ab")
    stays = Catalog.open(place, stays=True)
    with stays.snapshot() as held:
        assert len(held.space(model).video_ranges()) == 2
        with others.writer() as writer:
            writer.drop_video(1)
        assert len(said(stays, model)) == 1
        assert len(list(held.space(model).blocks())) == 2


def test_a_catalog_that_was_put_in_its_place_is_another(tmp_path: Path) -> None:
    _, model = filled(tmp_path / "one", "abc")
    filled(tmp_path / "other", "x")
    stays = Catalog.open(tmp_path / "one", stays=True)
    assert len(said(stays, model)) == 3
    (tmp_path / "other" / "catalog.sqlite").replace(tmp_path / "one" / "catalog.sqlite")
    for left in (tmp_path / "one").glob("catalog.sqlite-*"):
        left.unlink()
    other = Catalog.open(tmp_path / "one")
    assert said(stays, model) == said(other, model)
    assert len(said(other, model)) == 1


@settings(deadline=None)
@given(st.lists(st.sets(st.integers(1, 6)), max_size=6), st.integers(0, 30))
def test_the_answer_is_the_same_with_and_without(
    kept_and_not: tuple[Catalog, Catalog, Model], asked: list[set[int]], first: int
) -> None:
    stays, other, model = kept_and_not
    for videos in asked:
        assert said(stays, model, video_ids=videos) == said(other, model, video_ids=videos)
    assert said(stays, model, from_keyframe_id=first) == said(other, model, from_keyframe_id=first)


@pytest.fixture(scope="module")
def kept_and_not(
    places: Callable[[], AbstractContextManager[Place]],
) -> Iterator[tuple[Catalog, Catalog, Model]]:
    with places() as place:
        other, model = filled(place, "abcde")
        yield Catalog.open(place, stays=True), other, model


def test_when_keyframes_are_shown_is_known_with_and_without(kept_and_not: tuple[Catalog, Catalog, Model]) -> None:
    stays, other, model = kept_and_not
    for _ in range(2):
        with stays.snapshot() as snapshot, other.snapshot() as wanted:
            ids = [i for first, end in wanted.space(model).keyframe_ranges() for i in range(first, end)][::-1]
            assert snapshot.space(model).times_of(ids) == wanted.space(model).times_of(ids)
            assert snapshot.videos([3, 99, 1]) == wanted.videos([1, 3])


def test_what_was_asked_once_is_asked_again_in_another_state(place: Place) -> None:
    others, model = filled(place, "ab")
    stays = Catalog.open(place, stays=True)
    for number in range(3):
        with stays.snapshot() as snapshot, others.snapshot() as wanted:
            assert snapshot.active_model() == wanted.active_model()
            assert snapshot.next_keyframe_id() == wanted.next_keyframe_id()
            assert snapshot.videos([1, 2, 3]) == wanted.videos([1, 2, 3])
            assert snapshot.space(model).generation() == wanted.space(model).generation()
        with (stays if number == 1 else others).writer() as writer:
            writer.activate(model)
            writer.commit_video(make_indexed("/archive/b.mp4", count=9, seed=5 + number), model)
            writer.drop_video(1)


def test_memory_stays_within_its_bound() -> None:
    kept = BlockCache(most_bytes=6 * 8 * 10)  # ten vectors
    blocks = [EmbeddingBlock(i, 100 * i, np.zeros((4, 8), np.float16)) for i in range(4)]
    for block in blocks[:2]:
        kept.keep(1, block)
    assert kept.get_all(1, [0])[0] is blocks[0]
    times = KeyframeTimes(100, *[np.zeros(4)] * 4)
    kept.keep_times(1, times)
    assert kept.times(1, 100) is times
    kept.keep(1, blocks[2])
    assert kept.times(1, 100) is None
    assert kept.get_all(1, [100])[100] is None  # the one that was not asked for the longest
    assert kept.get_all(1, [0])[0] is blocks[0]
    assert kept.get_all(2, [0])[0] is None
    kept.clear()
    assert kept.get_all(1, [0])[0] is None


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 400),
    asked=st.lists(st.tuples(st.integers(0, 399), st.integers(1, 150)), max_size=6),
    seed=st.integers(0, 1000),
)
def test_rows_are_converted_where_they_are_asked_for(count: int, asked: list[tuple[int, int]], seed: int) -> None:
    stored = np.random.default_rng(seed).normal(size=(count, 8)).astype(np.float16)
    rows, block = stored.astype(np.float32), EmbeddingBlock(1, 1, stored)
    likeness = np.einsum("nd,nd->n", rows[1:], rows[:-1])
    for first, length in asked:
        assert np.array_equal(block.rows_between(first, first + length), rows[first : first + length])
        if first < count - 1:
            assert np.isclose(block.likeness(first), likeness[first], atol=1e-5)
    assert np.array_equal(block.rows, rows)
    assert np.allclose([block.likeness(place) for place in range(count - 1)], likeness, atol=1e-5)
