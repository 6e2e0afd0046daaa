"""Edges on the frame where the shot changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

import indexer
from framescout.catalog import Catalog
from framescout.media.cuts import find_cuts
from query.answer import Moment
from query.refine import refine
from tests.footage import make


def test_cuts_are_found_on_their_frames(tmp_path: Path) -> None:
    path = make.coloured_shots(tmp_path, seconds=2.0)
    cuts = find_cuts(path, 0.0, 100.0)
    assert len(cuts) >= 2
    assert all(cut % 2.0 == pytest.approx(0.0, abs=1e-6) for cut in cuts)
    assert find_cuts(path, 0.2, 1.8) == []
    assert find_cuts(path, 1.9, 2.0) == [2.0]
    assert find_cuts(path, 2.0, 2.5) == []


def test_edges_move_to_the_cut_between_the_keyframes(tmp_path: Path, catalog: Catalog) -> None:
    path = make.coloured_shots(tmp_path, seconds=3.0)
    indexer.index(catalog, [path])
    with catalog.snapshot() as snapshot:
        model = snapshot.active_model()
        (video,) = snapshot.videos()
        assert model
        times = snapshot.space(model).keyframe_times(video.id)
        assert times is not None
        inside = [place for place, time in enumerate(times.times) if 3.0 <= time < 6.0]
        first, last = inside[0], inside[-1]
        moment = Moment(
            video.path, video.id, None, None, times.starts[first], times.ends[last], times.times[first], 0.5, 0.5,
            times.first_keyframe_id + first,
        )  # fmt: skip
        (refined,) = refine(snapshot.space(model), [moment])
        assert (refined.start, refined.end) == (3.0, 6.0)
        gone = replace(moment, video=str(tmp_path / "gone.mp4"))
        assert refine(snapshot.space(model), [gone]) == (gone,)
