"""What is kept of motion from one state to the next is what a catalog that was just opened reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from msgspec.structs import replace

from framescout.catalog import Catalog
from framescout.catalog.keyframe_motion import KeyframeMotion
from framescout.motion import Motion, Source
from framescout.settings import load
from framescout.summary import motion_curve
from tests.framescout.catalog.make import make_indexed


def read(catalog: Catalog) -> KeyframeMotion:
    with catalog.snapshot() as snapshot:
        model = snapshot.models()[0]
        return snapshot.space(model).motion()


def same(one: KeyframeMotion, other: KeyframeMotion) -> bool:
    def columns(each: KeyframeMotion) -> list[np.ndarray]:
        own = each.stretches
        return [each.ids, each.quiet, each.noisy, own.highest, own.sudden, own.is_known]

    return all(np.array_equal(*pair) for pair in zip(columns(one), columns(other), strict=True))


def test_motion_follows_every_change_of_the_catalog(tmp_path: Path) -> None:
    cameras = load(camera_pattern=r"/archive/(?P<camera>[^/]+)/")
    stays = Catalog.open(tmp_path, stays=True, settings=cameras)
    random = np.random.default_rng(4)
    seen = []
    for number in range(6):
        with Catalog.open(tmp_path, settings=cameras).writer() as writer:
            model = writer.model("tiny", "fingerprint", 8)
            levels = random.integers(0, 90, 20).astype(np.uint8)
            motion = None if number == 2 else Motion(levels, Source.SIZES)
            video = make_indexed(f"/archive/cam{number % 2}/{number}.mp4", count=5 + number)
            writer.commit_video(replace(video, motion=motion), model)
            if number == 4:  # the one that had no curve gets one
                writer.put_motion(3, Motion(levels[::-1].copy(), Source.PICTURES))
        seen.append(read(stays))
        assert same(seen[-1], read(Catalog.open(tmp_path, settings=cameras)))
    assert [len(each.ids) for each in seen] == [5, 11, 11, 19, 35, 45]
    assert read(stays) is seen[-1]  # nothing is read again while nothing changes


def test_a_curve_that_noise_hides_says_so(tmp_path: Path) -> None:
    catalog = Catalog.open(tmp_path)
    with catalog.writer() as writer:
        model = writer.model("tiny", "fingerprint", 8)
        noisy = replace(make_indexed("/archive/a.mp4"), motion=Motion(np.full(20, 110, np.uint8), Source.SIZES))
        clear = replace(make_indexed("/archive/b.mp4"), motion=Motion(np.full(20, 40, np.uint8), Source.SIZES))
        writer.commit_video(noisy, model)
        writer.commit_video(clear, model)
    with catalog.snapshot() as snapshot:
        hidden, seen = (motion_curve(snapshot, number, None) for number in (1, 2))
    assert set(hidden["levels"]) == {None}
    assert "noise" in hidden["detail"]
    assert set(seen["levels"]) == {0.0}
    assert seen["detail"] == ""
