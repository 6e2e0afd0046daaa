"""A run asks its workers for events and nothing else: others than processes serve it as well."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

import indexer
from framescout.catalog import Catalog
from indexer import pipeline
from indexer.decode import decode
from indexer.events import Event, Job
from indexer.scan import VideoFile
from indexer.workers import Identify, Limits, Workers
from tests.footage import make


class InThisThread:
    """Decodes one file after the other where `events` is iterated."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._takes_more = True

    def begin(self, files: Sequence[VideoFile], identify: Identify) -> None:
        self._files, self._identify = files, identify

    def events(self) -> Iterator[Event | None]:
        for key, file in enumerate(self._files):
            if not self._takes_more:
                return
            identified = self._identify(key, file)
            yield identified
            if isinstance(identified, Job):
                yield from decode(identified, self._limits)

    def take_no_more(self) -> None:
        self._takes_more = False

    def close(self) -> None:
        self._takes_more = False


def in_this_thread(*_: object) -> Workers:
    return InThisThread(Limits(max_pixels=2**26, memory_mib=0, timeout=0.0, decode_on="cpu"))


def content(catalog: Catalog) -> dict[str, tuple[object, np.ndarray]]:
    """What is known of each video, by its file's name."""
    with catalog.snapshot() as snapshot:
        names = {video.id: (Path(video.path).name, video.duration, video.end) for video in snapshot.videos()}
        (model,) = snapshot.models()
        return {names[b.video_id][0]: (names[b.video_id], b.embeddings) for b in snapshot.space(model).blocks()}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    make.coloured_shots(folder, "colours.mp4")
    make.truncated(folder, "partial.mp4")
    make.garbage(folder, "broken.mp4")
    return folder


def test_workers_of_another_kind_make_the_same_catalog(
    catalog: Catalog, archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Catalog.open(tmp_path / "other")
    shutil.copytree(catalog.cache_folder, other.cache_folder, copy_function=os.link, dirs_exist_ok=True)
    by_processes = indexer.index(other, [archive])
    monkeypatch.setattr(pipeline, "workers_for", in_this_thread)
    report = indexer.index(catalog, [archive])
    assert set(report.indexed) == set(by_processes.indexed)
    assert report.partial == by_processes.partial
    assert report.quarantined == by_processes.quarantined
    here, there = content(catalog), content(other)
    assert here.keys() == there.keys() == {"colours.mp4", "partial.mp4"}
    for name, (facts, embeddings) in here.items():
        assert facts == there[name][0]
        assert np.allclose(embeddings.astype(np.float32), there[name][1].astype(np.float32), atol=1e-3)


def test_workers_of_another_kind_stop_when_they_are_told(
    catalog: Catalog, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline, "workers_for", in_this_thread)
    report = indexer.index(catalog, [archive], may_go_on=lambda: False)
    assert (report.stopped, report.left) == ("until", 2)
