"""Plots one camera's scores over time, with the threshold and the alarms."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from framescout.errors import NotAvailableError
from framescout.timeline import format_clock
from query.events.detection import Detected, Watched

_SIZE = (1200, 320)
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 20, 40, 40
_MOST = 8.0  # scores beyond it are drawn at the edge
_INK, _GREY, _LINE, _ALARM, _SHADE = "#222222", "#b8b8b8", "#1f5fbf", "#c8321e", "#f8ded9"


def plot(detected: Detected, folder: Path) -> list[Path]:
    """Write a PNG for each camera into `folder`; return the paths.

    Raises:
        NotAvailableError: the folder can't be written to.
    """
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, watched in enumerate(detected.cameras, 1):
            name = re.sub(r"[^\w.-]+", "_", f"{detected.name}-{number:03d}-{Path(watched.camera).name}")
            written.append(folder / f"{name[:120]}.png")
            _draw(detected.name, watched).save(written[-1])
    except OSError as error:
        raise NotAvailableError(f"the pictures can't be written to {folder}: {error.strerror}") from error
    return written


def _draw(name: str, watched: Watched) -> Image.Image:
    image = Image.new("RGB", _SIZE, "white")
    draw = ImageDraw.Draw(image)
    edges = np.concatenate([[0.0], np.cumsum(watched.lengths)])
    total = max(float(edges[-1]), 1e-3)
    across = _LEFT + edges / total * (_SIZE[0] - _LEFT - _RIGHT)
    for first, last in watched.places:
        draw.rectangle((across[first], _TOP, max(across[last + 1], across[first] + 2), _SIZE[1] - _BOTTOM), fill=_SHADE)
    _curve(draw, across, watched.evidence, _GREY)
    _curve(draw, across, watched.scores, _LINE)
    zero = float(_height(np.zeros(1))[0])
    draw.line((_LEFT, zero, _SIZE[0] - _RIGHT, zero), fill=_ALARM)
    draw.text((8, zero - 6), "alarm", fill=_ALARM)
    camera = watched.camera.encode("ascii", "replace").decode()
    draw.text((_LEFT, 12), f"{name} at {camera}: {len(watched.alerts)} alerts; grey: without context", fill=_INK)
    for share in np.linspace(0, 1, 6):
        x = _LEFT + share * (_SIZE[0] - _LEFT - _RIGHT)
        draw.text((x - 20, _SIZE[1] - _BOTTOM + 10), format_clock(share * total), fill=_INK)
    return image


def _curve(draw: ImageDraw.ImageDraw, across: np.ndarray, scores: np.ndarray, colour: str) -> None:
    """A step a keyframe; where there are more keyframes than pixels, the highest of each pixel."""
    best = np.full(_SIZE[0] + 1, np.inf)
    np.minimum.at(best, across[:-1].astype(int), _height(scores))
    known = np.flatnonzero(np.isfinite(best)).tolist()
    ends = [*known[1:], float(across[-1])]
    steps = [(float(x), float(best[start])) for start, end in zip(known, ends, strict=True) for x in (start, end)]
    draw.line(steps, fill=colour, width=2)


def _height(scores: np.ndarray) -> np.ndarray:
    """Pixels from the top."""
    share = (np.clip(scores, -_MOST, _MOST) + _MOST) / (2 * _MOST)
    result: np.ndarray = _SIZE[1] - _BOTTOM - share * (_SIZE[1] - _TOP - _BOTTOM)
    return result
