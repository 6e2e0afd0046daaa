"""Matrices of long videos are read in parts, which are those of the whole; no others are read."""

from __future__ import annotations

from collections.abc import Iterator
from unittest import mock

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.catalog import Catalog
from framescout.catalog import space as space_module
from framescout.catalog.blocks import EmbeddingBlock
from framescout.errors import DamagedCatalogError
from framescout.vectors import VectorIndex
from tests.conftest import Place
from tests.framescout.catalog.databases import execute
from tests.framescout.catalog.make import make_embeddings, make_indexed

COUNTS = (5, 300, 1, 200)


@pytest.fixture
def long_from() -> Iterator[None]:
    """Videos of two hundred keyframes are long."""
    with mock.patch.object(space_module, "_LONG", 200):
        yield


def filled(place: Place) -> Catalog:
    catalog = Catalog.open(place)
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        for number, count in enumerate(COUNTS):
            rows = make_embeddings(count, seed=number)
            writer.commit_video(make_indexed(f"/{number}.mp4", embeddings=rows), model)
    return catalog


@given(st.lists(st.tuples(st.integers(0, 299), st.integers(1, 80)), max_size=8))
def test_parts_are_those_of_the_whole_and_each_is_read_once(asked: list[tuple[int, int]]) -> None:
    rows, read = make_embeddings(300), []

    def part(first: int, end: int) -> np.ndarray:
        read.extend(range(first, end))
        return rows[first:end]

    block = EmbeddingBlock.in_parts(1, 7, (300, 8), part)
    assert len(block) == 300
    wanted: set[int] = set()
    for first, count in asked:
        end = min(first + count, 300)
        assert np.array_equal(block.rows_between(first, end), rows[first:end].astype(np.float32))
        wanted |= {place for each in range(first, end) for place in range(each // 64 * 64, each // 64 * 64 + 64)}
    assert sorted(read) == sorted(wanted & {*range(300)})


def test_long_videos_are_read_in_parts_and_give_the_same(place: Place, long_from: None) -> None:
    catalog = filled(place)
    with catalog.snapshot() as snapshot:
        space = snapshot.space(snapshot.models()[0])
        spans = space.video_ranges()
        whole = list(space.blocks_of(spans))
        parts = list(space.blocks_of(spans, in_parts=True))
        assert [len(block) for block in parts] == [*COUNTS]
        for one, other in zip(whole, parts, strict=True):
            assert (one.video_id, one.first_keyframe_id) == (other.video_id, other.first_keyframe_id)
            assert np.array_equal(one.rows_between(70, 90), other.rows_between(70, 90))
            assert np.array_equal(one.embeddings, other.embeddings)
        ids = [300, 6, 1, 506, 301, 99_999]
        every = np.concatenate([block.embeddings for block in whole])
        assert np.array_equal(space.embeddings_of(ids), every[[number - 1 for number in ids[:-1]]])


def test_a_narrow_filter_finds_in_long_videos_what_looking_at_each_keyframe_finds(
    place: Place, long_from: None
) -> None:
    catalog = filled(place)
    queries = make_embeddings(3, seed=9).astype(np.float32)
    ranges = np.array([[2, 4], [10, 30], [290, 310], [400, 401]])
    with catalog.snapshot() as snapshot:
        space = snapshot.space(snapshot.models()[0])
        every = np.concatenate([block.embeddings for block in space.blocks()]).astype(np.float32)
        allowed = np.concatenate([np.arange(first, end) for first, end in ranges])
        ids, scores = VectorIndex(space).search(queries, 6, ranges)
        expected = queries @ every[allowed - 1].T
        order = np.argsort(-expected, axis=1, kind="stable")[:, :6]
        assert np.array_equal(ids, allowed[order])
        assert scores == pytest.approx(np.take_along_axis(expected, order, 1), abs=1e-6)


def test_a_matrix_that_was_cut_is_damage(place: Place, long_from: None) -> None:
    catalog = filled(place)
    execute(place, "UPDATE indexing SET embeddings = substr(embeddings, 1, 99) WHERE keyframe_count = 300")
    with catalog.snapshot() as snapshot:
        space = snapshot.space(snapshot.models()[0])
        with pytest.raises(DamagedCatalogError, match="the embeddings of video 2 are damaged"):
            space.embeddings_of([6])
