"""What a machine of a cluster does for one video; without a cluster, in this process."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from framescout import __version__, processors, settings
from framescout.embedding import fingerprint
from framescout.errors import Reason
from indexer import on_node
from indexer.events import Failed, Indexed, Job, MotionJob, MotionRead
from indexer.hashing import content_hash
from indexer.on_node import Answer, Order, carry_out
from indexer.scan import VideoFile
from indexer.unfit import Unfit, unfit
from indexer.workers import Limits
from tests.footage import make


@pytest.fixture(autouse=True)
def _a_machine_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, towers: Path) -> Iterator[None]:
    monkeypatch.setattr(processors, "_most", None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    shutil.copytree(towers, settings.cache_folder())
    yield
    if on_node._decoder:
        on_node._end(on_node._decoder[1])


def order_for(path: Path) -> Order:
    facts = path.stat()
    file = VideoFile(str(path), facts.st_size, facts.st_mtime_ns)
    limits = Limits(max_pixels=2**26, memory_mib=4096, timeout=60.0, decode_on="cpu")
    job = Job(7, file, content_hash(path), "balanced", (352, 352))
    return Order(job, str(path), limits, "starter", fingerprint("starter"), 0)


def sent(order: Order, version: str = __version__) -> Answer:
    return carry_out(order.job.key, version, pickle.dumps(order))


def test_it_answers_with_a_whole_video_or_why_there_is_none(tmp_path: Path) -> None:
    answer = sent(order_for(make.numbered(tmp_path, "numbered.mp4")))
    assert isinstance(answer, Indexed)
    assert answer.key == 7
    assert len(answer.video.embeddings) == len(answer.video.keyframes) > 0
    assert answer.video.motion is not None
    failed = sent(order_for(make.garbage(tmp_path, "broken.mp4")))
    assert isinstance(failed, Failed)
    assert failed.reason is Reason.NOT_VIDEO


def test_it_reads_packets_alone_for_motion(tmp_path: Path) -> None:
    order = order_for(make.numbered(tmp_path, "numbered.mp4"))
    assert isinstance(sent(replace(order, job=MotionJob(7, order.job.file))), MotionRead)


def test_what_differs_is_said_before_anything_is_read(tmp_path: Path) -> None:
    path = make.numbered(tmp_path, "numbered.mp4")
    order = order_for(path)
    assert carry_out(7, "0.0.1", b"no pickle at all") == Unfit(
        7, unfit(7, "").machine, f"has framescout {__version__}, this one has 0.0.1; install the same on both"
    )
    for other, told in (
        (replace(order, fingerprint="0" * 64), "has other weights of the model starter"),
        (replace(order, model="local-dir:/nowhere"), "lacks the model"),
        (replace(order, job=replace(order.job, content_hash="0" * 40)), "has other footage at"),
    ):
        answer = sent(other)
        assert isinstance(answer, Unfit)
        assert told in answer.sentence
    path.unlink()
    gone = sent(order)
    assert isinstance(gone, Unfit)
    assert "(No such file or directory); mount the footage there at the same place" in gone.sentence
    assert on_node._decoder is None


def says(**roots: Path) -> None:
    """Where this machine has its roots, by its own settings."""
    lines = [f'{name} = "{place}"' for name, place in roots.items()]
    settings.own_file().parent.mkdir(parents=True, exist_ok=True)
    settings.own_file().write_text("\n".join(["[roots]", *lines]))


def test_a_root_is_where_this_machine_has_it(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    (there / "cam1").mkdir(parents=True)
    path = make.numbered(there / "cam1", "numbered.mp4")
    order = replace(order_for(path), stored="archive:cam1/numbered.mp4")
    says(archive=there)
    expected = sent(order)
    assert isinstance(expected, Indexed)
    there.rename(here)
    says(archive=here)
    found = sent(order)
    assert isinstance(found, Indexed)
    assert found.video.file == expected.video.file  # the one who asks stores it under its own path
    assert np.array_equal(found.video.embeddings, expected.video.embeddings)
    assert isinstance(sent(replace(order, job=MotionJob(7, order.job.file))), MotionRead)


def test_a_root_without_a_place_here_is_named(tmp_path: Path) -> None:
    path = make.numbered(tmp_path, "numbered.mp4")
    order = replace(order_for(path), stored="archive:numbered.mp4")
    says(other=tmp_path / "other")
    assert isinstance(sent(order), Indexed)  # mounted at the same place
    path.unlink()
    answer = sent(order)
    assert isinstance(answer, Unfit)
    assert answer.sentence.startswith(f"The machine {answer.machine} of the Ray cluster can't read {path} (No such")
    assert 'has no place for the root archive: write archive = "FOLDER" there, below [roots] in' in answer.sentence


def test_a_root_that_is_not_mounted_and_settings_that_are_wrong_are_told(tmp_path: Path) -> None:
    order = replace(order_for(make.numbered(tmp_path, "numbered.mp4")), stored="archive:numbered.mp4")
    says(archive=tmp_path / "nothing")
    answer = sent(order)
    assert isinstance(answer, Unfit)
    assert f"can't read {tmp_path}/nothing/numbered.mp4 (No such file" in answer.sentence
    assert "look whether the root archive is mounted there" in answer.sentence
    settings.own_file().write_text("[roots")
    answer = sent(order)
    assert isinstance(answer, Unfit)
    assert "has settings that can't be used: " in answer.sentence
