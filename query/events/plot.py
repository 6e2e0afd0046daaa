"""Plots one camera's scores over time, with the threshold, the alarms and pictures of the best keyframes."""

from __future__ import annotations

import re
from datetime import tzinfo
from pathlib import Path

import numpy as np
from PIL import Image

from framescout.errors import NotAvailableError
from query.events.chart import GREY, LINE, MOST_PICTURES, Axis, Panel, counted, draw
from query.events.detection import Detected, Watched

_MOST = 8.0  # scores beyond it are drawn at the edge


def plot(detected: Detected, folder: Path, zone: tzinfo) -> list[Path]:
    """Write a PNG for each camera into `folder`; return the paths. `zone`: of the wall clock.

    Raises:
        NotAvailableError: the folder can't be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, watched in enumerate(detected.cameras, 1):
            name = re.sub(r"[^\w.-]+", "_", f"{detected.name}-{number:03d}-{Path(watched.camera).name}")
            written.append(folder / f"{name[:120]}.png")
            _draw(detected.name, watched, zone).save(written[-1])
    except OSError as error:
        raise NotAvailableError(f"the pictures can't be written to {folder}: {error.strerror}") from error
    return written


def axis_of(watched: Watched, zone: tzinfo) -> Axis:
    """The camera's footage from left to right."""
    return Axis(watched.videos, watched.video_of, watched.times, watched.lengths, zone)


def score_panel(watched: Watched, title: str, height: int = 300) -> Panel:
    """The score with and without context, the line from which on it is an alarm, and the alarms."""
    curves = [("without context", watched.evidence, GREY), ("score", watched.scores, LINE)]
    return Panel(title, height, curves, -_MOST, _MOST, (0.0, "alarm"), watched.places)


def best_keyframes(watched: Watched) -> list[int]:
    """The best keyframe of each alert, the surest first; without alerts the ones with the highest scores, apart."""
    peaks = [first + int(np.argmax(watched.scores[first : last + 1])) for first, last in watched.places]
    if not peaks:
        far, order = max(1, len(watched.scores) // (2 * MOST_PICTURES)), np.argsort(-watched.scores).tolist()
        for place in order[: 50 * MOST_PICTURES]:
            if all(abs(place - other) >= far for other in peaks):
                peaks.append(place)
    return sorted(peaks, key=lambda place: -watched.scores[place])[:MOST_PICTURES]


def _draw(name: str, watched: Watched, zone: tzinfo) -> Image.Image:
    title = f"{name} at {watched.camera}: {counted(len(watched.alerts))}"
    return draw(title, axis_of(watched, zone), [score_panel(watched, "alarms are red")], best_keyframes(watched))
