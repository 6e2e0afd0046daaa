import os

import pytest

from framescout.errors import MediaError, Reason
from indexer.hashing import content_hash, full_hash

MIB = 2**20


def test_the_same_content_has_one_hash_wherever_it_lies(tmp_path):
    for name in ("a.mp4", "b.mkv"):
        (tmp_path / name).write_bytes(b"footage" * 1000)
    assert content_hash(tmp_path / "a.mp4") == content_hash(tmp_path / "b.mkv")
    assert full_hash(tmp_path / "a.mp4") == full_hash(tmp_path / "b.mkv")


def test_one_byte_tells_small_files_apart(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 3 * MIB)
    (tmp_path / "b").write_bytes(b"x" * 2 * MIB + b"y" + b"x" * (MIB - 1))
    assert content_hash(tmp_path / "a") != content_hash(tmp_path / "b")


def test_a_file_recorded_over_at_the_same_size_is_another_one(tmp_path):
    path = tmp_path / "ring.dav"
    size = 24 * MIB
    head, tail = b"header" * 1000, b"index" * 1000
    hashes = set()
    for _ in range(2):
        path.write_bytes(head + os.urandom(size - len(head) - len(tail)) + tail)
        hashes.add(content_hash(path))
    assert len(hashes) == 2


@pytest.mark.parametrize("change_at", [0, 24 * MIB - 1])
def test_a_byte_changed_at_either_end_of_a_large_file_is_seen(tmp_path, change_at):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(24 * MIB)
    before = content_hash(path)
    with path.open("r+b") as file:
        file.seek(change_at)
        file.write(b"!")
    assert content_hash(path) != before


def test_length_alone_tells_files_apart(tmp_path):
    hashes = []
    for size in (24 * MIB, 24 * MIB + 1):
        with (tmp_path / str(size)).open("wb") as file:
            file.truncate(size)
        hashes.append(content_hash(tmp_path / str(size)))
    assert hashes[0] != hashes[1]


def test_a_large_file_costs_four_mebibytes_whatever_its_length(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(2**40)
    assert content_hash(path)


def test_the_full_hash_settles_what_samples_cannot_see(tmp_path):
    for name, byte in (("a", b"0"), ("b", b"1")):
        with (tmp_path / name).open("wb") as file:
            file.truncate(64 * MIB)
            file.seek(MIB + 2**16 + 5)  # right behind the first sample
            file.write(byte)
    assert content_hash(tmp_path / "a") == content_hash(tmp_path / "b")
    assert full_hash(tmp_path / "a") != full_hash(tmp_path / "b")


def test_a_file_that_is_gone_is_unreadable(tmp_path):
    with pytest.raises(MediaError) as caught:
        content_hash(tmp_path / "gone.mp4")
    assert caught.value.reason is Reason.UNREADABLE
