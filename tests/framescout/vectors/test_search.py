from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.vectors import codes, lists
from framescout.vectors.exact import common, search_blocks, tidy, within
from framescout.vectors.recall import recall
from framescout.vectors.search import VectorIndex
from tests.framescout.vectors.make import DIMENSIONS, FAISS, KINDS, Archive, unit, unit_rows

QUERIES = unit_rows(5, seed=1000)


@pytest.fixture(params=KINDS)
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    archive = Archive.make(tmp_path / "catalog", request.param)
    archive.add([40] * 20)
    return archive


def assert_same(found: tuple[np.ndarray, np.ndarray], wanted: tuple[np.ndarray, np.ndarray]) -> None:
    assert found[0].dtype == np.int64
    assert found[1].dtype == np.float32
    assert np.allclose(found[1], wanted[1], atol=1e-5)
    differ = found[0] != wanted[0]  # vectors that score the same may change places
    for q, place in zip(*np.nonzero(differ), strict=True):
        assert np.isclose(found[1][q], found[1][q, place], atol=1e-5).sum() > 1 or place == found[0].shape[1] - 1


def assert_nearly_same(
    archive: Archive, found: tuple[np.ndarray, np.ndarray], limit: int, ranges: np.ndarray | None = None
) -> None:
    """Place for place as good as brute force, but for what 8 bits can't tell apart: in 16 dimensions that is much."""
    wanted = archive.brute_force(QUERIES, limit, ranges)[1]
    exact = assert_scored_nearly(archive, found, ranges)
    is_there = found[0] >= 0
    assert np.array_equal(np.isneginf(wanted), ~is_there)
    assert (exact[is_there] >= wanted[is_there] - 0.1).all()


def assert_scored_nearly(
    archive: Archive, found: tuple[np.ndarray, np.ndarray], ranges: np.ndarray | None = None
) -> np.ndarray:
    """Each once, best first, with scores near the exact ones; these are returned."""
    every = zip(*archive.brute_force(QUERIES, 900, ranges), strict=True)
    truths = [dict(zip(ids.tolist(), scores.tolist(), strict=True)) for ids, scores in every]
    exact = np.array([[truth[i] for i in ids] for truth, ids in zip(truths, found[0].tolist(), strict=True)])
    is_there = found[0] >= 0
    assert all(len(set(ids[ids >= 0].tolist())) == (ids >= 0).sum() for ids in found[0])
    assert np.allclose(found[1][is_there], exact[is_there], atol=0.1)
    assert (np.diff(np.where(is_there, found[1], -9.0), axis=1) <= 0).all()
    return exact


ranges_of_ids = st.lists(st.tuples(st.integers(0, 400), st.integers(0, 120)), max_size=12).map(
    lambda pairs: np.array([[start, start + length] for start, length in pairs], np.int64).reshape(-1, 2)
)


@settings(max_examples=30, deadline=None)
@given(
    covered=st.lists(st.integers(1, 40), min_size=1, max_size=8),
    delta=st.lists(st.integers(1, 40), max_size=3),
    dropped=st.sets(st.integers(1, 11), max_size=4),
    ranges=st.none() | ranges_of_ids,
    limit=st.integers(1, 60),
    few=st.sampled_from([0, 50]),
    questions=st.sampled_from([None, 1]),
    exact_at_most=st.sampled_from([0, 10_000]),
    kind=st.sampled_from(KINDS),
)
def test_an_index_whose_lists_are_all_walked_answers_like_brute_force(
    covered: list[int],
    delta: list[int],
    dropped: set[int],
    ranges: np.ndarray | None,
    limit: int,
    few: int,
    questions: int | None,
    exact_at_most: int,
    kind: str,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive.make(Path(folder), kind)
        archive.add(covered)
        archive.publish(exact_at_most, every_list=True)
        archive.add(delta)
        archive.drop([video for video in dropped if video <= archive.added])
        with archive.catalog.snapshot() as snapshot:
            index = VectorIndex.open(snapshot.space(archive.model), archive.store, few=few, questions=questions)
            found = index.search(QUERIES, limit, ranges)
        if exact_at_most and kind == FAISS:
            assert_same(found, archive.brute_force(QUERIES, limit, ranges))
        else:
            assert_nearly_same(archive, found, limit, ranges)


@pytest.mark.parametrize("kind", KINDS)
def test_a_single_keyframe_has_an_index_that_finds_it(kind: str, tmp_path: Path) -> None:
    archive = Archive.make(tmp_path, kind)
    archive.add([1])
    generation = archive.publish(exact_at_most=0)
    assert (generation.vector_count, generation.recall) == (1, 1)
    ids, _ = archive.search(QUERIES, 3)
    assert ids.tolist() == [[1, -1, -1]] * len(QUERIES)


@pytest.mark.parametrize("kind", KINDS)
def test_filters_that_leave_nothing_do_not_count_as_misses(kind: str, tmp_path: Path) -> None:
    archive = Archive.make(tmp_path, kind)
    archive.add([600, 1200, 600])
    archive.drop([2])
    generation = archive.publish(exact_at_most=0)
    assert generation.recall is not None
    assert generation.recall >= 0.98


def test_an_inverted_index_finds_what_is_near(archive: Archive) -> None:
    generation = archive.publish(exact_at_most=100)
    assert generation.kind == ("ivf-int8" if archive.kind == FAISS else "lance-ivf-sq")
    assert generation.recall is not None
    assert generation.recall >= 0.98
    archive.add([30])
    archive.drop([2, 7])
    ids, scores = archive.search(QUERIES, 10)
    exact_ids, _ = archive.brute_force(QUERIES, 10)
    assert np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(ids, exact_ids, strict=True)]) >= 0.9
    assert_scored_nearly(archive, (ids, scores))


def test_many_lists_are_found_through_a_tree(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "_FLAT_AT_MOST", 4)
    archive.add([100] * 20)
    generation = archive.publish(exact_at_most=100)
    assert generation.recall is not None
    assert generation.recall >= 0.98
    assert archive.verify() == []
    ids, _ = archive.search(QUERIES, 10)
    exact_ids, _ = archive.brute_force(QUERIES, 10)
    assert np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(ids, exact_ids, strict=True)]) >= 0.9
    archive.publish(exact_at_most=100, every_list=True)
    assert_nearly_same(archive, archive.search(QUERIES, 10), 10)


def test_codes_are_as_near_as_8_bits_allow() -> None:
    """With as many dimensions as models have: 0.001 of a cosine, in places where centres are."""
    random = np.random.default_rng(1)
    rows, queries = (unit(random.normal(size=(n, 384)).astype(np.float32)) for n in (500, 20))
    centres = unit(rows[:10] + 0.02 * random.normal(size=(10, 384)).astype(np.float32))
    numbers = (rows @ centres.T).argmax(axis=1)
    steps = codes.steps_for(rows - centres[numbers])
    whole, unit_of_each = codes.in_whole_numbers(queries)
    assert np.array_equal(whole, np.rint(whole))
    assert np.abs(whole).max(axis=1).tolist() == [127.0] * 20
    written = codes.encode(rows, numbers, centres * steps, steps).astype(np.float32) - codes.ZERO
    cosines = (centres[numbers] * steps + written) @ whole.T * (unit_of_each[:, 0] / steps)
    assert np.abs(cosines - rows @ queries.T).std() < 0.001
    assert np.abs(cosines - rows @ queries.T).max() < 0.02  # a number beyond the largest step


def test_vectors_that_are_all_the_same_are_written() -> None:
    row = unit_rows(1, seed=1)
    steps = codes.steps_for(row - row)
    assert steps == pytest.approx(63_500)
    assert steps < np.finfo(np.float16).max  # in which the centres of a tree are kept
    assert np.array_equal(codes.encode(row, np.zeros(1, int), row * steps, steps), np.full((1, DIMENSIONS), 128))


@settings(max_examples=12, deadline=None)
@given(ranges=ranges_of_ids, kind=st.sampled_from(KINDS))
def test_a_filter_on_an_inverted_index_is_kept(ranges: np.ndarray, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive.make(Path(folder), kind)
        archive.add([40] * 10)
        archive.publish(exact_at_most=100)
        archive.drop([3])
        ids, _ = archive.search(QUERIES, 20, ranges)
        wanted, _ = archive.brute_force(QUERIES, 20, ranges)
        assert set(ids.ravel()) - {-1} <= set(archive.brute_force(QUERIES, 400, ranges)[0].ravel())
        assert (ids >= 0).sum() >= 0.9 * (wanted >= 0).sum()


def test_a_narrow_filter_on_an_inverted_index_is_exact(archive: Archive) -> None:
    archive.publish(exact_at_most=100)
    narrow = np.array([[41, 61], [300, 310]])
    with archive.catalog.snapshot() as snapshot:
        index = VectorIndex.open(snapshot.space(archive.model), archive.store, few=100)
        assert index.generation is not None
        assert_same(index.search(QUERIES, 25, narrow), archive.brute_force(QUERIES, 25, narrow))


def test_an_exact_index_finds_all_that_is_nearest_and_partitions_nearly_all(archive: Archive) -> None:
    archive.publish()
    assert archive.is_indexed()
    share = recall(archive.search(QUERIES, 10)[0], archive.brute_force(QUERIES, 10)[0])
    assert share == 1.0 if archive.kind == FAISS else share >= 0.9


def test_few_vectors_are_read_from_the_catalog(archive: Archive) -> None:
    archive.publish()
    with archive.catalog.snapshot() as snapshot:
        index = VectorIndex.open(snapshot.space(archive.model), archive.store)
        assert index.generation is None
        assert_same(index.search(QUERIES, 10), archive.brute_force(QUERIES, 10))


def test_nothing_asked_for_is_nothing_found(archive: Archive) -> None:
    ids, scores = archive.search(QUERIES, 3, np.empty((0, 2), np.int64))
    assert (ids == -1).all()
    assert np.isneginf(scores).all()
    assert archive.search(QUERIES, 0)[0].shape == (5, 0)
    assert archive.search(QUERIES[:0], 3)[0].shape == (0, 3)


def test_queries_of_another_model_are_refused(archive: Archive) -> None:
    with pytest.raises(ValueError, match=rf"\(Q, {DIMENSIONS}\)"):
        archive.search(np.ones((1, 3), np.float32), 1)


def test_an_empty_catalog_has_no_neighbours(tmp_path: Path) -> None:
    ids, _ = Archive.make(tmp_path).search(QUERIES, 2)
    assert (ids == -1).all()


def test_of_equal_scores_the_smaller_id_comes_first(archive: Archive) -> None:
    with archive.catalog.snapshot() as snapshot:
        first = next(iter(snapshot.space(archive.model).blocks()))
    ids, _ = search_blocks(np.zeros((1, DIMENSIONS), np.float32), [first], 5)
    assert ids.tolist() == [[1, 2, 3, 4, 5]]


@given(ranges=ranges_of_ids, others=ranges_of_ids)
def test_ranges_are_sets_of_ids(ranges: np.ndarray, others: np.ndarray) -> None:
    everything = np.arange(600)

    def members(of: np.ndarray) -> set[int]:
        return {int(i) for start, end in of for i in range(start, end)}

    assert set(everything[within(everything, tidy(ranges))].tolist()) == members(ranges)
    assert members(common(tidy(ranges), tidy(others))) == members(ranges) & members(others)
    assert (tidy(ranges)[1:, 0] > tidy(ranges)[:-1, 1]).all()
