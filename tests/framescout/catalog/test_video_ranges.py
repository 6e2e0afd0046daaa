"""Kept ranges say what the rows say, whatever was written since."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.cached import Cache, Entry
from framescout.catalog import Catalog, video_ranges
from tests.framescout.catalog.databases import execute
from tests.framescout.catalog.make import make_indexed

STEPS = st.sampled_from(["commit", "again", "gone", "drop", "forget", "prune", "other"])
ROWS = (
    "SELECT video_id, first_keyframe_id, first_keyframe_id + keyframe_count FROM indexing WHERE model_id = ? "
    "AND video_id IN (SELECT video_id FROM file) ORDER BY first_keyframe_id"
)


@pytest.fixture(autouse=True)
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(video_ranges, "_MANY", 1)


@settings(max_examples=25, deadline=None)
@given(steps=st.lists(STEPS, max_size=6))
def test_kept_ranges_are_those_of_the_rows(tmp_path_factory: pytest.TempPathFactory, steps: list[str]) -> None:
    folder = tmp_path_factory.mktemp("catalog")
    catalog = Catalog.open(folder)
    with catalog.writer() as writer:
        models = [writer.model("starter", "f1", 8), writer.model("other", "f2", 8)]
        for number, step in enumerate(["commit", *steps]):
            match step:
                case "commit" | "other":
                    writer.commit_video(make_indexed(f"/{number}.mp4", count=1 + number), models[step == "other"])
                case "again":
                    writer.commit_video(make_indexed("/0.mp4", count=1), models[0])
                case "gone":
                    writer.mark_gone(["/0.mp4", "/1.mp4"])
                case "drop":
                    writer.drop_video(1)
                case "forget":
                    writer.forget_file("/0.mp4")
                case "prune":
                    writer.prune()
            for _ in range(2):  # the second time from the file
                with catalog.snapshot() as snapshot:
                    for model in models:
                        kept = [tuple(row) for row in snapshot.space(model).video_ranges().tolist()]
                        assert kept == execute(folder, ROWS, model.id)


def test_they_are_read_from_the_file_unless_it_is_damaged(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        writer.commit_video(make_indexed(count=3), model)
    with catalog.snapshot() as snapshot:
        expected = snapshot.space(model).video_ranges().tolist()
    (path,) = Cache(tmp_path / "cache").paths(Entry.RANGES)
    execute(tmp_path, "UPDATE indexing SET keyframe_count = 2")  # by hand: the file is not of this
    with catalog.snapshot() as snapshot:
        assert snapshot.space(model).video_ranges().tolist() == expected == [[1, 1, 4]]
    path.write_bytes(path.read_bytes()[:-1])
    with catalog.snapshot() as snapshot:
        assert snapshot.space(model).video_ranges().tolist() == [[1, 1, 3]]
