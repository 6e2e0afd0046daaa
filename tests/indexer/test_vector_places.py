"""Where an index run builds vectors' indexes: beside the catalog, or at the place that the settings give."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from framescout import settings, vectors
from framescout.catalog import Catalog, Space
from framescout.embedding import fingerprint, load_text_tower
from framescout.progress import SilentProgress
from indexer.publish import publish
from indexer.trial_sentences import TRIAL_SENTENCES
from indexer.verify import Problem, check, mend
from tests.framescout.catalog.make import make_indexed
from tests.framescout.vectors.make import Archive, unit_rows

pytest.importorskip("lance", reason="Lance is not installed")
QUERIES = unit_rows(3, seed=2000)


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setattr("framescout.vectors.is_worth_building.__kwdefaults__", {"few": 0})
    made = Archive.make(tmp_path / "catalog")
    made.add([50] * 10)
    return made


def opened(archive: Archive, place: str) -> Catalog:
    return Catalog.open(archive.catalog.folder, settings=settings.load(vectors=place))


def run(archive: Archive, place: str) -> Catalog:
    catalog = opened(archive, place)
    with catalog.writer() as writer:
        publish(catalog, writer, archive.model, SilentProgress())
    return catalog


def answers(archive: Archive, catalog: Catalog) -> bool:
    """Whether the index at its place is used; the answer must be right in any case."""
    wanted = archive.brute_force(QUERIES, 10)[1]
    with catalog.snapshot() as snapshot:
        store = vectors.store_in(catalog.vectors_place)
        index = vectors.VectorIndex.open(snapshot.space(archive.model), store, few=0)
        assert np.allclose(index.search(QUERIES, 10)[1], wanted, atol=0.02)
        return index.generation is not None


def test_an_index_goes_where_the_settings_say_and_back(archive: Archive, tmp_path: Path) -> None:
    place = tmp_path / "shared"
    beside = run(archive, "")
    assert answers(archive, beside)
    assert [path.suffix for path in beside.vectors_folder.iterdir()] == [".faiss"]
    assert not answers(archive, opened(archive, str(place)))
    shared = run(archive, place.as_uri())
    assert answers(archive, shared)
    assert [path.suffix for path in place.glob("catalog-*/*")] == [".lance"]
    assert not list(shared.vectors_folder.iterdir())
    assert not answers(archive, opened(archive, ""))
    assert answers(archive, run(archive, ""))


def test_two_catalogs_share_an_address(archive: Archive, tmp_path: Path) -> None:
    place = str(tmp_path / "shared")
    other = Archive.make(tmp_path / "other")
    other.add([30] * 12)
    for _ in range(2):
        for each in (archive, other):
            run(each, place)
            each.add([10])
        assert all(answers(each, opened(each, place)) for each in (archive, other))
    for each in (archive, other):
        assert check_vectors(opened(each, place)) == []


def check_vectors(catalog: Catalog) -> list[Problem]:
    return [problem for problem in check(catalog) if problem.kind == "vectors"]


def test_a_damaged_dataset_is_mended(archive: Archive, tmp_path: Path) -> None:
    catalog = run(archive, str(tmp_path / "shared"))
    assert check_vectors(catalog) == []
    (codes,) = (tmp_path / "shared").glob("*/*/_indices/*/auxiliary.idx")
    with codes.open("rb+") as file:
        file.seek(codes.stat().st_size // 2)
        file.write(b"\x55" * 64)
    problems = check_vectors(catalog)
    assert len(problems) == 1
    assert [problem for problem in mend(catalog, problems) if problem.kind == "vectors"] == []
    assert answers(archive, catalog)


@pytest.mark.parametrize("is_shared", [True, False])
def test_sentences_are_encoded_for_an_index_that_is_tuned_with_them(
    is_shared: bool, catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("framescout.vectors.is_worth_building.__kwdefaults__", {"few": 0})
    tower = load_text_tower("starter", fingerprint("starter"), catalog.cache_folder)
    rows = tower.encode_texts([f"{number} dogs" for number in range(40)])
    with catalog.writer() as writer:
        model = writer.model("starter", tower.fingerprint, tower.dimensions)
        writer.commit_video(make_indexed(embeddings=rows.astype(np.float16)), model)
    place = str(tmp_path / "shared") if is_shared else ""
    opened = Catalog.open(catalog.folder, settings=settings.load(vectors=place))
    kind: Any = type(vectors.store_in(opened.vectors_place))
    given, build = [], kind.publish

    def noted(store: Any, space: Space, sentences: np.ndarray | None = None) -> vectors.BuiltIndex:
        given.append(sentences)
        built: vectors.BuiltIndex = build(store, space, sentences)
        return built

    monkeypatch.setattr(kind, "publish", noted)
    with opened.writer() as writer:
        publish(opened, writer, model, SilentProgress())
    (sentences,) = given
    assert (sentences is not None) == is_shared  # an exact index needs none
    assert sentences is None or sentences.shape == (len(TRIAL_SENTENCES), tower.dimensions)


def test_exact_files_alone_need_no_tuning(tmp_path: Path) -> None:
    files, sets = vectors.store_in(tmp_path), vectors.store_in(str(tmp_path))
    assert [files.is_tuned(count) for count in (20_001, 30_000, 30_001)] == [False, False, True]
    assert [sets.is_tuned(count) for count in (0, 1, 20_001, 30_001)] == [False, True, True, True]


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("vectors", "not 'vectors'"),
        ("s3://bucket", "not 's3://bucket'"),
        ("gs://bucket/prefix", "not 'gs://bucket/prefix'"),
        ("s3://key:secret@bucket/prefix", "set AWS_ACCESS_KEY_ID"),
    ],
)
def test_what_is_no_place_is_refused(said: str, why: str) -> None:
    with pytest.raises(settings.UsageError, match="vectors") as raised:
        settings.load(vectors=said)
    assert why in str(raised.value)
    assert "secret" not in str(raised.value).replace("AWS_SECRET", "")
