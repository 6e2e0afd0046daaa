"""What is answered hangs on what an archive holds, not on the order in which its videos were indexed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.catalog import Catalog
from framescout.catalog.records import IndexedVideo
from framescout.embedding import fingerprint
from query.engine import Engine
from query.evidence import Direction, Keyframes
from query.request import Query
from tests.framescout.catalog.make import make_embeddings, make_indexed

DIMENSIONS = 385
QUESTIONS = (
    Query(text="a red car", limit=7),
    Query(text="a man", collapse=False, limit=9),
    Query(text="a dog", also=("grass",), without=("a bus",)),
    Query(text="a door", then=("a man",), within=(30.0,)),
)


def footage(counts: list[int]) -> list[IndexedVideo]:
    """Videos with keyframes that others have as well, so that many are equally good."""
    pool = make_embeddings(12, DIMENSIONS)
    pick = np.random.default_rng(sum(counts))
    rows = [pool[pick.integers(0, len(pool), count)] for count in counts]
    rows += rows[:3]  # the same in another container
    return [make_indexed(f"/{number}.mp4", embeddings=each) for number, each in enumerate(rows)]


@pytest.fixture(scope="module")
def places(towers: Path) -> Iterator[Path]:
    """Where catalogs may lie."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(towers, Path(folder) / "cache")
        yield Path(folder)


def answers(folder: Path, cache: Path, videos: list[IndexedVideo]) -> list[Any]:
    """What a catalog answers in which these videos were committed in this order."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(cache, folder / "cache", copy_function=lambda src, dst: Path(dst).symlink_to(src))
    catalog = Catalog.open(folder)
    with catalog.writer() as writer:
        model = writer.model("starter", fingerprint("starter"), DIMENSIONS)
        writer.activate(model)
        for video in videos:
            writer.commit_video(video, model)
    names = ("video", "start", "end", "peak", "score", "confidence", "similar")
    return [
        [tuple(moment.to_json().get(name) for name in names) for moment in answer.moments]
        for answer in Engine(catalog).answer_all(QUESTIONS)
    ]


def test_a_keyframe_s_evidence_hangs_on_no_other() -> None:
    rows = make_embeddings(300, DIMENSIONS).astype(np.float32)
    part = Direction(rows[7], -5.0, 20.0)
    together = Direction.log_odds([part], Keyframes.of_rows(rows))
    pick = np.random.default_rng(1)
    for first in pick.integers(0, 299, 200):
        end = pick.integers(first + 1, 301)
        assert (Direction.log_odds([part], Keyframes.of_rows(rows[first:end])) == together[first:end]).all()


@settings(max_examples=6, deadline=None)
@given(counts=st.lists(st.integers(1, 40), min_size=3, max_size=12), chance=st.randoms(use_true_random=False))
def test_the_order_of_commits_changes_no_answer(counts: list[int], chance: Any, places: Path) -> None:
    videos = footage(counts)
    expected = answers(places / "one", places / "cache", videos)
    chance.shuffle(videos)
    assert answers(places / "other", places / "cache", videos) == expected
    assert any(expected)
