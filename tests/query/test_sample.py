"""What an archive is judged by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.cached import Cache
from framescout.embedding import TextTower, fingerprint, load_text_tower
from query.confidence import Background
from query.sample import STRANGERS, Sample, strangers
from tests.framescout.vectors.make import Archive, unit_rows

STRANGE = unit_rows(6, 1)


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
    wanted, found = Background.of(np.array(reached)), Sample.of(rows, starts, STRANGE).of_pictures
    assert (found.center, found.spread) == pytest.approx((wanted.center, wanted.spread), abs=1e-5)


def test_a_kept_sample_is_that_of_the_archive_and_goes_with_its_state(tmp_path: Path) -> None:
    archive = Archive.make(tmp_path / "catalog")
    archive.add([30, 5, 60])
    states, cache = [], Cache(tmp_path / "cache")
    for _ in range(2):
        with archive.catalog.snapshot() as snapshot:
            wanted = Sample.read(snapshot.space(archive.model), STRANGE)
            for _ in range(2):
                assert is_same(Sample.cached(snapshot.space(archive.model), STRANGE, cache, few=0), wanted)
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
            kept = Sample.cached(snapshot.space(archive.model), STRANGE, cache, few=0)
            assert is_same(kept, Sample.read(snapshot.space(archive.model), STRANGE))


def is_same(one: Sample, other: Sample) -> bool:
    return (
        np.array_equal(one.some, other.some)
        and (one.of_sentences, one.of_pictures) == (other.of_sentences, other.of_pictures)
        and (one.unlike, one.sharpness) == (other.unlike, other.sharpness)
    )


def test_strangers_are_encoded_once_and_a_damaged_cache_is_no_matter(towers: Path, tmp_path: Path) -> None:
    tower: TextTower = load_text_tower("starter", fingerprint("starter"), towers)
    first = strangers(tower, tower.fingerprint, Cache(tmp_path))
    assert first.shape == (len(STRANGERS), tower.dimensions)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"nonsense")
    assert np.allclose(strangers(tower, tower.fingerprint, Cache(tmp_path)), first)
