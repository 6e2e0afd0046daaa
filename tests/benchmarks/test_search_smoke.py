"""The search benchmark on a small archive: fails where the index has lost its worth, with ample room for noise."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest

from benchmarks.realistic import Seeds, unit
from benchmarks.searching import World, ask, build, write
from framescout.vectors import VectorIndex, store_in
from framescout.vectors.exact import search_blocks

DIMENSIONS, KEYFRAMES, KINDS, OF_A_KIND = 128, 60_000, 60, 40
LEAST_RECALL = 0.95  # measured: 0.989 and more
LEAST_GAIN = 15.0  # processor time of an exact search to that of the index; measured: 100


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("world")
    made_up_seeds().save(folder / "seeds.npz")
    world = World(folder, KEYFRAMES, DIMENSIONS, is_plain=True)
    write(world)
    build(world)
    return world


def made_up_seeds() -> Seeds:
    """Pictures in kinds, and sentences that lie apart from them."""
    random = np.random.default_rng(1)
    middles = np.repeat(random.normal(size=(KINDS, DIMENSIONS)), OF_A_KIND, axis=0)
    pictures = unit(middles + random.normal(size=middles.shape)).astype(np.float32)
    apart = unit(random.normal(size=(1, DIMENSIONS)))
    sentences, trial = (
        unit(
            0.4 * random.permutation(pictures)[:180] + 0.6 * apart + 0.05 * random.normal(size=(180, DIMENSIONS))
        ).astype(np.float32)
        for _ in range(2)
    )
    first = np.arange(len(pictures)) // OF_A_KIND * OF_A_KIND
    steps = 0.02 * random.normal(size=(500, DIMENSIONS)).astype(np.float32)
    return Seeds(pictures, np.stack([first, first + OF_A_KIND], axis=1), steps, sentences, trial)


def seconds_of(job: Callable[[], object]) -> float:
    before = time.process_time()
    job()
    return time.process_time() - before


def test_every_kind_of_question_finds_its_share(world: World) -> None:
    found = ask(world, has_rest=False)
    for name in ("one", "narrow filter", "wide filter"):
        assert found[name]["recall@100"] >= LEAST_RECALL, name
        assert found[name]["sentences"] >= LEAST_RECALL, name


def test_the_index_saves_most_of_the_work(world: World) -> None:
    with world.space(has_rest=False) as space:
        index = VectorIndex.open(space, store_in(world.vectors), few=0)
        queries = world.seeds().sentences[:30]
        index.search(queries[:1], 100)
        by_index = seconds_of(lambda: [index.search(query[None], 100) for query in queries])
        exact = seconds_of(lambda: [search_blocks(query[None], space.blocks(), 100) for query in queries])
    assert exact >= LEAST_GAIN * by_index
