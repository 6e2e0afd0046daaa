"""Zero-shot labels over stored embeddings."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import framescout
import indexer
import query
from framescout import settings as configuration
from framescout.catalog import Catalog
from framescout.catalog.records import Labelling
from framescout.errors import FramescoutError
from framescout.resources import bundled
from query.engine import Engine
from query.labels import OTHER, label, probabilities, read_labels
from query.sample import Sample
from tests.conftest import Program
from tests.framescout.catalog.make import make_indexed
from tests.framescout.vectors.make import unit_rows

SCENES = """
[scene]
mountains = ["snowy mountains", "a mountain"]
sea = "the sea at sunset"
meadow = ["a green meadow with trees"]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "labels.toml").write_text(SCENES)
    return tmp_path / "labels.toml"


def test_keyframes_get_their_labels_and_searches_use_them(
    catalog: Catalog, landscapes: Path, file: Path, program: Program
) -> None:
    indexer.index(catalog, [landscapes])
    at = ("--catalog", catalog.folder)
    assert "nothing is labelled" in program(*at, "labels").stderr
    assert "nothing is labelled" in program(*at, "labels", "list").stderr
    made = json.loads(program(*at, "labels", file, "--json").stdout)
    assert made[0]["videos_labelled"] == 4
    assert set(made[0]["keyframes"]) == {"mountains", "sea", "meadow", OTHER}
    again = json.loads(program(*at, "labels", file, "--json").stdout)
    assert again == [made[0] | {"videos_labelled": 0}]
    stored = [{name: value for name, value in again[0].items() if name != "videos_labelled"}]
    assert json.loads(program(*at, "labels", "--json").stdout) == stored
    assert json.loads(program(*at, "labels", "list", "scene", "--json").stdout) == stored
    unknown = program(*at, "labels", "list", "weather")
    assert (unknown.returncode, "there are: scene" in unknown.stderr) == (2, True)
    only = query.search(catalog, "a landscape", labels=["scene=meadow"])
    assert only.keyframes_searched == made[0]["keyframes"]["meadow"] > 0
    assert {Path(moment.video).name for moment in only.moments} == {"holiday.mp4"}
    either = query.search(catalog, "a landscape", labels=["scene=meadow", "scene=sea"])
    assert either.keyframes_searched == made[0]["keyframes"]["meadow"] + made[0]["keyframes"]["sea"]
    assert "scene: " in program(*at, "status").stdout
    wrong = program(*at, "search", "x", "--label", "scene=moon")
    assert (wrong.returncode, "it has: mountains, sea, meadow, other" in wrong.stderr) == (2, True)


def test_only_what_is_new_is_labelled_unless_the_prompts_change(catalog: Catalog, landscapes: Path, file: Path) -> None:
    indexer.index(catalog, [landscapes / "holiday.mp4"])
    assert label(Engine(catalog), read_labels(file))[0].videos == 1
    indexer.index(catalog, [landscapes])
    engine = Engine(catalog)
    assert label(engine, read_labels(file))[0].videos == 3
    file.write_text(SCENES.replace("a mountain", "a high peak"))
    assert label(engine, read_labels(file))[0].videos == 4
    with catalog.writer() as writer, catalog.snapshot() as snapshot:
        video = snapshot.videos()[0].id
        writer.drop_video(video)
    with catalog.snapshot() as snapshot:
        (stored,) = snapshot.space(snapshot.models()[0]).labels().sets().values()
        assert len(snapshot.space(snapshot.models()[0]).labels().labellings(stored)) == 3


def test_each_model_has_labels_of_its_own(catalog: Catalog, landscapes: Path, file: Path, small_model: str) -> None:
    indexer.index(catalog, [landscapes / "holiday.mp4"])
    indexer.index(catalog, [landscapes / "holiday.mp4"], settings=configuration.load(model=small_model))
    for name in ("starter", small_model):
        label(Engine(catalog, model=name), read_labels(file))
        answer = query.search(catalog, "a landscape", model=name, labels=["scene=meadow", "scene=other"])
        assert answer.model == name
    assert query.search(catalog, "trees", model="starter", labels=["scene=meadow"]).keyframes_searched > 0


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=12), min_size=1, max_size=5))
def test_ranges_hold_exactly_the_keyframes_with_the_label(
    tmp_path_factory: pytest.TempPathFactory, codes: list[list[int]]
) -> None:
    catalog = framescout.open(tmp_path_factory.mktemp("ranges"))
    wanted: dict[int, set[int]] = {0: set(), 1: set(), 2: set()}
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        labellings = []
        for number, each in enumerate(codes):
            video_id = writer.commit_video(make_indexed(f"/{number}.mp4", count=len(each)), model)
            with catalog.snapshot() as snapshot:
                first = int(snapshot.space(model).video_ranges()[-1, 1])
            labellings.append(Labelling(video_id, first, np.array(each, np.uint8)))
            for place, code in enumerate(each):
                wanted[code].add(first + place)
        writer.put_labels(model, "set", "print", ("a", "b", OTHER), labellings)
    with catalog.snapshot() as snapshot:
        stored = snapshot.space(model).labels()
        kept = stored.sets()["set"]
        for code, name in enumerate(kept.labels):
            ranges = stored.ranges(kept, name)
            assert {i for first, end in ranges.tolist() for i in range(first, end)} == wanted[code]
            assert stored.counts(kept)[name] == len(wanted[code])


def test_an_older_indexing_takes_its_labels_with_it(tmp_path: Path) -> None:
    catalog = framescout.open(tmp_path / "catalog")
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        video_id = writer.commit_video(make_indexed(count=3), model)
        writer.put_labels(model, "set", "print", ("a", OTHER), [Labelling(video_id, 1, np.zeros(3, np.uint8))])
        writer.commit_video(make_indexed(count=4), model)
    with catalog.snapshot() as snapshot:
        stored = snapshot.space(model).labels()
        assert stored.labellings(stored.sets()["set"]) == []


@given(st.integers(0, 1000))
def test_probabilities_sum_to_one_and_do_not_depend_on_the_scale_of_a_model(seed: int) -> None:
    rows, vectors, strange = unit_rows(20, seed), unit_rows(3, seed + 1), unit_rows(6, seed + 2)
    shares = probabilities(rows, vectors, Sample.of(rows, np.array([0]), strange, strange))
    assert np.allclose(shares.sum(axis=1), 1)
    halved = probabilities(rows, vectors / 2, Sample.of(rows, np.array([0]), strange / 2, strange / 2))
    assert np.allclose(shares, halved, atol=1e-6)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[scene\nx = 1\n", "line 1"),
        ("", "no label set"),
        ("scene = 3", r"\[scene\]"),
        ("[scene]\nother = 'x'", "other"),
        ("[scene]\nstreet = []", "scene.*street"),
        ("[scene]\nstreet = [3]", "scene.*street"),
        ("[scene]\nstreet = ' '", "scene.*street"),
        ("[scene]\n'a=b' = 'x'", "a=b"),
        ("[scene]\nstreet = 'x'\nstreet = 'y'\nz = 'z'", "line 3"),
    ],
)
def test_a_broken_file_is_named_with_the_place(tmp_path: Path, written: str, said: str) -> None:
    (tmp_path / "broken.toml").write_text(written)
    with pytest.raises(FramescoutError, match=said):
        read_labels(tmp_path / "broken.toml")


def test_a_file_that_is_none_changes_nothing(
    catalog: Catalog, landscapes: Path, program: Program, tmp_path: Path
) -> None:
    shutil.copy(landscapes / "holiday.mp4", tmp_path)
    indexer.index(catalog, [tmp_path / "holiday.mp4"])
    for name, code in (("none.toml", 3), ("holiday.mp4", 3)):
        result = program("--catalog", catalog.folder, "labels", tmp_path / name)
        assert (result.returncode, result.stdout) == (code, "")
        assert name in result.stderr
        assert "Errno" not in result.stderr
    with catalog.snapshot() as snapshot:
        assert snapshot.space(snapshot.models()[0]).labels().sets() == {}


def test_the_example_is_a_label_file() -> None:
    assert [each.name for each in read_labels(bundled("configs") / "labels.example.toml")] == [
        "scene",
        "time of day",
        "people",
    ]
