"""The counts of facets are those that filtering by each value one by one gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framescout.catalog import Catalog, Space
from framescout.catalog.records import FileIdentity, Labelling, Model
from framescout.motion import STEP, Motion, Source
from framescout.vectors import common
from query import filters
from query.facets import MOST_FOLDERS, Choice, Facet, facets
from query.filters import wanted_ranges
from query.request import MOTIONS, Query
from tests.framescout.catalog.make import make_indexed
from tests.query.test_filters import ZONE, Made, archive, recordings

LABELS = ("street", "shop", "yard")


def labelled(folder: Path, made: Made, seed: int) -> tuple[Catalog, Model]:
    """The archive with labels of two sets, and motion in the first stretch of some of its videos."""
    catalog, model = archive(folder, made)
    random = np.random.default_rng(seed)
    with catalog.snapshot() as snapshot:
        spans = snapshot.space(model).video_ranges().tolist()
    with catalog.writer() as writer:
        for name in ("scene", "weather"):
            known = [span for span in spans if random.random() < 0.8]
            codes = [random.integers(0, 3, end - first).astype(np.uint8) for _, first, end in known]
            labellings = [Labelling(id_, first, own) for (id_, first, _), own in zip(known, codes, strict=True)]
            writer.put_labels(model, name, "print", LABELS, labellings)
        for id_, first, end in spans:
            if random.random() < 0.7:
                levels = np.full(round((end - first) * 5000 / STEP), 40, np.uint8)
                levels[: random.integers(0, 2) * 200] = 200
                writer.put_motion(id_, Motion(levels, Source.SIZES))
    return catalog, model


def videos(space: Space, query: Query, only: np.ndarray | None = None) -> int:
    """How many the question searches: the slow way."""
    ranges = wanted_ranges(space, query, ZONE)
    living = [each[None] for each in space.video_ranges()[:, 1:]]
    living = living if only is None else [common(only, each) for each in living if len(common(only, each))]
    return len(living) if ranges is None else sum(len(common(ranges, each)) > 0 for each in living)


def asked(facet: Facet, choice: Choice, query: Query) -> Query:
    """The question with this value alone in its field; of labels, in its set."""
    if facet.field == "motion":
        return msgspec.structs.replace(query, motion=choice.value)
    if facet.field != "labels":
        return msgspec.structs.replace(query, **{facet.field: (choice.value,), f"not_{facet.field}": ()})
    others, unwanted = (
        tuple(each for each in own if not each.startswith(facet.name)) for own in (query.labels, query.not_labels)
    )
    return msgspec.structs.replace(query, labels=(*others, choice.value), not_labels=unwanted)


QUESTIONS = st.fixed_dictionaries(
    {
        "cameras": st.sampled_from([(), ("cam*",)]),
        "not_cameras": st.sampled_from([(), ("yard",)]),
        "paths": st.sampled_from([(), ("/archive/cam1/**",), ("*copy*",)]),
        "not_paths": st.sampled_from([(), ("/archive/yard/**",)]),
        "labels": st.sampled_from([(), ("scene=street",), ("scene=street", "weather=shop", "weather=yard")]),
        "not_labels": st.sampled_from([(), ("scene=shop", "weather=yard")]),
        "motion": st.sampled_from([None, *MOTIONS]),
        "hours": st.sampled_from([None, "22:00-05:00", "09:00-17:00"]),
        "after": st.sampled_from([None, "2026-02-11T12:00"]),
        "max_duration": st.sampled_from([None, 9000.0]),
    }
)


@settings(max_examples=60, deadline=None)
@given(recordings(), st.integers(0, 1000), QUESTIONS)
def test_a_count_is_what_filtering_by_the_value_leaves(
    tmp_path_factory: pytest.TempPathFactory, made: Made, seed: int, said: dict[str, Any]
) -> None:
    query = Query("x", **said)
    known = {(file.camera or "").casefold() for _, files in made for file in files}
    if query.cameras and not any(name.startswith("cam") for name in known):
        query = msgspec.structs.replace(query, cameras=())
    if "yard" not in known:
        query = msgspec.structs.replace(query, not_cameras=())
    catalog, model = labelled(tmp_path_factory.mktemp("facets"), made, seed)
    with catalog.snapshot() as snapshot:
        space = snapshot.space(model)
        with patch.object(filters, "_MOST_PATHS", 0):  # as of very many files: by their folders
            found = facets(space, query, ZONE)
            only = space.ranges_since(seed % (snapshot.next_keyframe_id() + 1))
            of_new = facets(space, query, ZONE, only)
        assert {"labels"} <= {facet.field for facet in found}
        for facet in found:
            for choice in facet.choices:
                assert choice.videos == videos(space, asked(facet, choice, query)), (facet.field, choice)
        for facet in of_new:
            for choice in facet.choices:
                assert choice.videos == videos(space, asked(facet, choice, query), only), (facet.field, choice)


def test_a_folder_that_is_picked_shows_its_own(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        for number, name in enumerate(("a/x [1].mp4", "a/b*/y.mp4", "c/z.mp4")):
            writer.commit_video(make_indexed(f"/archive/{name}", content_hash=str(number)), model)
    with catalog.snapshot() as snapshot:
        space = snapshot.space(model)
        (top,) = facets(space, Query("x"), ZONE)
        assert [(each.name, each.videos, each.depth) for each in top.choices] == [("a", 2, 0), ("c", 1, 0)]
        (opened,) = facets(space, Query("x", paths=(top.choices[0].value,)), ZONE)
        assert [(each.name, each.videos, each.depth) for each in opened.choices] == [
            ("a", 2, 0), ("b*", 1, 1), ("c", 1, 0),
        ]  # fmt: skip
        assert videos(space, Query("x", paths=(opened.choices[1].value,))) == 1


def test_of_very_many_folders_those_with_the_most_videos_are_listed(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        video = writer.commit_video(make_indexed("/archive/full/a.mp4", content_hash="0"), model)
        writer.commit_video(make_indexed("/archive/full/b.mp4", content_hash="1"), model)
        for number in range(MOST_FOLDERS):
            writer.link_file(FileIdentity(f"/archive/{number:04}/a.mp4", 1, 1, "0"), video)
    with catalog.snapshot() as snapshot:
        (folders,) = facets(snapshot.space(model), Query("x"), ZONE)
        assert len(folders.choices) == MOST_FOLDERS
        assert ("full", 2) in {(each.name, each.videos) for each in folders.choices}
