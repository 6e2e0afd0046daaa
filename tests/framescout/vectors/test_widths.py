"""Vectors of a length that FAISS is slow with have zeros behind in index files, and are found all the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from framescout.vectors import widths
from framescout.vectors.files import read_index
from framescout.vectors.recall import recall
from framescout.vectors.walk import Lists
from framescout.vectors.widths import widened, width_of
from tests.framescout.vectors import make
from tests.framescout.vectors.make import Archive

ODD = 21

exact_or_lists = pytest.mark.parametrize("exact_at_most", [10_000, 0])


@pytest.fixture
def odd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    monkeypatch.setattr(make, "DIMENSIONS", ODD)
    archive = Archive.make(tmp_path)
    archive.add([150] * 10)
    return archive


def check_answers(archive: Archive) -> None:
    queries = make.unit_rows(20, seed=99)
    ids, scores = archive.search(queries, 10)
    wanted, wanted_scores = archive.brute_force(queries, 10)
    assert recall(ids, wanted) > 0.95  # 8 bits may swap two that are as near
    assert scores == pytest.approx(wanted_scores, abs=0.01)
    with archive.catalog.snapshot() as snapshot:
        assert archive.store.verify(snapshot.space(archive.model)) == []


@exact_or_lists
def test_an_odd_length_is_written_wider_and_found(odd: Archive, exact_at_most: int) -> None:
    generation = odd.publish(exact_at_most, every_list=True)
    path = odd.catalog.vectors_folder / generation.file_name
    assert read_index(path, generation.checksum).d == 32
    check_answers(odd)
    if exact_at_most == 0:
        assert Lists.open(path, generation.vector_count, ODD) is not None


@exact_or_lists
def test_a_file_of_before_is_read(odd: Archive, exact_at_most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(widths, "_TOGETHER", 1)
        generation = odd.publish(exact_at_most, every_list=True)
    path = odd.catalog.vectors_folder / generation.file_name
    assert read_index(path, generation.checksum).d == ODD
    check_answers(odd)


def test_zeros_change_no_product() -> None:
    rows = make.unit_rows(5, seed=1)
    wide = widened(rows, rows.shape[1] + 7)
    assert np.array_equal(wide @ wide.T, rows @ rows.T)
    assert [width_of(each) for each in (1, 16, 17, 384, 385)] == [16, 16, 32, 384, 400]
