"""What a file is by its content: called as a function, with a look-up of its own and no catalog."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from framescout.errors import Reason
from indexer.events import Failed, Job, Known
from indexer.hashing import content_hash, full_hash
from indexer.identify import KnownVideo, Sampling, identify
from indexer.scan import VideoFile, scan

SAMPLING = Sampling("balanced", (224, 224))


def file_at(path: Path) -> VideoFile:
    (file,) = scan([path])
    return file


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"footage" * 1000)
    return path


def test_unknown_footage_is_a_job_with_its_key(path: Path) -> None:
    file = file_at(path)
    assert identify(7, file, SAMPLING, lambda _: None) == Job(7, file, content_hash(path), "balanced", (224, 224))


@pytest.mark.parametrize(
    ("density", "expected"), [(None, Job), ("fast", Job), ("balanced", Known), ("thorough", Known)]
)
def test_known_footage_is_a_job_only_where_it_was_not_looked_at_closely_enough(
    path: Path, density: str | None, expected: type
) -> None:
    known = KnownVideo(3, density, str(path))
    assert type(identify(0, file_at(path), SAMPLING, lambda _: known)) is expected


def test_a_moved_file_is_known_footage(path: Path) -> None:
    known = KnownVideo(3, "balanced", str(path.with_name("where it was.mp4")))
    assert identify(1, file_at(path), SAMPLING, lambda _: known) == Known(1, content_hash(path), 3)


def test_a_true_copy_is_known_footage(path: Path) -> None:
    copy = Path(shutil.copy(path, path.with_name("copy.mp4")))
    known = KnownVideo(3, "balanced", str(path))
    assert identify(1, file_at(copy), SAMPLING, lambda _: known) == Known(1, content_hash(path), 3)


@pytest.mark.parametrize("is_known", [False, True])
def test_a_file_that_differs_between_the_samples_has_a_longer_hash(tmp_path: Path, is_known: bool) -> None:
    one, other = tmp_path / "one.mp4", tmp_path / "other.mp4"
    one.write_bytes(bytes(16 * 2**20))
    other.write_bytes(bytes(8 * 2**20 + 70_000) + b"\1" + bytes(8 * 2**20 - 70_001))
    short, whole = content_hash(one), full_hash(other)
    assert content_hash(other) == short
    catalog = {short: KnownVideo(3, "balanced", str(one))}
    if is_known:
        catalog[f"{short}+{whole}"] = KnownVideo(4, "balanced", str(other))
    result = identify(1, file_at(other), SAMPLING, catalog.get)
    if is_known:
        assert result == Known(1, f"{short}+{whole}", 4)
    else:
        assert isinstance(result, Job)
        assert result.content_hash == f"{short}+{whole}"


def test_a_file_that_can_not_be_read_has_failed(path: Path) -> None:
    file = file_at(path)
    path.unlink()
    result = identify(2, file, SAMPLING, lambda _: None)
    assert result == Failed(2, Reason.UNREADABLE, "No such file or directory")
