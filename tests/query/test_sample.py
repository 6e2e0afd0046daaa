"""What an archive is judged by."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.cached import Cache
from framescout.embedding import TextTower, fingerprint, load_text_tower
from framescout.embedding.background import EVERYDAY, STRANGERS, everyday, keep, strangers
from query.confidence import ArchiveScores, Background
from query.sample import Sample
from tests.framescout.vectors.make import Archive, unit_rows

STRANGE, ASKED = unit_rows(6, 1), unit_rows(9, 2)


@given(seed=st.integers(0, 10_000), counts=st.lists(st.integers(1, 30), min_size=1, max_size=8))
def test_what_pictures_reach_elsewhere_is_what_looking_at_every_video_says(seed: int, counts: list[int]) -> None:
    rows, starts = unit_rows(sum(counts), seed), np.cumsum([0, *counts])[:-1]
    chosen = sorted({int(place) for place in np.linspace(0, len(rows) - 1, 64)}) if len(rows) > 1 else []
    reached = []
    for number in chosen:
        own = int(np.searchsorted(starts, number, side="right")) - 1
        others = [
            float((rows[start : start + count] @ rows[number]).max())
            for video, (start, count) in enumerate(zip(starts, counts, strict=True))
            if video != own
        ] or [float(row @ rows[number]) for place, row in enumerate(rows) if place != number]
        reached.append(np.percentile(others, 90))
    wanted, found = Background.of(np.array(reached)), Sample.of(rows, starts, STRANGE, ASKED).of_pictures
    assert (found.center, found.spread) == pytest.approx((wanted.center, wanted.spread), abs=1e-5)


def test_a_kept_sample_is_that_of_the_archive_and_goes_with_its_state(tmp_path: Path) -> None:
    archive = Archive.make(tmp_path / "catalog")
    archive.add([30, 5, 60])
    states, cache = [], Cache(tmp_path / "cache")
    for _ in range(2):
        with archive.catalog.snapshot() as snapshot:
            wanted = Sample.read(snapshot.space(archive.model), STRANGE, ASKED)
            for _ in range(2):
                assert is_same(Sample.cached(snapshot.space(archive.model), STRANGE, ASKED, cache, few=0), wanted)
        states += [path.name for path in (tmp_path / "cache").iterdir()]
        archive.add([7])
    assert len(states) == len(set(states)) == 2


def test_what_belongs_to_another_archive_of_the_same_shape_is_passed_over(tmp_path: Path) -> None:
    one, other = (Archive.make(tmp_path / name) for name in ("one", "other"))
    cache = Cache(tmp_path / "cache")
    other.added = 7  # from where other vectors come
    one.add([40])
    other.add([40])
    for archive in (one, other, one):
        with archive.catalog.snapshot() as snapshot:
            kept = Sample.cached(snapshot.space(archive.model), STRANGE, ASKED, cache, few=0)
            assert is_same(kept, Sample.read(snapshot.space(archive.model), STRANGE, ASKED))


def is_same(one: Sample, other: Sample) -> bool:
    return (
        np.array_equal(one.some, other.some)
        and (one.scores.center, one.scores.spread, one.of_pictures)
        == (other.scores.center, other.scores.spread, other.of_pictures)
        and np.array_equal(one.scores.mean_sentence, other.scores.mean_sentence)
        and (one.unlike, one.sharpness) == (other.unlike, other.sharpness)
    )


@given(seed=st.integers(0, 1000), keyframes=st.integers(1, 40))
def test_sentences_are_judged_by_what_all_everyday_ones_score_on_all_keyframes(seed: int, keyframes: int) -> None:
    rows = unit_rows(keyframes, seed)
    scores = [float(row @ sentence) for row in rows for sentence in ASKED]
    found = Sample.of(rows, np.array([0]), STRANGE, ASKED).scores
    assert isinstance(found, ArchiveScores)
    assert (found.center, found.spread) == pytest.approx((np.mean(scores), np.std(scores)), abs=1e-5)


def test_an_archive_without_a_keyframe_is_judged_without_a_fault() -> None:
    found = Sample.of(np.empty((0, ASKED.shape[1]), np.float32), np.array([], int), STRANGE, ASKED)
    assert found.scores.spread > 0


@pytest.mark.parametrize(("texts", "kept"), [(STRANGERS, strangers), (EVERYDAY, everyday)])
def test_sentences_are_encoded_once_and_a_damaged_cache_is_no_matter(
    towers: Path, tmp_path: Path, texts: tuple[str, ...], kept: Callable[..., np.ndarray]
) -> None:
    tower: TextTower = load_text_tower("starter", fingerprint("starter"), towers)
    first = kept(tower, tower.fingerprint, Cache(tmp_path))
    assert np.allclose(first[7], tower.encode_texts([texts[7]])[0], atol=1e-5)
    assert first.shape == (len(texts), tower.dimensions)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"nonsense")
    assert np.allclose(kept(tower, tower.fingerprint, Cache(tmp_path)), first)


def test_a_model_with_reference_vectors_needs_no_everyday_sentences(towers: Path, tmp_path: Path) -> None:
    tower: TextTower = load_text_tower("starter", fingerprint("starter"), towers)
    keep(tower, tower.fingerprint, Cache(tmp_path))
    (file,) = tmp_path.iterdir()
    assert file.name.startswith("strangers-")
