"""A video is put together from its events."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from framescout.catalog.records import Probe, ReadEnd
from framescout.timeline import Span
from indexer.assembly import Assembler
from indexer.embed import Batcher
from indexer.events import Job
from indexer.key_pictures import PicturedKeyframe
from indexer.scan import VideoFile

JOB = Job(3, VideoFile("/footage/a.mp4", 1000, 5), "its hash", "fast", (2, 2))
PROBE = Probe(10.0, 25.0, False, 640, 480, 0, Fraction(1), 0.0, "h264", False, {"date": "2026"})


def keyframe(time: float) -> PicturedKeyframe:
    return PicturedKeyframe(round(time * 1000), Fraction(1, 1000), time, np.zeros((2, 2, 3), np.uint8))


def test_a_video_is_whole_when_it_ended_and_all_is_embedded() -> None:
    video = Assembler(JOB)
    video.probe = PROBE
    rows = np.eye(2, 4, dtype=np.float16)
    video.add(keyframe(0.5))
    video.embed(rows[0])
    assert not video.is_whole
    video.add(keyframe(4.0))
    video.end = ReadEnd(9.5, True)
    assert not video.is_whole
    video.embed(rows[1])
    assert video.is_whole
    indexed = video.video()
    assert [(k.pts, k.time, k.span) for k in indexed.keyframes] == [
        (500, 0.5, Span(0.0, 4.0)),
        (4000, 4.0, Span(4.0, 9.5)),
    ]
    assert np.array_equal(indexed.embeddings, rows)
    assert (indexed.file.path, indexed.file.content_hash) == ("/footage/a.mp4", "its hash")
    assert (indexed.density, indexed.probe) == ("fast", PROBE)


def test_what_is_read_is_counted_once() -> None:
    video = Assembler(JOB)
    video.probe = PROBE
    assert [video.advance(to) for to in (2.0, 1.0, 5.0)] == [(2.0, 200.0), (0.0, 0.0), (3.0, pytest.approx(300.0))]
    assert video.bytes_read == pytest.approx(500.0)


class Tower:
    """Embeds a picture as its first pixel's three values, and says how many it was given at once."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def encode_pixels(self, pixels: np.ndarray) -> np.ndarray:
        self.batches.append(len(pixels))
        return pixels[:, 0, 0].astype(np.float32)


def test_pictures_of_several_videos_fill_a_batch_and_keep_their_order() -> None:
    tower = Tower()
    batcher = Batcher(tower, 3)
    said = [(key, value) for key, value in [(1, 10), (2, 20), (1, 11), (9, 90), (1, 12), (2, 21)]]
    embedded = []
    for key, value in said:
        if key == 9:
            batcher.add(key, np.full((2, 2, 3), value, np.uint8))
            batcher.forget(key)
        else:
            embedded += batcher.add(key, np.full((2, 2, 3), value, np.uint8))
    embedded += batcher.flush()
    assert [(key, int(row[0])) for key, row in embedded] == [pair for pair in said if pair[0] != 9]
    assert tower.batches == [3, 2]
    assert batcher.flush() == []
