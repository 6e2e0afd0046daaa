"""The picture of an event's scores."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path

import numpy as np

from framescout.catalog.records import FileFacts, VideoFacts
from framescout.recording import Rules
from query.events.chart import Axis, Panel, draw
from tests.footage import make


def test_no_line_of_a_picture_crosses_a_title_or_the_names_of_curves(tmp_path: Path) -> None:
    video = make.numbered(tmp_path, "a.mp4")
    facts = VideoFacts(1, (FileFacts(str(video), False, {}, 4.0, Rules("UTC"), (None, None)),), 4.0)
    axis = Axis((facts,), np.zeros(5, int), np.arange(5.0), np.ones(5), UTC)
    names = ("what it looks like", "likeliest confusion", "what comes after it")
    curves = [(name * 2, np.linspace(0, 1, 5), "#1f5fbf") for name in names]
    panels = [Panel(title * 2, 100, curves, 0.0, 1.0) for title in ("what it looks like", "score")]
    without, with_pictures = (np.asarray(draw("x", axis, panels, best)) for best in ((), range(5)))
    higher = len(with_pictures) - len(without)
    assert higher > 0
    for top in (46, 46 + 130):
        row = without[top : top + 20]
        assert (row < 200).any(), "the row of a title"
        assert (with_pictures[top + higher : top + higher + 20] == row).all()
