"""What `framescout show` says of one video."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import framescout
from framescout.catalog import Catalog
from framescout.catalog.records import Alert, Labelling
from framescout.cli import main
from framescout.commands.show import _motion
from tests.framescout.catalog.make import make_indexed


@pytest.fixture
def kept(tmp_path: Path) -> Catalog:
    """A video of three keyframes with labels and an alert, and one beside it."""
    catalog = framescout.open(tmp_path / "kept")
    with catalog.writer() as writer:
        model = writer.model("toy", "print", 8)
        writer.activate(model)
        for name in ("cam02_20260214_221500", "b"):
            writer.commit_video(make_indexed(f"/{name}.mp4", count=3), model)
        with catalog.snapshot() as snapshot:
            first, second = (snapshot.space(model).span(video) for video in (1, 2))
        assert first
        assert second
        codes = np.array([0, 0, 1], np.uint8)
        labellings = [Labelling(1, first[0], codes), Labelling(2, second[0], 1 - codes)]
        writer.put_labels(model, "scene", "print", ("street", "shop"), labellings)
        alerts = [Alert(1, 1.0, 2.5, 2.0, first[0], 3.0, "yard"), Alert(2, 0.0, 1.0, 0.0, second[0], 1.0, None)]
        writer.put_alerts(model, "fighting", "print", alerts)
    return catalog


def test_everything_that_is_known_of_a_video_is_said(kept: Catalog) -> None:
    said = CliRunner().invoke(main, ["--catalog", str(kept.folder), "show", "cam02_20260214_221500.mp4"])
    assert said.exit_code == 0, said.output
    for line in (
        "model       toy: 3 keyframes (balanced)",
        "  labels    scene: street 67%, shop 33%",
        "  event     fighting 0:00:01.0 to 0:00:02.5 (yard)",
        "file        /cam02_20260214_221500.mp4",
        "  camera    cam02 (",
        "  recorded  2026-02-14 22:15:00+00:00 (",
    ):
        assert line in said.stdout
    assert said.stdout.count("event ") == 1
    as_before = CliRunner().invoke(main, ["--catalog", str(kept.folder), "status", "cam02_20260214_221500.mp4"])
    assert as_before.stdout == said.stdout


def test_the_document_holds_it_too(kept: Catalog) -> None:
    said = CliRunner().invoke(main, ["--catalog", str(kept.folder), "show", "2", "--json"])
    document = json.loads(said.stdout)
    assert document["models"] == [
        {
            "name": "toy",
            "density": "balanced",
            "keyframes": 3,
            "labels": {"scene": {"street": 1, "shop": 2}},
            "alerts": [{"event": "fighting", "start": 0.0, "end": 1.0, "context": None}],
        }
    ]
    assert document["partial"] is None
    assert document["frame_rate"] > 0


def test_a_video_that_is_not_there_is_a_sentence(kept: Catalog) -> None:
    said = CliRunner().invoke(main, ["--catalog", str(kept.folder), "show", "nowhere.mp4"])
    assert (said.exit_code, said.stdout) == (2, "")
    assert "there is no video 'nowhere.mp4' in the catalog" in said.stderr


@pytest.mark.parametrize(
    ("levels", "drawn"),
    [([0.0, 0.5, 1.0], "▁▅█"), ([None, 0.99], "▁█"), ([0.0] * 131 + [1.0], "▁" * 65 + "█")],
)
def test_motion_is_drawn_by_its_peaks(levels: list[float | None], drawn: str) -> None:
    assert _motion({"levels": levels, "detail": None}) == drawn
