"""Packed times of keyframes hold every bit of them, and are asked as rows were."""

from __future__ import annotations

import math
import tracemalloc
import zlib
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from framescout.catalog import Catalog
from framescout.catalog.packed_times import packed, rows, unpacked
from framescout.catalog.records import IndexedVideo, Keyframe
from framescout.errors import DamagedCatalogError
from framescout.timeline import Span
from tests.conftest import Place
from tests.framescout.catalog.databases import execute
from tests.framescout.catalog.make import make_embeddings, make_indexed

SECONDS = st.floats(0, 1e6)
NAMES = ("id", "pts", "time", "span_start", "span_end")


@given(st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), SECONDS, SECONDS, SECONDS), min_size=1))
def test_every_bit_is_kept(facts: list[tuple[int, float, float, float]]) -> None:
    keyframes = [Keyframe(pts, Fraction(1), time, Span(*sorted(span))) for pts, time, *span in facts]
    assert [*rows(7, packed(keyframes), len(facts), NAMES)] == [
        (7 + n, pts, time, *sorted(span)) for n, (pts, time, *span) in enumerate(facts)
    ]


@given(st.binary(max_size=100), st.integers(0, 4))
def test_what_holds_no_times_is_refused(data: bytes, count: int) -> None:
    with pytest.raises(ValueError, match="these are no"):
        unpacked(1, data, count)
    if len(data) != 32 * count:
        with pytest.raises(ValueError, match="these are not the times"):
            unpacked(1, zlib.compress(data), count)
    else:
        assert len(unpacked(1, zlib.compress(data), count).pts) == count
    with pytest.raises(ValueError, match="these are not the times"):
        unpacked(1, zlib.compress(data) + b"\0", len(data) // 32)


def test_a_value_that_would_grow_without_an_end_takes_no_memory(place: Place) -> None:
    grows = zlib.compress(bytes(2**28))
    assert len(grows) < 2**19
    catalog = Catalog.open(place)
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        video_id = writer.commit_video(make_indexed(count=3), model)
        execute(place, "UPDATE keyframe_times SET packed = ?", grows)
        execute(place, "DELETE FROM state WHERE key = 'next_keyframe_id'")
        tracemalloc.start()
        writer.commit_video(make_indexed("/b.mp4", count=2), model)
        for claimed in (3, 2**30):
            execute(place, "UPDATE indexing SET keyframe_count = ? WHERE video_id = ?", claimed, video_id)
            with catalog.snapshot() as snapshot:
                assert snapshot.checks.is_altered(video_id, model.id)
        execute(place, "UPDATE indexing SET keyframe_count = 3 WHERE video_id = ?", video_id)
        with catalog.snapshot() as snapshot, pytest.raises(DamagedCatalogError, match="keyframes of video 1 are"):
            snapshot.space(model).keyframe_times(video_id)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2**24


def uneven(path: str, count: int) -> IndexedVideo:
    """Keyframes at the squares of their numbers, in seconds."""
    keyframes = tuple(Keyframe(i, Fraction(1), float(i * i), Span(float(i * i), (i + 1.0) ** 2)) for i in range(count))
    made = make_indexed(path, embeddings=make_embeddings(count))
    return IndexedVideo(made.file, made.probe, made.end, keyframes, made.embeddings, "balanced")


def test_questions_are_answered_as_by_looking_at_each_keyframe(place: Place) -> None:
    catalog = Catalog.open(place)
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        counts = {writer.commit_video(uneven(f"/{count}.mp4", count), model): count for count in (1, 4, 9)}
    with catalog.snapshot() as snapshot:
        space = snapshot.space(model)
        for video_id, count in counts.items():
            first, end = space.span(video_id) or (0, 0)
            times = [float(i * i) for i in range(count)]
            assert space.times_of([*range(first, end)]) == [(at, at, (i + 1.0) ** 2) for i, at in enumerate(times)]
            for low in (-1.0, 0.0, 3.5, 4.0, 100.0):
                begun = [i for i, at in enumerate(times) if at <= low]
                assert space.keyframe_at(video_id, low) == first + (begun[-1] if begun else 0)
                for high in (0.0, 4.0, 4.1, math.inf):
                    shown = [first + i for i, at in enumerate(times) if low <= at < high]
                    expected = (shown[0], shown[-1] + 1) if shown else (first, first)
                    assert space.keyframes_between(first, end, low, high) == expected


def test_times_of_fewer_keyframes_than_there_are_embeddings_are_damage(place: Place) -> None:
    catalog = Catalog.open(place)
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        video_id = writer.commit_video(make_indexed(count=3), model)
    ((data,),) = execute(place, "SELECT packed FROM keyframe_times")
    for damaged in (zlib.compress(zlib.decompress(data)[:64]), data[1:], data[:-1], b""):
        execute(place, "UPDATE keyframe_times SET packed = ?", damaged)
        with catalog.snapshot() as snapshot:
            assert snapshot.checks.is_altered(video_id, model.id)
            with pytest.raises(DamagedCatalogError, match="keyframes of video 1 are missing"):
                snapshot.space(model).keyframe_times(video_id)


def test_no_id_is_given_twice_though_its_note_is_lost(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    with catalog.writer() as writer:
        model = writer.model("starter", "f1", 8)
        writer.commit_video(make_indexed("/a.mp4", count=3), model)
        execute(tmp_path, "DELETE FROM state WHERE key = 'next_keyframe_id'")
        video_id = writer.commit_video(make_indexed("/b.mp4", count=2), model)
    with catalog.snapshot() as snapshot:
        assert snapshot.space(model).span(video_id) == (4, 6)
